// The part of the topic "trace" that has a file of its own.
#pragma once

#include <vector>

#include "conformance/scenario.h"

namespace sandgauge {

/// What a tracer may make of the call: trace_changes.cc.
std::vector<Scenario> trace_change_scenarios();

}  // namespace sandgauge
