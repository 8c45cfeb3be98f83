// The parts of the topic "addfd"; each has a file of its own.
#pragma once

#include <vector>

#include "conformance/scenario.h"

namespace sandgauge {

/// What is refused, and that the call can still be answered: addfd_refused.cc.
std::vector<Scenario> addfd_refusal_scenarios();
/// Requests that meet: addfd_pending.cc.
std::vector<Scenario> addfd_pending_scenarios();

}  // namespace sandgauge
