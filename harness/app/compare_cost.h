// What each sandbox costs: on a call that it looks at, on one that it does not, and how that grows.
//
//   std::vector<SandboxCost> rows = measure_costs(folder, tools, interrupts);
//
// Each number is the least of several samples in pinned processes of their own (measure/sample.h): where the clock counts
// instructions, what a timer adds to some of them is left out. Before anything is timed, the call must have succeeded.
#pragma once

#include <string>
#include <vector>

#include "app/compare_sandboxes.h"
#include "lab/interrupts.h"
#include "model/comparison.h"

namespace sandgauge {

/// `folder` is empty, and is used up. Rows that cannot be had say why.
std::vector<SandboxCost> measure_costs(const std::string& folder, SandboxTools& tools, const Interrupts& interrupts);

}  // namespace sandgauge
