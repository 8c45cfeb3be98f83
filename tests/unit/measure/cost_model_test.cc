#include "measure/cost_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace sandgauge::cost_model_test {
namespace {

using Row = std::array<double, 3>;

TEST(CostModelTest, ExactDataGiveTheirCoefficients) {
  const std::vector<Row> x = {{1, 0, 0}, {1, 1, 4}, {1, 4, 16}, {1, 1, 300}};
  std::vector<double> y;
  for (const Row& row : x) y.push_back(9 + 15 * row[1] + 0.125 * row[2]);
  const auto fit = least_squares(x, y);
  ASSERT_TRUE(fit);
  EXPECT_NEAR((*fit)[0], 9, 1e-9);
  EXPECT_NEAR((*fit)[1], 15, 1e-9);
  EXPECT_NEAR((*fit)[2], 0.125, 1e-9);
}

/// A quadratic through five points, with residuals that no quadratic can explain.
TEST(CostModelTest, ResidualsThatAreOrthogonalToTheColumnsChangeNothing) {
  const std::vector<Row> x = {{1, 0, 0}, {1, 1, 1}, {1, 2, 4}, {1, 3, 9}, {1, 4, 16}};
  const double orthogonal[] = {-1, 2, 0, -2, 1};  // the cubic orthogonal polynomial of five points (Fisher and Yates)
  std::vector<double> y;
  for (std::size_t i = 0; i < 5; ++i) y.push_back(1 + 2 * x[i][1] + 3 * x[i][2] + orthogonal[i]);
  const auto fit = least_squares(x, y);
  ASSERT_TRUE(fit);
  EXPECT_NEAR((*fit)[0], 1, 1e-9);
  EXPECT_NEAR((*fit)[1], 2, 1e-9);
  EXPECT_NEAR((*fit)[2], 3, 1e-9);
}

TEST(CostModelTest, ColumnsThatDoNotDetermineItAreRefused) {
  const std::vector<Row> parallel = {{1, 1, 4}, {1, 2, 8}, {1, 3, 12}};
  EXPECT_FALSE(least_squares(parallel, std::vector<double>{1, 2, 3}));
  EXPECT_FALSE(least_squares(std::vector<Row>{{1, 0, 0}, {1, 0, 0}}, std::vector<double>{1, 2}));
  EXPECT_FALSE(least_squares({}, {}));
  EXPECT_FALSE(fit_costs({}).fitted);
}

TEST(CostModelTest, NoisyRowsGiveIntervalsAroundTheTruthAndTheirResiduals) {
  std::mt19937_64 random(4);
  std::normal_distribution<double> noise(0, 3);
  std::vector<CostRow> rows;
  for (const Row& times : {Row{1, 0, 0}, {1, 1, 4}, {1, 4, 16}, {1, 16, 64}, {1, 1, 300}, {1, 1, 600}}) {
    CostRow row{.id = "r", .times = times};
    for (int i = 0; i < 200; ++i) row.differences.push_back(9 + 15 * times[1] + 0.125 * times[2] + noise(random));
    row.differences.push_back(std::numeric_limits<double>::quiet_NaN());
    rows.push_back(row);
  }
  const CostModel model = fit_costs(rows);
  ASSERT_TRUE(model.fitted);
  EXPECT_NEAR(model.entry.median, 9, 1);
  EXPECT_NEAR(model.per_filter.median, 15, 0.3);
  EXPECT_NEAR(model.per_instruction.median, 0.125, 0.01);
  EXPECT_LT(model.entry.width(), 2);
  EXPECT_GT(model.entry.width(), 0.1);
  EXPECT_LT(model.rms, 1);
  ASSERT_EQ(model.residuals.size(), 6U);
  EXPECT_NEAR(model.residuals[4].fitted, 9 + 15 + 37.5, 2);
}

TEST(CostModelTest, ARowThatDoesNotFitShowsInItsResidual) {
  std::vector<CostRow> rows;
  for (const Row& times : {Row{1, 0, 0}, {1, 1, 4}, {1, 4, 16}, {1, 16, 64}, {1, 1, 300}})
    rows.push_back({.id = "r", .times = times, .differences = {9 + 15 * times[1] + 0.125 * times[2]}});
  rows.push_back({.id = "odd", .times = {1, 1, 4}, .differences = {100}});
  const CostModel model = fit_costs(rows);
  EXPECT_GT(model.rms, 10);
  EXPECT_GT(model.residuals.back().measured - model.residuals.back().fitted, 30);
}

}  // namespace
}  // namespace sandgauge::cost_model_test
