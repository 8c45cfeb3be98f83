// What this kernel claims, advertises and really does for a sandbox.
//
//   Result<Machine> machine = inspect_machine();
//   for (const Capability& c : inspect_capabilities(*machine)) ...
//
// "works" is always an effect that a child has seen, never derived from a version or a configuration. What could not be
// tried is "untested" and says why. Every trial ends with its child; nothing is left behind. Nothing here fails.
#pragma once

#include <vector>

#include "kernel/machine.h"
#include "model/capability.h"

namespace sandgauge {

/// All capabilities, with nothing found yet: for lists and documentation.
std::vector<Capability> capability_catalogue();

/// Tries all of them, one after the other. The calling process has one thread.
std::vector<Capability> inspect_capabilities(const Machine& machine);

/// The column "claimed": what the configuration's `options` and the version `since` promise. With neither: Standing::none.
Finding claim(const Machine& machine, const std::vector<const char*>& options, KernelVersion since);

/// Why the columns differ, or why it was not tried; empty if there is nothing to explain.
std::string explain_difference(const Capability& capability);

}  // namespace sandgauge
