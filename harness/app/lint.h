// `sandgauge lint`: what is wrong with a profile.
#pragma once

#include <string>
#include <vector>

#include "model/finding.h"
#include "policy/format.h"

namespace sandgauge {

enum class LintFormat : std::uint8_t { text, json, sarif };

struct LintOptions {
  std::string input;
  ReadOptions read;
  bool live = false;
  Severity fail_on = Severity::medium;
  LintFormat format = LintFormat::text;
  std::string output = "-";
};

/// Every finding, the gravest first, then by place. Fails where a profile has no decisions.
Result<std::vector<LintFinding>> lint_profile(const Profile& profile, KernelVersion kernel);

/// Returns the process's exit code.
int lint(const LintOptions& options);

}  // namespace sandgauge
