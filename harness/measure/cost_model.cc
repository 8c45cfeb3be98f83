#include "measure/cost_model.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "measure/statistics.h"

namespace sandgauge {
namespace {

constexpr std::size_t kResamples = 400;

double product(const std::array<double, 3>& x, const std::array<double, 3>& coefficients) {
  return x[0] * coefficients[0] + x[1] * coefficients[1] + x[2] * coefficients[2];
}

Interval interval_of(double fitted, std::vector<double> resampled) {
  constexpr double kTail = 0.025;
  return {fitted, quantile(resampled, kTail), quantile(resampled, 1 - kTail)};
}

}  // namespace

std::optional<std::array<double, 3>> least_squares(std::span<const std::array<double, 3>> x, std::span<const double> y) {
  // The normal equations, solved by elimination with the largest pivot; columns are scaled so that "zero" has a meaning.
  std::array<double, 3> scale{};
  for (const auto& row : x)
    for (std::size_t i = 0; i < 3; ++i) scale[i] = std::max(scale[i], std::abs(row[i]));
  double matrix[3][4]{};
  for (std::size_t row = 0; row < x.size(); ++row)
    for (std::size_t i = 0; i < 3; ++i) {
      if (scale[i] == 0) return std::nullopt;
      for (std::size_t j = 0; j < 3; ++j) matrix[i][j] += x[row][i] / scale[i] * x[row][j] / (scale[j] == 0 ? 1 : scale[j]);
      matrix[i][3] += x[row][i] / scale[i] * y[row];
    }
  constexpr double kSingular = 1e-9;
  for (std::size_t column = 0; column < 3; ++column) {
    std::size_t pivot = column;
    for (std::size_t row = column; row < 3; ++row)
      if (std::abs(matrix[row][column]) > std::abs(matrix[pivot][column])) pivot = row;
    if (std::abs(matrix[pivot][column]) < kSingular) return std::nullopt;
    std::swap(matrix[pivot], matrix[column]);
    for (std::size_t row = 0; row < 3; ++row) {
      if (row == column) continue;
      const double factor = matrix[row][column] / matrix[column][column];
      for (std::size_t i = column; i < 4; ++i) matrix[row][i] -= factor * matrix[column][i];
    }
  }
  std::array<double, 3> result{};
  for (std::size_t i = 0; i < 3; ++i) result[i] = matrix[i][3] / matrix[i][i] / scale[i];
  return result;
}

CostModel fit_costs(std::span<const CostRow> rows, std::uint64_t seed) {
  CostModel model;
  std::vector<std::array<double, 3>> x;
  std::vector<std::vector<double>> samples;
  std::vector<double> y;
  for (const CostRow& row : rows) {
    samples.push_back(taken(row.differences));
    if (samples.back().empty()) {
      samples.pop_back();
      continue;
    }
    x.push_back(row.times);
    y.push_back(median(samples.back()));
    model.residuals.push_back({row.id, y.back(), 0});
  }
  const auto fit = least_squares(x, y);
  if (!fit) return {};
  double squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    model.residuals[i].fitted = product(x[i], *fit);
    squares += (y[i] - model.residuals[i].fitted) * (y[i] - model.residuals[i].fitted);
  }
  model.rms = std::sqrt(squares / static_cast<double>(x.size()));

  std::mt19937_64 random(seed);
  std::array<std::vector<double>, 3> resampled;
  std::vector<double> drawn;
  for (std::size_t round = 0; round < kResamples; ++round) {
    for (std::size_t row = 0; row < samples.size(); ++row) {
      drawn.clear();
      for (std::size_t i = 0; i < samples[row].size(); ++i) drawn.push_back(samples[row][random() % samples[row].size()]);
      y[row] = median(drawn);
    }
    const auto again = least_squares(x, y);
    for (std::size_t i = 0; again && i < 3; ++i) resampled[i].push_back((*again)[i]);
  }
  model.fitted = true;
  model.entry = interval_of((*fit)[0], std::move(resampled[0]));
  model.per_filter = interval_of((*fit)[1], std::move(resampled[1]));
  model.per_instruction = interval_of((*fit)[2], std::move(resampled[2]));
  return model;
}

}  // namespace sandgauge
