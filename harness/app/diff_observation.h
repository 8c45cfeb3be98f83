// A profile held against what a program was seen to do.
#pragma once

#include "app/diff.h"
#include "model/observation.h"
#include "policy/profile.h"

namespace sandgauge {

/// Returns the process's exit code: 1 if something was seen that is not allowed, or is allowed and was not seen.
int diff_observation(const Profile& profile, const Observation& seen, const std::string& file, const DiffOptions& options);

}  // namespace sandgauge
