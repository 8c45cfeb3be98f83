// A run held against an older one: is a call slower, beyond what chance explains?
//
//   Result<Gate> gate = compare(now, before, 0.05);
//   if (any regression in gate->rows) return 1;
//
// Never by absolute times: each row is divided by its baseline row of the same run, and the two ratios are compared. A row
// is a regression only if the whole 95% interval of the change lies above the limit. Fails, naming what differs, for runs of
// different machines, for an older run that was not valid, and when no row is in both.
#pragma once

#include "base/result.h"
#include "model/measurement.h"

namespace sandgauge {

/// `max_regression` is relative: 0.05 allows 5%.
Result<Gate> compare(const Measurement& now, const Measurement& before, double max_regression);

/// "5%", "0.5%": 0 to 1000%. Returns 0.05, 0.005.
Result<double> parse_percent(std::string_view text);

}  // namespace sandgauge
