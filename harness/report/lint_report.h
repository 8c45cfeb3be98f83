// Findings about a profile as text, JSON and SARIF.
//
//   profile.json:3:19: high: mkdir is denied (ERRNO(EPERM)), but mkdirat can do the same and is open [open-twin]
//       mkdirat(), x86_64: ALLOW
//   1 finding: 1 high
//
// SARIF is version 2.1.0 of the OASIS standard, as code hosts read it: high is an error, medium a warning, all else a note.
// Nothing here fails.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/finding.h"

namespace sandgauge {

std::string lint_text(std::string_view file, const std::vector<LintFinding>& findings);
std::string lint_json(std::string_view file, const std::vector<LintFinding>& findings, std::span<const LintCheck> checks);
/// `text` is the profile's, to count columns in.
std::string lint_sarif(std::string_view file, std::string_view text, const std::vector<LintFinding>& findings,
                       std::span<const LintCheck> checks);

}  // namespace sandgauge
