// Checks about calls: what stays open beside a call that is denied.
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "app/lint_subject.h"

namespace sandgauge {

/// mkdir denied and mkdirat open; openat's flags tested and openat2, whose flags no filter sees, open.
void lint_twins(const LintSubject& subject, std::vector<LintFinding>& findings);
/// A denied name that none of the profile's architectures has, and what does the same there: umount and umount2.
void lint_absent(const LintSubject& subject, std::vector<LintFinding>& findings);
/// A call that is denied and whose entry by another ABI is open: i386, x32, or all of them by the foreign action.
void lint_other_abis(const LintSubject& subject, std::vector<LintFinding>& findings);
/// i386's socketcall(2) and ipc(2), which do what the calls do that a rule denies or tests.
void lint_multiplexers(const LintSubject& subject, std::vector<LintFinding>& findings);
/// Calls that are denied, and that io_uring does without one.
void lint_io_uring(const LintSubject& subject, std::vector<LintFinding>& findings);
/// Calls that libc falls back from when they fail with ENOSYS, and only then.
void lint_fallbacks(const LintSubject& subject, std::vector<LintFinding>& findings);

/// "mkdir", "a and b", "a, b, ... and 3 more".
std::string joined_names(const std::vector<std::string>& names);
/// libc takes an older call where this one fails with ENOSYS.
bool has_fallback(std::string_view name);
constexpr bool tells_libc_to_fall_back(Action action) { return action == errno_action(ENOSYS); }

}  // namespace sandgauge
