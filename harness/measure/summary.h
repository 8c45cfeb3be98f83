// From samples to numbers: fills the rows of a Measurement, and says whether the run is to be trusted.
//
//   summarise(measurement, {plan.rows, plan.fitted}, rounds);
//   if (!measurement.invalid.empty()) ...        // a control that differs from its own twin
//
// No interval is narrower than what one run can tell (BenchRow::resolution): where the kernel has put code and data, and
// what else it has in hand, differs from run to run.
//
// A call's control is the same condition twice. Its interval is the noise floor of the call's rows. With k controls in a run
// each has an interval of 1 - 0.05/k, so that all together lie by chance once in twenty runs.
#pragma once

#include <span>

#include "measure/rounds.h"
#include "model/measurement.h"

namespace sandgauge {

/// measurement.rows are those of the plan, in the order of result.conditions; `fitted` are indices of rows for the cost
/// model.
void summarise(Measurement& measurement, std::span<const std::size_t> fitted, const RoundsResult& result);

/// What the model says that a call adds, in nanoseconds.
double modelled(const CostModel& model, bool bitmap_hit, int filters, std::uint64_t instructions);

}  // namespace sandgauge
