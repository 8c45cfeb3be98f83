// The parts of the topic "strict-mode" that have files of their own.
#pragma once

#include <vector>

#include "conformance/scenario.h"

namespace sandgauge {

/// The entries of other ABIs and the time-stamp counter: strict_mode_x86.cc.
std::vector<Scenario> strict_mode_x86_scenarios();

}  // namespace sandgauge
