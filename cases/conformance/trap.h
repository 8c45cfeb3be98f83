// The part of the topic "trap" that has a file of its own.
#pragma once

#include <vector>

#include "conformance/scenario.h"

namespace sandgauge {

/// TRAP without a handler that can run: trap_deaths.cc.
std::vector<Scenario> trap_death_scenarios();

}  // namespace sandgauge
