// Checks about calls: what stays open beside a call that is denied.
#pragma once

#include <vector>

#include "app/lint_subject.h"

namespace sandgauge {

/// mkdir denied and mkdirat open; clone's flags tested and clone3, whose flags no filter sees, open.
void lint_twins(const LintSubject& subject, std::vector<LintFinding>& findings);
/// A call that is denied and whose entry by another ABI is open: i386, x32, or all of them by the foreign action.
void lint_other_abis(const LintSubject& subject, std::vector<LintFinding>& findings);
/// i386's socketcall(2) and ipc(2), which do what the calls do that a rule denies or tests.
void lint_multiplexers(const LintSubject& subject, std::vector<LintFinding>& findings);
/// Calls that are denied, and that io_uring does without one.
void lint_io_uring(const LintSubject& subject, std::vector<LintFinding>& findings);
/// Calls that libc falls back from when they fail with ENOSYS, and only then.
void lint_fallbacks(const LintSubject& subject, std::vector<LintFinding>& findings);

}  // namespace sandgauge
