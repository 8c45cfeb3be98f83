#include "measure/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace sandgauge::summary_test {
namespace {

using ::testing::HasSubstr;

struct Scene {
  Measurement measurement;
  RoundsResult result;
};

/// getppid without a filter, its control, and rows that cost so many nanoseconds more; with a noise that all share.
Scene scene(double control, const std::vector<double>& extras) {
  Scene made;
  made.measurement.rows = {{.id = "c/none", .call = "c"},
                           {.id = "c/A/A", .call = "c", .baseline = "c/none", .control = true}};
  std::vector<double> costs = {80, 80 + control};
  for (const double extra : extras) {
    made.measurement.rows.push_back(
        {.id = "c/" + std::to_string(costs.size()), .call = "c", .baseline = "c/none", .filters = 1});
    costs.push_back(80 + extra);
  }
  std::mt19937 random(3);
  std::normal_distribution<double> own(0, 1);
  std::exponential_distribution<double> weather(0.05);
  made.result.conditions.resize(costs.size());
  made.result.rounds = 100;
  for (int round = 0; round < 100; ++round) {
    const double shared = weather(random);
    for (std::size_t i = 0; i < costs.size(); ++i)
      made.result.conditions[i].samples.push_back(costs[i] + shared + own(random));
  }
  return made;
}

void run(Scene& made, std::vector<std::size_t> fitted = {}) { summarise(made.measurement, fitted, made.result); }

TEST(SummaryTest, ExtrasAreMediansOfPairedDifferences) {
  Scene made = scene(0, {9, 25});
  run(made);
  EXPECT_EQ(made.measurement.invalid, "");
  EXPECT_NEAR(made.measurement.rows[2].extra.median, 9, 0.5);
  EXPECT_TRUE(made.measurement.rows[2].extra.contains(9));
  // though the samples themselves are spread over 60 ns; the second part is what a run cannot tell
  EXPECT_LT(made.measurement.rows[2].extra.width(), 1.2 + 2 * 0.005 * made.measurement.rows[2].cost.median);
  EXPECT_LT(made.measurement.rows[2].p, 1e-9);
  EXPECT_NEAR(made.measurement.rows[3].ratio.median, 125.0 / 100, 0.1);
  EXPECT_FALSE(made.measurement.rows[2].below_floor);
  EXPECT_GT(made.measurement.floor, 0);
}

TEST(SummaryTest, RowsOfASharedCoreAreNamed) {
  Scene made = scene(0, {9});
  made.result.undisturbed = 0.25;
  for (ConditionResult& condition : made.result.conditions) condition.all_count = true;
  run(made);
  EXPECT_EQ(made.measurement.undisturbed_percent, 25);
  EXPECT_TRUE(made.measurement.rows[2].shared_core);
  ASSERT_EQ(made.measurement.notes.size(), 1U);
  EXPECT_THAT(made.measurement.notes[0], HasSubstr("the rows of c count all samples"));
}

TEST(SummaryTest, NoIntervalIsNarrowerThanWhatARunCanTell) {
  Scene made = scene(0, {20});
  made.measurement.rows[1].resolution = 0.001;
  made.measurement.rows[2].resolution = 0.01;
  const double costs[] = {80, 80.05, 100};
  for (std::size_t i = 0; i < 3; ++i) made.result.conditions[i].samples.assign(20, costs[i]);
  run(made);
  EXPECT_EQ(made.measurement.invalid, "");
  EXPECT_NEAR(made.measurement.rows[1].extra.width(), 2 * 0.001 * 80.05, 1e-9);
  EXPECT_NEAR(made.measurement.rows[2].extra.low, 20 - 1, 1e-9);
  EXPECT_NEAR(made.measurement.rows[2].extra.high, 20 + 1, 1e-9);
  EXPECT_NEAR(made.measurement.rows[2].cost.width(), 2, 1e-9);
  EXPECT_NEAR(made.measurement.rows[2].ratio.width(), 2 * 0.01 * 1.25, 1e-9);
}

TEST(SummaryTest, ARunWhoseControlDiffersFromItsTwinIsInvalid) {
  Scene made = scene(3, {9});
  run(made);
  EXPECT_THAT(made.measurement.invalid, HasSubstr("the A/A control of c differs from its own twin by "));
}

TEST(SummaryTest, AControlWithoutTimesMakesTheRunInvalid) {
  Scene made = scene(0, {9});
  made.result.conditions[1].problem = "x";
  run(made);
  EXPECT_THAT(made.measurement.invalid, HasSubstr("the control c/A/A has no times: x"));
}

TEST(SummaryTest, WhatCannotBeToldFromNothingIsBelowTheFloor) {
  Scene made = scene(0, {0.05, -0.05});
  run(made);
  EXPECT_TRUE(made.measurement.rows[2].below_floor);
  EXPECT_TRUE(made.measurement.rows[3].below_floor);
}

TEST(SummaryTest, ARowThatWasSeldomWantedHasNoTimes) {
  Scene made = scene(0, {9});
  for (int i = 0; i < 60; ++i) made.result.conditions[2].samples[static_cast<std::size_t>(i)] = std::nan("");
  made.result.conditions[2].unwanted = 60;
  run(made);
  EXPECT_THAT(made.measurement.rows[2].problem, HasSubstr("other work was on the CPUs in 60 of 100 rounds"));
}

TEST(SummaryTest, TheModelIsFittedToTheRowsThatWereNamed) {
  Scene made = scene(0, {9, 9 + 15 + 1, 9 + 60 + 4, 9 + 15 + 75});
  auto& rows = made.measurement.rows;
  rows[2].bitmap_hit = true;
  rows[3].instructions = 8;
  rows[4].filters = 4;
  rows[4].instructions = 32;
  rows[5].instructions = 600;
  run(made, {2, 3, 4, 5});
  ASSERT_TRUE(made.measurement.model.fitted);
  EXPECT_NEAR(made.measurement.model.per_instruction.median, 0.125, 0.01);
  EXPECT_NEAR(modelled(made.measurement.model, false, 1, 600), 99, 2);
  EXPECT_NEAR(modelled(made.measurement.model, true, 1, 600), 9, 1);
  EXPECT_EQ(modelled(made.measurement.model, false, 0, 0), 0);
}

}  // namespace
}  // namespace sandgauge::summary_test
