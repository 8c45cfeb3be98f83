#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "report/details.h"
#include "report/escape.h"
#include "report/grid.h"
#include "report/style.h"

namespace sandgauge {
namespace {

/// "a, b, c and 4 more".
std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kShown) text += fmt::format(" and {} more", names.size() - kShown);
  return text;
}

std::string heading(const Report& report) {
  std::string text = headline(report) + "\n";
  for (const std::string& note : report.notes) text += fmt::format("note: {}\n", visible(note));
  return text;
}

/// Tables stand apart from what is around them; single lines stand together.
std::string suites(const std::vector<const CaseResult*>& results, Style style, int columns) {
  if (results.empty()) return "no cases\n";
  std::string text;
  bool after_table = false;
  for (const Group& suite : grouped(results, by_suite)) {
    const bool is_table = has_grid(suite);
    if (!text.empty() && (is_table || after_table)) text += '\n';
    text += suite_grid(suite, style, columns);
    after_table = is_table;
  }
  return text;
}

std::string failure(const CaseResult& result, Style style) {
  const Status status = result.verdict.status;
  std::string text = fmt::format("{} {}", style.paint(status, status_name(status)), shown_id(result));
  const std::string place = shown_place(result.place);
  text += place.empty() ? "\n" : fmt::format(" ({})\n", place);
  for (const std::string& line : detail_lines(result)) text += fmt::format("  {}\n", line);
  return text;
}

std::string outcome_name(const Verdict& verdict) {
  const std::string_view status = status_name(verdict.status);
  return verdict.cause == Cause::none ? std::string(status) : fmt::format("{}/{}", status, cause_name(verdict.cause));
}

std::string differences(const std::vector<const CaseResult*>& results) {
  std::string text;
  for (const Group& group : grouped(results, by_id)) {
    std::map<std::string, std::vector<std::string>> iterations;
    for (const CaseResult* result : group.results)
      iterations[outcome_name(result->verdict)].push_back(fmt::format("{}", result->iteration));
    if (iterations.size() < 2) continue;
    std::string line;
    for (const auto& [outcome, numbers] : iterations)
      line += fmt::format("{}{} in {}", line.empty() ? "" : "; ", outcome, some_of(numbers));
    text += fmt::format("  {}: {}\n", visible(group.key), line);
  }
  return text.empty() ? "" : "Not the same in every iteration:\n" + text;
}

std::string skips(const std::vector<const CaseResult*>& results) {
  std::vector<const CaseResult*> skipped;
  std::ranges::copy_if(results, std::back_inserter(skipped),
                       [](const CaseResult* result) { return result->verdict.status == Status::skip; });
  std::string text;
  for (const Group& reason : grouped(skipped, by_reason)) {
    std::vector<std::string> ids;
    for (const Group& id : grouped(reason.results, by_id)) ids.push_back(visible(id.key));
    text += fmt::format("  {}: {} ({})\n", visible(reason.key), reason.results.size(), some_of(ids));
  }
  return text.empty() ? "" : "Skipped:\n" + text;
}

std::string mutation(const Report& report, Style style) {
  std::string text;
  for (const MutationSummary& summary : report.mutation) {
    text += mutation_line(summary) + "\n";
    for (const Survivor& survivor : summary.survivors)
      text += fmt::format("  {} {}\n", style.paint(Status::fail, "SURVIVED"), survivor_line(survivor));
  }
  return text;
}

std::string ending(const Report& report) {
  const std::string interrupted = interrupted_line(report);
  return (interrupted.empty() ? "" : interrupted + "\n") + totals_line(totals(report)) + "\n";
}

}  // namespace

std::string to_text(const Report& report, bool colour, int columns) {
  const Style style{colour};
  const std::vector<const CaseResult*> results = pointers(report);
  std::vector<std::string> sections{heading(report), suites(results, style, columns)};
  for (const CaseResult* result : results)
    if (result->verdict.status == Status::fail || result->verdict.status == Status::broken)
      sections.push_back(failure(*result, style));
  sections.push_back(differences(results));
  sections.push_back(skips(results));
  sections.push_back(mutation(report, style));
  sections.push_back(ending(report));

  std::erase(sections, "");
  return fmt::format("{}", fmt::join(sections, "\n"));
}

}  // namespace sandgauge
