#include "report/junit.h"

#include <fmt/format.h>

#include "report/details.h"
#include "report/escape.h"

namespace sandgauge {
namespace {

std::string seconds(std::chrono::microseconds duration) {
  return fmt::format("{:.6f}", std::chrono::duration<double>(duration).count());
}

std::string property(std::string_view name, std::string_view value) {
  return fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", name, xml_text(value));
}

std::string properties(const Report& report) {
  std::string text = "    <properties>\n";
  text += property("version", report.version);
  text += property("kernel", report.kernel);
  text += property("machine", report.machine);
  text += property("user", report.user);
  for (const std::string& note : report.notes) text += property("note", note);
  return text + "    </properties>\n";
}

std::string body(const CaseResult& result) {
  std::string text;
  if (const std::string place = shown_place(result.place); !place.empty()) text += place + "\n";
  for (const std::string& line : detail_lines(result)) text += line + "\n";
  return xml_text(text, true);
}

/// What stands inside a testcase; empty for PASS.
std::string verdict_element(const CaseResult& result) {
  const Verdict& verdict = result.verdict;
  if (verdict.status == Status::pass) return "";
  const std::string attributes =
      fmt::format("type=\"{}\" message=\"{}\"", cause_name(verdict.cause), xml_text(verdict.reason));
  if (verdict.status == Status::skip) return fmt::format("<skipped {}/>", attributes);
  const std::string_view element = verdict.status == Status::fail ? "failure" : "error";
  return fmt::format("<{} {}>{}</{}>", element, attributes, body(result), element);
}

std::string test_case(const CaseResult& result) {
  const std::string attributes = fmt::format("classname=\"{}\" name=\"{}\" time=\"{}\"", xml_text(result.suite),
                                             xml_text(shown_id(result)), seconds(result.duration));
  const std::string inside = verdict_element(result);
  if (inside.empty()) return fmt::format("    <testcase {}/>\n", attributes);
  return fmt::format("    <testcase {}>\n      {}\n    </testcase>\n", attributes, inside);
}

std::string counts(const Totals& sum) {
  return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\"", sum.passed + sum.failed + sum.broken + sum.skipped,
                     sum.failed, sum.broken);
}

std::string test_suite(const Report& report, const Group& suite) {
  const Totals sum = totals(suite.results);
  std::chrono::microseconds duration{0};
  for (const CaseResult* result : suite.results) duration += result->duration;
  std::string text = fmt::format("  <testsuite name=\"{}\" {} skipped=\"{}\" time=\"{}\"", xml_text(suite.key), counts(sum),
                                 sum.skipped, seconds(duration));
  if (!report.hostname.empty()) text += fmt::format(" hostname=\"{}\"", xml_text(report.hostname));
  if (!report.started.empty()) text += fmt::format(" timestamp=\"{}\"", xml_text(report.started));
  text += ">\n" + properties(report);
  for (const CaseResult* result : suite.results) text += test_case(*result);
  return text + "  </testsuite>\n";
}

/// What is said about the run as a whole, as results of its own: a reader of JUnit looks nowhere else.
std::vector<CaseResult> run_results(const Report& report) {
  std::vector<CaseResult> results = mutation_result(report);
  if (const std::string interrupted = interrupted_line(report); !interrupted.empty()) {
    CaseResult result{.id = "sandgauge/run", .suite = "sandgauge", .title = "Every case is run"};
    result.verdict = {Status::broken, Cause::interrupted, interrupted, {}};
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace

std::string to_junit(const Report& report) {
  const std::vector<CaseResult> of_run = run_results(report);
  std::vector<const CaseResult*> results = pointers(report);
  for (const CaseResult& result : of_run) results.push_back(&result);

  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  text += fmt::format("<testsuites name=\"sandgauge\" {} time=\"{}\">\n", counts(totals(results)), seconds(report.duration));
  for (const Group& suite : grouped(results, by_suite)) text += test_suite(report, suite);
  return text + "</testsuites>\n";
}

}  // namespace sandgauge
