// The parts of the topic "kill" that have files of their own.
#pragma once

#include <vector>

#include "conformance/scenario.h"

namespace sandgauge {

/// The core bit of the wait status: kill_core.cc.
std::vector<Scenario> kill_core_scenarios();
/// Return values and faults that act as KILL_PROCESS or KILL: kill_values.cc.
std::vector<Scenario> kill_value_scenarios();

}  // namespace sandgauge
