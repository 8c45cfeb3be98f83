// The process of a sample: everything between fork(2) and its end. Async-signal-safe throughout: after a filter is loaded
// even an exit may be denied, so what must reach the parent is stored in shared memory.
#pragma once

#include "measure/sample.h"

namespace sandgauge {

/// Runs the sample and ends the process.
[[noreturn]] void run_sample(const Specimen& specimen, const Stretches& stretches, SampleReport& report);

}  // namespace sandgauge
