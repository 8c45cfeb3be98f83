// The parts of the topic "vsyscall-vdso".
#pragma once

#include <vector>

#include "conformance/scenario.h"

namespace sandgauge {

/// The page at a fixed address: vsyscall.cc.
std::vector<Scenario> vsyscall_scenarios();
/// Calls that the kernel's shared object answers: vdso.cc.
std::vector<Scenario> vdso_scenarios();
/// Calls that go on after a stop: restart_syscall.cc.
std::vector<Scenario> restart_scenarios();
/// Calls that the kernel makes a program do for its own sake: uprobe.cc.
std::vector<Scenario> uprobe_scenarios();

}  // namespace sandgauge
