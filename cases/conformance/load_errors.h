// The parts of the topic load-errors.
#pragma once

#include <vector>

#include "conformance/scenario.h"

namespace sandgauge {

/// Programs that the kernel refuses, and what those compute that it takes.
std::vector<Scenario> refused_program_scenarios();
std::vector<Scenario> computing_program_scenarios();
/// seccomp(2) and prctl(2) with wrong arguments, in a wrong order or mode.
std::vector<Scenario> seccomp_call_scenarios();
std::vector<Scenario> seccomp_mode_scenarios();

}  // namespace sandgauge
