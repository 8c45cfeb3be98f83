#include "app/bench_findings.h"

#include <algorithm>

#include "measure/summary.h"
#include "report/bench_report.h"

namespace sandgauge {
namespace {

constexpr std::size_t kNamed = 6;
constexpr std::uint64_t kShortest = 6;  // instructions of a filter that tests one argument of one call first

const BenchRow* measured(const Measurement& measurement, const std::string& id) {
  const BenchRow* row = measurement.row(id);
  return row != nullptr && row->problem.empty() ? row : nullptr;
}

/// The allowed calls that run the filter, by what it costs.
void misses(const Measurement& measurement, const Explanation& explanation, std::vector<std::string>& found) {
  const CostModel& model = measurement.model;
  if (!model.fitted) return;
  std::vector<const ExplainedCall*> calls;
  for (const ExplainedCall& call : explanation.calls) {
    if (call.costs.empty() || call.costs[0].bitmap_hit || call.abi != native_abi()) continue;
    const auto allow = [](Action action) { return action.kind == ActionKind::allow; };
    if (std::ranges::any_of(call.costs[0].actions, allow)) calls.push_back(&call);
  }
  std::ranges::stable_sort(calls, std::ranges::greater{}, [](const ExplainedCall* call) { return call->costs[0].most; });
  for (std::size_t i = 0; i < std::min(calls.size(), kNamed); ++i) {
    const CallCost& cost = calls[i]->costs[0];
    const double now = modelled(model, false, 1, cost.most);
    const BenchRow* row = measured(measurement, calls[i]->name + "/under the profile");
    std::string text = fmt::format("{} misses the bitmap: {}, {} instructions: {}", calls[i]->name, cost.bitmap_reason,
                                   cost.most, row != nullptr ? extra_words(*row) : nanoseconds(now, true) + " by the model");
    if (const double allowed = modelled(model, true, 1, 0) - now; allowed < 0)
      text += fmt::format("; allowed whatever its arguments: {} by the model", nanoseconds(allowed, true));
    const double first = modelled(model, false, 1, kShortest) - now;
    if (cost.most > 2 * kShortest && first < -measurement.floor)
      text += fmt::format("; tested first: {}", nanoseconds(first, true));
    found.push_back(text);
  }
  if (calls.size() > kNamed) found.push_back(fmt::format("{} more allowed calls miss the bitmap", calls.size() - kNamed));
}

/// What keeps the profile's own numbers from meaning what they seem to.
void deaths(const Measurement& measurement, std::vector<std::string>& found) {
  for (const WorkloadCost& workload : measurement.workload)
    if (!workload.deadly.empty())
      found.push_back(fmt::format("the workload does not survive the profile: {} end{} it; the total is of its other calls",
                                  fmt::join(workload.deadly, ", "), workload.deadly.size() == 1 ? "s" : ""));
  for (const WorkloadCost& workload : measurement.workload)
    if (!workload.unpriced.empty())
      found.push_back(fmt::format("the workload's total is too low: it needs what was not measured here: {}",
                                  fmt::join(workload.unpriced, ", ")));
  for (const BenchRow& row : measurement.rows)
    if (row.condition == "under the profile" && !row.problem.empty())
      found.push_back(fmt::format("{} has no time under the profile: {}", row.call, row.problem));
}

void standard(const Measurement& measurement, std::vector<std::string>& found) {
  const BenchRow* hit = measured(measurement, "getppid/allow-all x1");
  const BenchRow* deep = measured(measurement, "getppid/allow-all x16");
  if (hit != nullptr && !hit->below_floor)
    found.push_back(
        fmt::format("any filter at all costs a call {}, even if the bitmap answers{}", nanoseconds(hit->extra.median, true),
                    deep != nullptr ? fmt::format("; sixteen of them {}", nanoseconds(deep->extra.median, true)) : ""));
  if (measurement.model.fitted)
    found.push_back(fmt::format(
        "a call that misses the bitmap (an argument rule, any answer but ALLOW) adds {} for each filter and {:.2f} ns "
        "for each instruction",
        nanoseconds(measurement.model.per_filter.median, true), measurement.model.per_instruction.median));
  const BenchRow* one = measured(measurement, "getppid/300 rules and an argument rule, libseccomp:1");
  const BenchRow* two = measured(measurement, "getppid/300 rules and an argument rule, libseccomp:2");
  if (one != nullptr && two != nullptr)
    found.push_back(fmt::format("with 300 rules and an argument rule libseccomp's optimise level 1 costs {}, level 2 {}",
                                nanoseconds(one->extra.median, true), nanoseconds(two->extra.median, true)));
  for (const char* action : {"TRACE", "NOTIFY"}) {
    const BenchRow* same = measured(measurement, fmt::format("getppid/{}, same CPU", action));
    const BenchRow* other = measured(measurement, fmt::format("getppid/{}, another CPU", action));
    if (same != nullptr && other != nullptr)
      found.push_back(fmt::format("{} costs {} with the supervisor on the same CPU, {} on another one that is idle", action,
                                  nanoseconds(same->extra.median, true), nanoseconds(other->extra.median, true)));
  }
}

}  // namespace

std::vector<std::string> bench_findings(const Measurement& measurement, const Explanation& explanation) {
  std::vector<std::string> found;
  if (!measurement.invalid.empty()) return found;
  deaths(measurement, found);
  misses(measurement, explanation, found);
  if (explanation.calls.empty()) standard(measurement, found);
  return found;
}

}  // namespace sandgauge
