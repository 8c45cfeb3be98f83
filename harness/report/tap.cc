#include "report/tap.h"

#include <fmt/format.h>

#include "report/details.h"
#include "report/escape.h"

namespace sandgauge {
namespace {

/// A literal block rather than a list: the YAML reader of Perl's TAP::Harness takes a quoted list item such as "exit: 2"
/// for a mapping and gives up. It ends a block at an empty line, and YAML takes the first line's indentation for the
/// block's, so both are left out.
void add_block(std::string& text, std::string_view key, const std::vector<std::string>& lines) {
  std::string block;
  for (const std::string& line : lines) {
    const auto start = line.find_first_not_of(' ');
    if (start == std::string::npos) continue;
    block += fmt::format("    {}\n", visible(block.empty() ? line.substr(start) : line));
  }
  if (!block.empty()) text += fmt::format("  {}: |\n{}", key, block);
}

void add_field(std::string& text, std::string_view key, std::string_view value) {
  if (!value.empty()) text += fmt::format("  {}: {}\n", key, yaml_quoted(value));
}

/// The YAML block of a test point that is not ok.
std::string diagnostics(const CaseResult& result) {
  const Verdict& verdict = result.verdict;
  std::string text = "  ---\n";
  add_field(text, "message", fmt::format("{}: {}", status_name(verdict.status), verdict.reason));
  add_field(text, "cause", cause_name(verdict.cause));
  add_field(text, "title", result.title);
  add_field(text, "at", shown_place(result.place));
  add_field(text, "backend", result.backend);
  add_field(text, "probe", result.probe);
  std::vector<std::string> unmet;
  for (const Check& check : verdict.checks)
    if (!check.met) unmet.push_back(check_line(check));
  add_block(text, "unmet", unmet);
  add_block(text, "facts", result.facts);
  add_block(text, "reproduce", split_lines(result.reproducer));
  text += fmt::format("  duration_us: {}\n  ...\n", result.duration.count());
  return text;
}

std::string test_point(std::size_t number, const CaseResult& result) {
  const std::string name = tap_text(shown_id(result));
  switch (result.verdict.status) {
    case Status::pass: return fmt::format("ok {} - {}\n", number, name);
    case Status::skip: return fmt::format("ok {} - {} # SKIP {}\n", number, name, tap_text(result.verdict.reason));
    case Status::fail:
    case Status::broken: break;
  }
  return fmt::format("not ok {} - {}\n{}", number, name, diagnostics(result));
}

}  // namespace

std::string to_tap(const Report& report) {
  const std::vector<CaseResult> mutation = mutation_result(report);
  std::vector<const CaseResult*> results = pointers(report);
  for (const CaseResult& result : mutation) results.push_back(&result);
  const std::size_t planned = results.size() + report.not_run;

  std::string text = fmt::format("TAP version 13\n1..{}{}\n", planned, planned == 0 ? " # SKIP no cases" : "");
  text += fmt::format("# {}\n", headline(report));
  for (const std::string& note : report.notes) text += fmt::format("# note: {}\n", visible(note));
  for (std::size_t i = 0; i < results.size(); ++i) text += test_point(i + 1, *results[i]);
  text += fmt::format("# {}\n", totals_line(totals(report)));
  if (const std::string interrupted = interrupted_line(report); !interrupted.empty())
    text += fmt::format("Bail out! {}\n", interrupted);
  return text;
}

}  // namespace sandgauge
