// The witnesses of findings, put to the running kernel without carrying out a single one of them.
//
// The profile's filter is loaded into a child with every answer replaced by an errno of its own, also ALLOW: the kernel runs
// the filter as it would, and the errno says which answer it came to. So a witness can be reboot(2).
#pragma once

#include <vector>

#include "base/result.h"
#include "model/finding.h"
#include "policy/profile.h"

namespace sandgauge {

/// Sets LintFinding::live of each finding with a witness that can be made here. Fails where the filter cannot be made or
/// loaded.
Result<void> ask_kernel(const Profile& profile, std::vector<LintFinding>& findings);

}  // namespace sandgauge
