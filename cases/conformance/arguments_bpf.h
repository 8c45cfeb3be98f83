// The parts of the topic "arguments-bpf" that have files of their own.
#pragma once

#include <vector>

#include "conformance/scenario.h"

namespace sandgauge {

/// Every comparison of classic BPF, on both halves of an argument: arguments_bpf_compare.cc.
std::vector<Scenario> comparison_scenarios();
/// Every operation of classic BPF, its memory and its registers: arguments_bpf_compute.cc.
std::vector<Scenario> computation_scenarios();

}  // namespace sandgauge
