#include "base/machine_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>

namespace sandgauge::machine_lock_test {
namespace {

using namespace std::chrono_literals;
using Kind = MachineLock::Kind;

constexpr auto kPatience = 20s;  // other tests of this machine may hold it for a while

bool to_be_had(Kind kind) {
  MachineLock lock;
  return lock.take(kind, 30ms, -1);
}

/// What holds only while no other run of sandgauge is on this machine cannot be said here: that a lock IS to be had at once.
TEST(MachineLockTest, WhoIsAloneKeepsEverybodyOut) {
  MachineLock alone;
  ASSERT_TRUE(alone.take(Kind::alone, kPatience, -1));
  EXPECT_FALSE(to_be_had(Kind::shared));
  EXPECT_FALSE(to_be_had(Kind::alone));
}

TEST(MachineLockTest, ManyShareIt) {
  MachineLock first;
  ASSERT_TRUE(first.take(Kind::shared, kPatience, -1));
  MachineLock second;
  EXPECT_TRUE(second.take(Kind::shared, kPatience, -1));
  EXPECT_FALSE(to_be_had(Kind::alone));
}

TEST(MachineLockTest, ItGoesWithItsOwnerAlsoWhenAChildInheritedIt) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  auto alone = std::make_unique<MachineLock>();
  ASSERT_TRUE(alone->take(Kind::alone, kPatience, -1));
  const pid_t child = ::fork();
  if (child == 0) {
    char byte = 0;
    ::close(ends[1]);
    ::_exit(::read(ends[0], &byte, 1) == 0 ? 0 : 1);
  }
  alone.reset();
  MachineLock next;
  EXPECT_TRUE(next.take(Kind::shared, kPatience, -1));
  ::close(ends[1]);
  ::close(ends[0]);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(MachineLockTest, AnInterruptEndsTheWait) {
  MachineLock alone;
  ASSERT_TRUE(alone.take(Kind::alone, kPatience, -1));
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[1]);  // hung up
  MachineLock other;
  EXPECT_FALSE(other.take(Kind::shared, 1h, ends[0]));
  ::close(ends[0]);
}

}  // namespace
}  // namespace sandgauge::machine_lock_test
