// The parts of the topic "introspection" that have files of their own, and what they share.
#pragma once

#include <vector>

#include "conformance/scenario.h"

namespace sandgauge {

/// PTRACE_O_SUSPEND_SECCOMP: introspection_suspend.cc.
std::vector<Scenario> suspend_scenarios();
/// /proc/PID/status and prctl(2): introspection_status.cc.
std::vector<Scenario> status_scenarios();

/// Skips where the kernel lets nobody look into filters: built without CONFIG_CHECKPOINT_RESTORE, or this process is under
/// a filter or in a user namespace of its own.
void need_checkpoint(Stage& stage);
/// Gives up CAP_SYS_ADMIN, if this process has it.
void drop_sys_admin(Stage& stage);

}  // namespace sandgauge
