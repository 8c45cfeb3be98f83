// Checks about rules: those that do something else than they look, or nothing at all.
#pragma once

#include <vector>

#include "app/lint_subject.h"

namespace sandgauge {

/// What the reader of the file noticed: unknown names and keys, tests of which any is enough.
void lint_notes(const LintSubject& subject, std::vector<LintFinding>& findings);
/// Default ALLOW; NOTIFY and TRACE that nobody answers; ERRNO(0).
void lint_actions(const LintSubject& subject, std::vector<LintFinding>& findings);
/// Rules that never match, that others hide or contradict, that do what the default does; numbers that mean other calls on
/// other ABIs.
void lint_effect(const LintSubject& subject, std::vector<LintFinding>& findings);
/// Tests that the unused upper half of a 32-bit argument slips past, and tests of half of a 64-bit one.
void lint_halves(const LintSubject& subject, std::vector<LintFinding>& findings);
/// Filters that compare only the lower word of a 64-bit argument by its size.
void lint_lower_words(const LintSubject& subject, std::vector<LintFinding>& findings);
/// Rules that each let some values of an argument pass, and together all: "not 16" and "not 17". Before lint_notes().
void lint_any_value(const LintSubject& subject, std::vector<LintFinding>& findings);
/// Calls that the running kernel, or the libseccomp of this build, has no name for.
void lint_known_names(const LintSubject& subject, KernelVersion kernel, std::vector<LintFinding>& findings);
/// Where libseccomp's filter of the profile answers otherwise than the rules say.
void lint_libseccomp(const LintSubject& subject, std::vector<LintFinding>& findings);

}  // namespace sandgauge
