#include "measure/choose_samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "measure/core_rate.h"
#include "measure/statistics.h"

namespace sandgauge::choose_samples_test {
namespace {

constexpr double kFull = 3000;

/// A condition and its baseline: `undisturbed` rounds at the core's full rate, and `disturbed` ones.
struct Scene {
  std::vector<Condition> conditions = std::vector<Condition>(2);
  RoundsResult result;
};

Scene scene(int undisturbed, int disturbed) {
  Scene made;
  made.conditions[1].baseline = 0;
  made.result.conditions.resize(2);
  for (ConditionResult& each : made.result.conditions)
    for (int round = 0; round < undisturbed + disturbed; ++round) {
      const bool quiet = round < undisturbed;
      each.samples.push_back(quiet ? 100 : std::nan(""));
      each.disturbed.push_back(quiet ? std::nan("") : 150);
      each.core.push_back(quiet ? kFull : 0);
    }
  return made;
}

TEST(ChooseSamplesTest, UndisturbedOnesCountAlone) {
  Scene made = scene(8, 24);
  choose_samples(made.conditions, made.result);
  EXPECT_EQ(made.result.undisturbed, 0.25);
  EXPECT_FALSE(made.result.conditions[1].all_count);
  EXPECT_EQ(taken(made.result.conditions[1].samples).size(), 8U);
}

TEST(ChooseSamplesTest, WithTooFewOfThemAllOfTheBlockCount) {
  Scene made = scene(8, 24);
  std::swap(made.result.conditions[1].samples[0], made.result.conditions[1].disturbed[0]);
  made.conditions.push_back({.block = 1});
  made.result.conditions.push_back(scene(8, 24).result.conditions[0]);
  choose_samples(made.conditions, made.result);
  for (const std::size_t index : {0U, 1U}) {
    EXPECT_TRUE(made.result.conditions[index].all_count);
    EXPECT_EQ(taken(made.result.conditions[index].samples).size(), 32U);
    EXPECT_EQ(taken(made.result.conditions[index].disturbed).size(), 0U);
  }
  EXPECT_FALSE(made.result.conditions[2].all_count);
}

TEST(ChooseSamplesTest, AShortRunWithoutDisturbanceIsNotCalledDisturbed) {
  Scene made = scene(3, 0);
  choose_samples(made.conditions, made.result);
  EXPECT_FALSE(made.result.conditions[0].all_count);
  EXPECT_EQ(made.result.undisturbed, 1);
}

TEST(ChooseSamplesTest, ARateThatWasLaterSurpassedWasNotFull) {
  Scene made = scene(10, 0);
  made.result.conditions[0].core[4] = kFull * 1.5;
  choose_samples(made.conditions, made.result);
  EXPECT_TRUE(std::isnan(made.result.conditions[0].samples[4]));
  EXPECT_EQ(made.result.conditions[0].disturbed[4], 100);
  EXPECT_EQ(taken(made.result.conditions[0].samples).size(), 9U);
}

TEST(CoreRateTest, ReadingsAreTimes) {
  EXPECT_GT(time_core(), 100);  // 16,000 additions
  EXPECT_GE(clock_cost(), 0);
  EXPECT_LT(clock_cost(), 1e6);
}

TEST(CoreRateTest, FullIsWithinAFewPercentOfTheLeast) {
  EXPECT_TRUE(at_full_rate(3000, 0));
  EXPECT_TRUE(at_full_rate(3000, 3000));
  EXPECT_TRUE(at_full_rate(3100, 3000));
  EXPECT_FALSE(at_full_rate(3200, 3000));
}

}  // namespace
}  // namespace sandgauge::choose_samples_test
