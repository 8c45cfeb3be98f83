// The topics of the conformance suite that are written in C++.
#pragma once

#include <vector>

#include "model/case.h"

namespace sandgauge {

/// Every scenario of every topic.
std::vector<Case> conformance_cases();

// One function for each topic, in <topic>.cc.
std::vector<Case> abi_cases();
std::vector<Case> addfd_cases();
std::vector<Case> arguments_bpf_cases();
std::vector<Case> errno_cases();
std::vector<Case> inheritance_cases();
std::vector<Case> introspection_cases();
std::vector<Case> kill_cases();
std::vector<Case> limits_cases();
std::vector<Case> load_errors_cases();
std::vector<Case> log_audit_cases();
std::vector<Case> nnp_cases();
std::vector<Case> notify_cases();
std::vector<Case> precedence_cases();
std::vector<Case> strict_mode_cases();
std::vector<Case> trace_cases();
std::vector<Case> trap_cases();
std::vector<Case> tsync_cases();
std::vector<Case> vsyscall_vdso_cases();

}  // namespace sandgauge
