#include "measure/rounds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/syscall.h>

#include <cmath>
#include <random>

namespace sandgauge::rounds_test {
namespace {

using ::testing::HasSubstr;

int own_cpu() {
  cpu_set_t set;
  ::sched_getaffinity(0, sizeof set, &set);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) return cpu;
  return 0;
}

Condition getppid() {
  return {.specimen = {.calls = {{.number = SYS_getppid}}, .cpu = own_cpu(), .supervisor_cpu = own_cpu()}};
}

TEST(RoundsTest, EveryConditionHasASampleOfEveryRound) {
  std::vector<Condition> conditions = {getppid(), getppid(), getppid()};
  conditions[1].baseline = 0;
  conditions[2].block = 1;
  int calls = 0;
  const auto result = run_rounds(conditions, {.most_rounds = 4}, [&](const RoundsProgress&) { ++calls; });
  ASSERT_TRUE(result);
  EXPECT_EQ(result->rounds, 4);
  EXPECT_EQ(calls, 4);
  for (const ConditionResult& each : result->conditions) {
    EXPECT_EQ(each.problem, "");
    ASSERT_EQ(each.samples.size(), 4U);
    ASSERT_EQ(each.disturbed.size(), 4U);
    for (int round = 0; round < 4; ++round) EXPECT_NE(each.samples[round] > 0, each.disturbed[round] > 0);
    EXPECT_GT(each.batch, 10U);
  }
}

TEST(RoundsTest, ItEndsWhenTheBudgetIsUsedUpAndWhenItIsTold) {
  const std::vector<Condition> conditions = {getppid()};
  const auto spent = run_rounds(conditions, {.budget = std::chrono::milliseconds(0)}, {});
  EXPECT_EQ(spent->rounds, 7);
  const std::atomic<int> stop{2};
  const auto told = run_rounds(conditions, {.stop = &stop}, {});
  EXPECT_EQ(told->rounds, 0);
  EXPECT_TRUE(told->interrupted);
}

TEST(RoundsTest, ItEndsEarlyWhenAllIntervalsAreNarrow) {
  std::vector<Condition> conditions = {getppid(), getppid()};
  conditions[1].baseline = 0;
  conditions[1].verify = [](const Sample&) { return Result<void>(); };
  const auto result =
      run_rounds(conditions, {.budget = std::chrono::seconds(60), .most_rounds = 200, .wanted_nanoseconds = 1e12}, {});
  EXPECT_TRUE(result->rounds < 200 || result->undisturbed < 1);  // a disturbed control is looked at for longer
  EXPECT_GE(result->rounds, 21);
}

TEST(RoundsTest, AnOutcomeThatIsNotTheExpectedOneHasNoTimes) {
  std::vector<Condition> conditions = {getppid()};
  conditions[0].verify = [](const Sample&) -> Result<void> { return fail("returned 1, expected 2"); };
  const auto result = run_rounds(conditions, {.most_rounds = 2}, {});
  EXPECT_EQ(result->conditions[0].problem, "returned 1, expected 2");
  for (const double sample : result->conditions[0].samples) EXPECT_TRUE(std::isnan(sample));
}

TEST(RoundsTest, ACallThatFillsQueuesIsNotMadeTooOften) {
  std::vector<Condition> conditions = {getppid()};
  conditions[0].most_calls = 44;
  EXPECT_EQ(run_rounds(conditions, {.most_rounds = 1}, {})->conditions[0].batch, 4U);
}

TEST(RoundsTest, ARoundInWhichAConditionIsNotWantedHasNoSampleOfIt) {
  std::vector<Condition> conditions = {getppid()};
  int round = 0;
  conditions[0].wanted_now = [&round] { return round % 2 == 0; };
  const auto result =
      run_rounds(conditions, {.most_rounds = 4}, [&round](const RoundsProgress& now) { round = now.rounds; });
  EXPECT_EQ(result->conditions[0].unwanted, 2);
  EXPECT_FALSE(std::isnan(result->conditions[0].samples[0]) && std::isnan(result->conditions[0].disturbed[0]));
  EXPECT_TRUE(std::isnan(result->conditions[0].samples[1]));
  EXPECT_TRUE(std::isnan(result->conditions[0].disturbed[1]));
}

TEST(RoundsTest, ABatchIsAPowerOfTwoAndTheBaselinesOwn) {
  std::vector<Condition> conditions = {getppid(), getppid()};
  conditions[1].baseline = 0;
  const auto result = run_rounds(conditions, {.most_rounds = 1}, {});
  const std::uint64_t batch = result->conditions[0].batch;
  EXPECT_EQ(batch & (batch - 1), 0U);
  EXPECT_EQ(result->conditions[1].batch, batch);
}

TEST(RoundsTest, DifferencesArePairedByRound) {
  const double nan = std::nan("");
  const auto differences = paired_differences({5, nan, 9}, {2, 3, 4});
  EXPECT_EQ(differences[0], 3);
  EXPECT_TRUE(std::isnan(differences[1]));
  EXPECT_EQ(differences[2], 5);
}

TEST(RoundsTest, OrderStatisticsGiveAnIntervalThatHoldsTheMedian) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal(10, 3);
  int inside = 0;
  for (int trial = 0; trial < 1000; ++trial) {
    std::vector<double> samples;
    for (int i = 0; i < 60; ++i) samples.push_back(normal(random));
    if (order_interval(samples).contains(10)) ++inside;
  }
  EXPECT_NEAR(inside, 950, 30);
  EXPECT_TRUE(std::isnan(order_interval({}).median));
}

}  // namespace
}  // namespace sandgauge::rounds_test
