// Ending every descendant of this process.
//
// For a process that is a child subreaper (PR_SET_CHILD_SUBREAPER) and runs one case at a time: whatever a case leaves
// behind, daemons included, is reparented here, so all children that are left belong to the case.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <span>

#include "base/result.h"

namespace sandgauge {

/// Kills (SIGKILL) and reaps all children but those in `keep`, and those that become children when their parents die, until
/// there are none. Returns how many were still running. Costs one waitpid(2) when there are no children at all. Fails when
/// some are left at the deadline. Children in `keep` that have ended are reaped too.
Result<std::size_t> end_descendants(std::chrono::milliseconds deadline, std::span<const pid_t> keep = {});

}  // namespace sandgauge
