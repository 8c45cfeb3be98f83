// What the formats for people and for CI share: names, lines and groups of results.
//
//   for (const Group& suite : grouped(pointers(report), by_suite)) ...
//   totals_line({.passed = 2}) == "2 passed, 0 failed, 0 broken, 0 skipped"
//
// Every string that comes back is one printable line (escape.h, visible()). Nothing here fails.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/verdict.h"

namespace sandgauge {

/// Results with the same key, in the order of the report. Points into the report.
struct Group {
  std::string_view key;
  std::vector<const CaseResult*> results;
};
using Key = std::string_view (*)(const CaseResult&);

inline std::string_view by_id(const CaseResult& result) { return result.id; }
inline std::string_view by_suite(const CaseResult& result) { return result.suite; }
inline std::string_view by_subject(const CaseResult& result) { return result.subject; }
inline std::string_view by_action(const CaseResult& result) { return result.action; }
inline std::string_view by_reason(const CaseResult& result) { return result.verdict.reason; }

std::vector<const CaseResult*> pointers(const Report& report);
/// Groups in the order in which their keys first appear.
std::vector<Group> grouped(const std::vector<const CaseResult*>& results, Key key);

/// "sandgauge 0.1.0, Linux 6.1.0 x86_64, root".
std::string headline(const Report& report);
/// "exit: expected 2, observed 0".
std::string check_line(const Check& check);
/// The id; with --repeat the later ones say which: "uname/deny (iteration 2)".
std::string shown_id(const CaseResult& result);
/// "cases/uname.yaml:12"; empty if the case came from no file.
std::string shown_place(const Place& place);

/// The lines of texts that may hold several, each made visible().
std::vector<std::string> split_lines(const std::vector<std::string>& texts);

/// Everything known about a case that did not pass: title, reason, backend and probe, the unmet checks as
/// "exit: expected 2, observed 0", the facts, and the reproducer below a line of its own, indented by two spaces.
std::vector<std::string> detail_lines(const CaseResult& result);

Totals totals(const std::vector<const CaseResult*>& results);
/// "3 passed, 1 failed, 0 broken, 2 skipped".
std::string totals_line(const Totals& totals);
/// "9 mutants, 7 noticed, 2 survived"; ", 1 not run" follows when there are any.
std::string mutation_line(const MutationSummary& summary);
/// "uname/deny: ERRNO(EPERM) -> ALLOW".
std::string survivor_line(const Survivor& survivor);
/// What --mutate found, as the result of a case "sandgauge/mutation": FAIL if a mutant survived, SKIP if none could be
/// tried. Empty, or one.
std::vector<CaseResult> mutation_result(const Report& report);
/// "interrupted: 4 cases not run"; empty for a complete run.
std::string interrupted_line(const Report& report);

}  // namespace sandgauge
