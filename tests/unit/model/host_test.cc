#include "model/host.h"

#include <gtest/gtest.h>

namespace sandgauge::host_test {
namespace {

TEST(KernelVersionTest, ComparesByNumbersNotByText) {
  EXPECT_LT((KernelVersion{5, 9}), (KernelVersion{5, 14}));
  EXPECT_LT((KernelVersion{5, 19}), (KernelVersion{6, 0}));
  EXPECT_EQ((KernelVersion{6, 1}), (KernelVersion{6, 1}));
}

TEST(KernelVersionTest, TheTextIsMajorAndMinor) { EXPECT_EQ(to_string(KernelVersion{6, 18}), "6.18"); }

}  // namespace
}  // namespace sandgauge::host_test
