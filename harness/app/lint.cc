#include "app/lint.h"

#include <algorithm>
#include <cstdio>
#include <tuple>

#include "app/command_line.h"
#include "app/complain.h"
#include "app/lint_calls.h"
#include "app/lint_catalog.h"
#include "app/lint_live.h"
#include "app/lint_rules.h"
#include "app/profile_input.h"
#include "policy/yaml_reader.h"
#include "report/lint_report.h"
#include "report/output.h"

namespace sandgauge {
namespace {

std::string render(const std::string& file, std::string_view text, const std::vector<LintFinding>& findings,
                   LintFormat format) {
  if (format == LintFormat::json) return lint_json(file, findings, lint_catalog());
  if (format == LintFormat::sarif) return lint_sarif(file, text, findings, lint_catalog());
  return lint_text(file, findings);
}

}  // namespace

Result<std::vector<LintFinding>> lint_profile(const Profile& profile, KernelVersion kernel) {
  const auto subject = LintSubject::of(profile);
  if (!subject) return fail(subject.error());
  std::vector<LintFinding> findings;
  lint_any_value(*subject, findings);
  lint_notes(*subject, findings);
  lint_actions(*subject, findings);
  lint_effect(*subject, findings);
  lint_halves(*subject, findings);
  lint_lower_words(*subject, findings);
  lint_twins(*subject, findings);
  lint_absent(*subject, findings);
  lint_other_abis(*subject, findings);
  lint_multiplexers(*subject, findings);
  lint_io_uring(*subject, findings);
  lint_fallbacks(*subject, findings);
  lint_known_names(*subject, kernel, findings);
  lint_libseccomp(*subject, findings);
  std::ranges::stable_sort(findings, [](const LintFinding& a, const LintFinding& b) {
    return std::tie(a.severity, a.line, a.column) < std::tie(b.severity, b.line, b.column);
  });
  // One rule of the file can have become several of the policy.
  const auto same = [](const LintFinding& a, const LintFinding& b) {
    return std::tie(a.check, a.line, a.column, a.message) == std::tie(b.check, b.line, b.column, b.message);
  };
  findings.erase(std::unique(findings.begin(), findings.end(), same), findings.end());
  return findings;
}

int lint(const LintOptions& options) {
  const auto text = read_text(options.input);
  if (!text) return complain(text.error().message, kExitUsage);
  auto profile = parse_profile(*text, shown_name(options.input), reading(options.read, options.input));
  if (!profile) return complain(profile.error().message, kExitUsage);
  if (auto recovered = recover_rules(*profile, options.read.context); !recovered)
    return complain(recovered.error().message, kExitUsage);
  for (const ProfileNote& note : profile->notes)
    if (note.about == ProfileNote::About::resolved) complain(in_place(*profile, note.place, note.text));
  auto findings = lint_profile(*profile, options.read.context.kernel);
  if (!findings) return complain(findings.error().message, kExitUsage);
  if (options.live) {
    if (auto asked = ask_kernel(*profile, *findings); !asked)
      return complain("--live: " + asked.error().message, kExitCouldNotRun);
  }
  if (auto done = write_report(options.output, render(profile->file, *text, *findings, options.format)); !done)
    return complain(done.error().message, kExitCouldNotRun);
  const bool found = std::ranges::any_of(*findings, [&](const LintFinding& finding) {
    return finding.severity <= options.fail_on || (finding.live && finding.live != finding.answer);
  });
  return found ? kExitMismatch : kExitAsExpected;
}

}  // namespace sandgauge
