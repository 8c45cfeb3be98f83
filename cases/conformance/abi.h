// The parts of the topic "abi" that have files of their own.
#pragma once

#include <vector>

#include "conformance/scenario.h"

namespace sandgauge {

/// int 0x80: abi_i386.cc.
std::vector<Scenario> abi_i386_scenarios();

}  // namespace sandgauge
