// The plots of a measurement as pieces of HTML: SVG drawn here, numbers beside it, nothing loaded from anywhere.
//
//   page += costs_plot(measurement, "getppid");
//
// Every mark has its numbers as data- attributes (data-row, data-median, data-low, data-high, in nanoseconds), so that a
// page can be held against the JSON of the same run. A plot without data is an empty string. Nothing here fails.
#pragma once

#include <string>
#include <string_view>

#include "model/measurement.h"

namespace sandgauge {

/// The rows of a call: what each adds, with its interval, on a logarithmic scale.
std::string costs_plot(const Measurement& measurement, std::string_view call);
/// What "NAME xN" rows of getppid add, against N.
std::string depth_plot(const Measurement& measurement);
/// What the fitted rows add, against their instructions, with the model's line.
std::string length_plot(const Measurement& measurement);
/// A cell for each call of a profile, as dark as it is expensive.
std::string heat_strip(const Measurement& measurement);

}  // namespace sandgauge
