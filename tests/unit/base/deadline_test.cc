#include "base/deadline.h"

#include <gtest/gtest.h>

namespace sandgauge::deadline_test {
namespace {

using std::chrono::milliseconds;

TEST(DeadlineTest, OneOfNoTimeHasPassed) {
  const Deadline deadline(milliseconds(0));
  EXPECT_TRUE(deadline.passed());
  EXPECT_EQ(deadline.poll_timeout(), 0);
}

TEST(DeadlineTest, OneInThePastAsksPollNotToWait) {
  const Deadline deadline(milliseconds(-5000));
  EXPECT_TRUE(deadline.passed());
  EXPECT_EQ(deadline.poll_timeout(), 0);  // a negative timeout would wait for ever
}

TEST(DeadlineTest, OneInTheFutureGivesTheTimeLeft) {
  const Deadline deadline(milliseconds(60'000));
  EXPECT_FALSE(deadline.passed());
  EXPECT_LE(deadline.poll_timeout(), 60'000);
  EXPECT_GT(deadline.poll_timeout(), 30'000);
}

TEST(DeadlineTest, TheLastPartOfAMillisecondIsRoundedUp) {
  const Deadline deadline(milliseconds(5));
  int timeout = 0;
  for (int last = 5; !deadline.passed(); last = timeout) {
    timeout = deadline.poll_timeout();
    EXPECT_LE(timeout, last);
    if (!deadline.passed()) {
      EXPECT_GE(timeout, 1);
    }
  }
  EXPECT_EQ(deadline.poll_timeout(), 0);
}

TEST(DeadlineTest, AFarOneDoesNotOverflowPollsInt) {
  EXPECT_EQ(Deadline(std::chrono::hours(24 * 365)).poll_timeout(), 1'000'000'000);
}

}  // namespace
}  // namespace sandgauge::deadline_test
