// Where this process is: parsers for what /proc and the CPU say of it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sandgauge {

/// "v1", "v2", "hybrid" or "none", from /proc/self/cgroup (cgroups(7)): the line "0::" is version 2's, "N:name:" are version
/// 1's. Fails on a line without two colons.
Result<std::string> cgroup_version(std::string_view text);

/// The hypervisor that the CPU names ("KVMKVMKVM", "TCGTCGTCGTCG"), "unnamed" if it has no name, empty if there is none.
std::string hypervisor();

/// True if it is seen that this process is not in the first user namespace, where the kernel's capable() looks.
bool in_another_user_namespace();

}  // namespace sandgauge
