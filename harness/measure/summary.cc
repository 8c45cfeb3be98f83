#include "measure/summary.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "measure/cost_model.h"
#include "measure/statistics.h"

namespace sandgauge {
namespace {

constexpr double kConfidence = 0.95;

Interval widened(const Interval& interval, double by) { return {interval.median, interval.low - by, interval.high + by}; }

void fill_row(BenchRow& row, const BenchRow* baseline, std::uint64_t seed) {
  const Interval cost = median_interval(taken(row.samples), row.confidence, 1000, seed);
  row.cost = widened(cost, cost.median * row.resolution);
  if (baseline == nullptr) return;
  const std::vector<double> differences = taken(paired_differences(row.samples, baseline->samples));
  if (differences.empty()) {
    row.problem =
        baseline->problem.empty() ? "no round has a sample of it and of its baseline" : "its baseline has no times";
    return;
  }
  row.extra = median_interval(differences, row.confidence, 2000, seed);
  if (row.control) {  // an interval that is too narrow would call a good run invalid
    const Interval exact = exact_median_interval(differences, row.confidence);
    row.extra = {row.extra.median, std::min(row.extra.low, exact.low), std::max(row.extra.high, exact.high)};
  }
  row.extra = widened(row.extra, std::max(row.cost.median, baseline->cost.median) * row.resolution);
  row.p = wilcoxon(differences).p;
  std::vector<double> over;
  std::vector<double> under;
  for (std::size_t i = 0; i < row.samples.size(); ++i) {
    if (std::isnan(row.samples[i]) || std::isnan(baseline->samples[i])) continue;
    over.push_back(row.samples[i]);
    under.push_back(baseline->samples[i]);
  }
  const Interval ratio = ratio_interval(over, under, row.confidence, 1000, seed);
  row.ratio = widened(ratio, ratio.median * row.resolution);
}

void judge_controls(Measurement& measurement) {
  for (const BenchRow& control : measurement.rows) {
    if (!control.control) continue;
    if (!control.problem.empty()) {
      measurement.invalid = fmt::format("the control {} has no times: {}", control.id, control.problem);
      return;
    }
    if (!control.extra.contains(0)) {
      measurement.invalid = fmt::format(
          "the A/A control of {} differs from its own twin by {:.3g} ns, {:.1f}% interval {:.3g} to {:.3g}, which "
          "excludes 0: the machine was too uneven for this run",
          control.call, control.extra.median, control.confidence * 100, control.extra.low, control.extra.high);
      return;
    }
  }
}

void note_shared_core(Measurement& measurement) {
  std::vector<std::string> calls;
  for (const BenchRow& row : measurement.rows)
    if (row.shared_core && row.problem.empty() && (calls.empty() || calls.back() != row.call)) calls.push_back(row.call);
  if (!calls.empty())
    measurement.notes.push_back(
        fmt::format("something else used the CPU's core nearly all the time: the rows of {} count all samples, and are "
                    "slower and wider than they would be on a quiet machine",
                    fmt::join(calls, ", ")));
}

void mark_noise(Measurement& measurement) {
  for (BenchRow& row : measurement.rows) {
    if (row.control || row.baseline.empty() || !row.problem.empty()) continue;
    double floor = 0;
    for (const BenchRow& control : measurement.rows)
      if (control.control && control.call == row.call && control.problem.empty())
        floor = std::max(std::abs(control.extra.low), std::abs(control.extra.high));
    // A call that happens cannot take less time for being filtered.
    const bool impossible = row.extra.median < 0 && !row.answered;
    row.below_floor = row.extra.contains(0) || std::abs(row.extra.median) <= floor || impossible;
  }
}

}  // namespace

double modelled(const CostModel& model, bool bitmap_hit, int filters, std::uint64_t instructions) {
  if (filters == 0) return 0;
  if (bitmap_hit) return model.entry.median;
  return model.entry.median + filters * model.per_filter.median +
         static_cast<double>(instructions) * model.per_instruction.median;
}

void summarise(Measurement& measurement, std::span<const std::size_t> fitted, const RoundsResult& result) {
  const auto controls = std::ranges::count(measurement.rows, true, &BenchRow::control);
  for (std::size_t i = 0; i < measurement.rows.size(); ++i) {
    BenchRow& row = measurement.rows[i];
    const ConditionResult& condition = result.conditions[i];
    row.problem = condition.problem;
    row.samples = condition.samples;
    row.disturbed = condition.disturbed;
    row.shared_core = condition.all_count;
    row.batch = condition.batch;
    row.confidence =
        row.control ? 1 - (1 - kConfidence) / static_cast<double>(std::max<std::ptrdiff_t>(controls, 1)) : kConfidence;
    const std::size_t rounds = taken(row.samples).size();
    if (row.problem.empty() && condition.unwanted > 0 && rounds * 2 < row.samples.size())
      row.problem = fmt::format("other work was on the CPUs in {} of {} rounds; this row needs the other CPU idle",
                                condition.unwanted, row.samples.size());
    if (row.problem.empty() && rounds == 0) row.problem = "no sample ended in time";
  }
  measurement.rounds = result.rounds;
  measurement.interrupted = result.interrupted;
  measurement.involuntary_switches = result.involuntary_switches;
  measurement.undisturbed_percent = result.undisturbed * 100;
  std::uint64_t seed = measurement.seed;
  for (BenchRow& row : measurement.rows)
    if (row.problem.empty()) fill_row(row, row.baseline.empty() ? nullptr : measurement.row(row.baseline), ++seed);
  note_shared_core(measurement);
  judge_controls(measurement);
  mark_noise(measurement);
  for (const BenchRow& row : measurement.rows)
    if (row.control && row.problem.empty()) {
      measurement.floor = std::max(std::abs(row.extra.low), std::abs(row.extra.high));
      break;  // the first call's: the cheapest
    }
  std::vector<CostRow> rows;
  for (const std::size_t index : fitted) {
    const BenchRow& row = measurement.rows[index];
    const BenchRow* baseline = measurement.row(row.baseline);
    if (!row.problem.empty() || baseline == nullptr) continue;
    const double filters = row.bitmap_hit ? 0 : row.filters;
    rows.push_back(
        {row.id, {1, filters, static_cast<double>(row.instructions)}, paired_differences(row.samples, baseline->samples)});
  }
  measurement.model = fit_costs(rows, measurement.seed);
}

}  // namespace sandgauge
