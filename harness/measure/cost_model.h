// What the rows of a measurement have in common: a fixed cost of any filter, one per filter that runs, one per instruction.
//
//   CostModel model = fit_costs(rows);
//   model.per_instruction.median == 0.13; model.rms == 0.9;
//
// Least squares on the rows of one call that are answered with ALLOW: bitmap hits have the fixed cost only. Intervals come
// from refitting to resampled rounds. Not fitted (`fitted` is false) without at least one hit and two misses that differ in
// filters and instructions.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "model/measurement.h"

namespace sandgauge {

/// Minimises the squares of the differences of x[i] * result and y[i]. Nothing if the columns of x do not determine it.
std::optional<std::array<double, 3>> least_squares(std::span<const std::array<double, 3>> x, std::span<const double> y);

/// One row of the fit: how often each of the three costs is in it, and its differences to the baseline by round.
struct CostRow {
  std::string id;
  std::array<double, 3> times{};  // {1, filters that run, instructions}
  std::vector<double> differences;
};
CostModel fit_costs(std::span<const CostRow> rows, std::uint64_t seed = 1);

}  // namespace sandgauge
