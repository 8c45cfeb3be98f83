// The parts of the topic "inheritance" that have files of their own.
#pragma once

#include <vector>

#include "conformance/scenario.h"

namespace sandgauge {

/// What execve(2) keeps: inheritance_exec.cc.
std::vector<Scenario> inheritance_exec_scenarios();

}  // namespace sandgauge
