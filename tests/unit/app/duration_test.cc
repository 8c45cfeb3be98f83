#include "app/duration.h"

#include <gtest/gtest.h>

namespace sandgauge::duration_test {
namespace {

using std::chrono::milliseconds;

TEST(DurationTest, EveryUnitIsRead) {
  EXPECT_EQ(*parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(*parse_duration("5s"), milliseconds(5'000));
  EXPECT_EQ(*parse_duration("2m"), milliseconds(120'000));
}

TEST(DurationTest, ANumberAloneMeansSeconds) {
  EXPECT_EQ(*parse_duration("5"), milliseconds(5'000));
  EXPECT_EQ(*parse_duration("2.5"), milliseconds(2'500));
}

TEST(DurationTest, PartsOfAMillisecondAreRounded) {
  EXPECT_EQ(*parse_duration("1.4ms"), milliseconds(1));
  EXPECT_EQ(*parse_duration("0.0016s"), milliseconds(2));
}

TEST(DurationTest, OneMillisecondAndOneDayAreTheLimits) {
  EXPECT_EQ(*parse_duration("1ms"), milliseconds(1));
  EXPECT_EQ(*parse_duration("1440m"), milliseconds(86'400'000));
  EXPECT_FALSE(parse_duration("0.9ms"));
  EXPECT_FALSE(parse_duration("86401s"));
}

TEST(DurationTest, AnotherTextIsRefused) {
  for (const std::string text : {"",   "s",   "ms",  "0",  "0s",  "-5s", "+5s",  " 5s",    "5 s",   "5S",
                                 "5h", "5ss", "5s5", "1d", "nan", "inf", "infs", "1e999s", "0x10s", "1,5s"}) {
    const auto duration = parse_duration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_EQ(duration.error().message, "expected a time such as 500ms, 5s or 2m, at most a day, found '" + text + "'");
  }
}

}  // namespace
}  // namespace sandgauge::duration_test
