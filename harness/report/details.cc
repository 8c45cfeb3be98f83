#include "report/details.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "report/escape.h"

namespace sandgauge {

std::vector<const CaseResult*> pointers(const Report& report) {
  std::vector<const CaseResult*> results;
  results.reserve(report.results.size());
  for (const CaseResult& result : report.results) results.push_back(&result);
  return results;
}

std::vector<Group> grouped(const std::vector<const CaseResult*>& results, Key key) {
  std::vector<Group> groups;
  std::map<std::string_view, std::size_t> positions;
  for (const CaseResult* result : results) {
    const auto [place, is_new] = positions.try_emplace(key(*result), groups.size());
    if (is_new) groups.push_back({place->first, {}});
    groups[place->second].results.push_back(result);
  }
  return groups;
}

std::string headline(const Report& report) {
  return visible(fmt::format("sandgauge {}, Linux {} {}, {}", report.version, report.kernel, report.machine, report.user));
}

std::string check_line(const Check& check) {
  return visible(fmt::format("{}: expected {}, observed {}", check.what, check.expected, check.observed));
}

std::string shown_id(const CaseResult& result) {
  if (result.iteration <= 1) return visible(result.id);
  return fmt::format("{} (iteration {})", visible(result.id), result.iteration);
}

std::string shown_place(const Place& place) {
  if (place.line <= 0) return visible(place.file);
  return fmt::format("{}:{}", visible(place.file), place.line);
}

std::vector<std::string> split_lines(const std::vector<std::string>& texts) {
  std::vector<std::string> lines;
  for (std::string_view rest : texts) {
    if (rest.ends_with('\n')) rest.remove_suffix(1);
    for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
      lines.push_back(visible(rest.substr(0, end)));
      rest.remove_prefix(end + 1);
    }
    lines.push_back(visible(rest));
  }
  return lines;
}

std::vector<std::string> detail_lines(const CaseResult& result) {
  std::vector<std::string> lines;
  if (!result.title.empty()) lines.push_back(visible(result.title));
  if (!result.verdict.reason.empty()) lines.push_back(visible(result.verdict.reason));
  const bool has_backend = !result.backend.empty() && result.backend != "-";
  if (has_backend || !result.probe.empty())
    lines.push_back(visible(fmt::format("backend {}, probe {}", result.backend, result.probe)));
  for (const Check& check : result.verdict.checks)
    if (const std::string line = check_line(check); !check.met && line != visible(result.verdict.reason))
      lines.push_back(line);
  for (const std::string& fact : result.facts) lines.push_back(visible(fact));
  if (!result.reproducer.empty()) lines.emplace_back("to reproduce:");
  for (const std::string& line : split_lines(result.reproducer)) lines.push_back("  " + line);
  return lines;
}

Totals totals(const std::vector<const CaseResult*>& results) {
  const auto count = [&results](Status status) {
    return static_cast<std::size_t>(
        std::ranges::count(results, status, [](const CaseResult* result) { return result->verdict.status; }));
  };
  return {count(Status::pass), count(Status::fail), count(Status::broken), count(Status::skip)};
}

std::string totals_line(const Totals& totals) {
  return fmt::format("{} passed, {} failed, {} broken, {} skipped", totals.passed, totals.failed, totals.broken,
                     totals.skipped);
}

std::string mutation_line(const MutationSummary& summary) {
  std::string line =
      fmt::format("{} mutants, {} noticed, {} survived", summary.mutants, summary.noticed, summary.survivors.size());
  if (summary.not_run > 0) line += fmt::format(", {} not run", summary.not_run);
  return line;
}

std::string survivor_line(const Survivor& survivor) {
  return visible(fmt::format("{}: {}", survivor.id, survivor.mutation));
}

std::vector<CaseResult> mutation_result(const Report& report) {
  std::vector<CaseResult> results;
  for (const MutationSummary& summary : report.mutation) {
    CaseResult result{.id = "sandgauge/mutation", .suite = "sandgauge", .title = "Every mutant is noticed"};
    result.verdict = {Status::pass, Cause::none, "", {}};
    if (summary.noticed == 0) result.verdict = {Status::skip, Cause::requirement, mutation_line(summary), {}};
    if (!summary.survivors.empty()) result.verdict = {Status::fail, Cause::expectation, mutation_line(summary), {}};
    for (const Survivor& survivor : summary.survivors) result.facts.push_back("survived: " + survivor_line(survivor));
    results.push_back(std::move(result));
  }
  return results;
}

std::string interrupted_line(const Report& report) {
  if (!report.interrupted && report.not_run == 0) return "";
  return fmt::format("interrupted: {} cases not run", report.not_run);
}

}  // namespace sandgauge
