// What a measurement comes to, in words.
//
//   bench_findings(measurement, explanation) ->
//     "futex misses the bitmap: argument rule, 212 instructions: +42 ns [+41 ns, +44 ns]; tested first: -25 ns"
//
// `explanation` is of the policy that was measured, or empty. Times are the fitted model's. Nothing is claimed of an invalid
// run.
#pragma once

#include <string>
#include <vector>

#include "model/explanation.h"
#include "model/measurement.h"

namespace sandgauge {

std::vector<std::string> bench_findings(const Measurement& measurement, const Explanation& explanation);

}  // namespace sandgauge
