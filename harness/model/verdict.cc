#include "model/verdict.h"

namespace sandgauge {

std::string_view status_name(Status status) {
  switch (status) {
    case Status::pass: return "PASS";
    case Status::fail: return "FAIL";
    case Status::broken: return "BROKEN";
    case Status::skip: return "SKIP";
  }
  return "?";
}

std::string_view cause_name(Cause cause) {
  switch (cause) {
    case Cause::none: return "none";
    case Cause::expectation: return "expectation";
    case Cause::disagreement: return "disagreement";
    case Cause::deadline: return "deadline";
    case Cause::setup: return "setup";
    case Cause::probe: return "probe";
    case Cause::requirement: return "requirement";
    case Cause::outer_filter: return "outer-filter";
    case Cause::interrupted: return "interrupted";
    case Cause::harness: return "harness";
  }
  return "?";
}

Totals totals(const Report& report) {
  Totals sum;
  for (const CaseResult& result : report.results) {
    switch (result.verdict.status) {
      case Status::pass: ++sum.passed; break;
      case Status::fail: ++sum.failed; break;
      case Status::broken: ++sum.broken; break;
      case Status::skip: ++sum.skipped; break;
    }
  }
  return sum;
}

}  // namespace sandgauge
