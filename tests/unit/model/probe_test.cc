#include "model/probe.h"

#include <gtest/gtest.h>

namespace sandgauge::probe_test {
namespace {

TEST(ProbeTest, WithoutWatchersItIsPlain) { EXPECT_EQ(to_string(Probe{}), "plain"); }

TEST(ProbeTest, EachWatcherHasItsName) {
  EXPECT_EQ(to_string(Probe{.handler = true}), "handler");
  EXPECT_EQ(to_string(Probe{.threads = true}), "threads");
  EXPECT_EQ(to_string(Probe{.tracer = true}), "tracer");
  EXPECT_EQ(to_string(Probe{.listener = true}), "listener");
  EXPECT_EQ(to_string(Probe{.audit = true}), "audit");
}

TEST(ProbeTest, SeveralWatchersAreJoined) {
  EXPECT_EQ(to_string(Probe{.handler = true, .threads = true, .audit = true}), "handler+threads+audit");
  EXPECT_EQ(to_string(Probe{.handler = true, .threads = true, .tracer = true, .listener = true, .audit = true}),
            "handler+threads+tracer+listener+audit");
}

}  // namespace
}  // namespace sandgauge::probe_test
