#include "report/capabilities_results.h"

#include <fmt/format.h>

#include <algorithm>

namespace sandgauge {
namespace {

CaseResult result_of(const Capability& one) {
  CaseResult result;
  result.id = one.id;
  result.suite = "check." + one.group;
  result.title = one.title;
  result.subject = one.id;
  result.action = std::string("-");
  const Finding& found = conclusion(one);
  if (found.standing == Standing::yes) {
    result.verdict = {Status::pass, Cause::none, "", {}};
  } else {
    result.verdict = {
        Status::skip, Cause::requirement, fmt::format("{}: {}", standing_name(found.standing), found.evidence), {}};
  }
  const auto add = [&result](const char* column, const Finding& finding) {
    if (finding.standing != Standing::none)
      result.facts.push_back(fmt::format("{} {}: {}", column, standing_name(finding.standing), finding.evidence));
  };
  add("claimed", one.claimed);
  add("advertised", one.advertised);
  add("works", one.works);
  if (!one.value.empty()) result.facts.push_back("value " + one.value);
  return result;
}

void make_failure(CaseResult& result, const std::string& reason) {
  const bool failed = result.verdict.status == Status::fail;
  result.verdict = {Status::fail, Cause::expectation, failed ? result.verdict.reason + "; " + reason : reason, {}};
}

}  // namespace

Report as_run(const CapabilityReport& report, const std::vector<std::string>& unmet, const std::vector<Drift>& drifts) {
  Report run;
  run.version = report.version;
  run.kernel = report.kernel;
  run.machine = report.machine;
  run.user = report.user;
  run.notes = report.notes;
  for (const Capability& one : report.capabilities) run.results.push_back(result_of(one));
  const auto named = [&run](const std::string& id) -> CaseResult& {
    const auto found = std::ranges::find(run.results, id, &CaseResult::id);
    if (found != run.results.end()) return *found;
    run.results.push_back({.id = id, .suite = "check.drift", .subject = id, .action = "-"});
    return run.results.back();
  };
  for (const std::string& id : unmet) {
    CaseResult& result = named(id);
    make_failure(result, "required, but " + result.verdict.reason);
  }
  for (const Drift& drift : drifts) make_failure(named(drift.id), drift.text);
  return run;
}

}  // namespace sandgauge
