// The policy report: what a user's profile costs its calls, and a workload.
//
//   Result<PolicyReport> report = read_policy_report(options);        // the profile, explained; the weights
//   Result<Plan> plan = policy_plan(*report, placement);
//   ... measure ...
//   finish_policy_report(*report, measurement);                       // the workload, by the fitted model
//
// Reading fails as the readers of profiles and of strace's table do.
#pragma once

#include <string>
#include <vector>

#include "app/bench.h"
#include "app/bench_plan.h"
#include "base/result.h"
#include "measure/strace_table.h"
#include "model/explanation.h"
#include "model/program.h"

namespace sandgauge {

struct PolicyReport {
  Program program;
  Explanation explanation;  // of this one program, for all calls
  std::vector<std::string> calls;
  std::vector<std::string> notes;
  std::string weights;  // the file
  std::vector<CallCount> counts;
};

Result<PolicyReport> read_policy_report(const BenchOptions& options);
Result<Plan> policy_plan(const PolicyReport& report, Placement placement);
void finish_policy_report(const PolicyReport& report, Measurement& measurement);

/// Pure: what the counts cost under the explained program. Names of no native call are in WorkloadCost::unknown.
WorkloadCost workload_cost(const Explanation& explanation, const std::vector<CallCount>& counts,
                           const Measurement& measurement);

/// Rows for handlers and supervisors, of the block that getppid's model rows began (bench_standard.cc).
void add_trip_rows(Planner& planner);

}  // namespace sandgauge
