// AppArmor, tried with a real profile: loaded, entered by change_onexec, its effects seen, and removed again.
//
//   machine.self_exec = {"/proc/self/exe", "check", "--confined-step"};
//   // That command calls confined_step(FOLDER), which tries one operation of each mediation class and prints its errno.
//
// The trial runs in a session of its own that goes on when its parent is killed, so that the profile is removed all the
// same.
#pragma once

#include <string>

#include "base/result.h"

namespace sandgauge {

/// One operation for each class that a profile can mediate; in this order they are tried and printed.
enum class MediationClass : int { file, network, capability, mount, signal, ptrace, userns };
inline constexpr int kMediationClasses = 7;

/// What a program that is confined tries: an operation of each class. Prints its label, then "CLASS ERRNO" lines, 0 for a
/// success. Leaves nothing behind. Returns an exit code.
int confined_step(const std::string& folder);

/// What confined_step() printed.
struct StepReport {
  std::string label;  // "unconfined", "sandgauge-check-1 (enforce)"
  int errors[kMediationClasses] = {};
};
/// Fails on another number of lines, and on a class or an errno that is none.
Result<StepReport> parse_step_report(const std::string& text);

/// The profile's text: it allows files but those named "denied" in the folder, and nothing that the other classes mediate.
std::string profile_text(const std::string& name, const std::string& folder);

}  // namespace sandgauge
