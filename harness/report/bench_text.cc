#include <algorithm>
#include <cmath>

#include "report/bench_report.h"
#include "report/escape.h"
#include "report/table.h"

namespace sandgauge {
namespace {

using Row = std::vector<std::string>;

std::string remarks(const BenchRow& row) {
  std::string text;
  const auto add = [&text](const std::string& words) { text += (text.empty() ? "" : "; ") + words; };
  if (row.bitmap_hit) add("bitmap hit");
  if (!row.bitmap_hit && row.instructions > 0)
    add(fmt::format("{} BPF instruction{}", row.instructions, row.instructions == 1 ? "" : "s"));
  if (!row.placement.empty()) add(row.placement);
  if (!row.note.empty()) add(row.note);
  return visible(text);
}

std::string rows_text(const Measurement& measurement) {
  std::string text;
  for (std::size_t first = 0; first < measurement.rows.size();) {
    const std::string& call = measurement.rows[first].call;
    std::vector<Row> rows;
    std::size_t end = first;
    for (; end < measurement.rows.size() && measurement.rows[end].call == call; ++end) {
      const BenchRow& row = measurement.rows[end];
      const std::string cost = row.problem.empty() ? nanoseconds(row.cost.median) : "-";
      rows.push_back({visible(row.condition), cost, extra_words(row), remarks(row)});
    }
    text += fmt::format("\n{}\n{}", visible(call), text_table(rows));
    first = end;
  }
  return text;
}

std::string coefficient(const char* name, const Interval& interval) {
  return fmt::format("  {:<16} {:8.3f} ns  [{:.3f}, {:.3f}]\n", name, interval.median, interval.low, interval.high);
}

std::string model_text(const CostModel& model) {
  if (!model.fitted) return "";
  std::string text = "\nCost model: extra = entry + filters * a + instructions * b\n";
  text += coefficient("entry", model.entry) + coefficient("a, per filter", model.per_filter) +
          coefficient("b, per instruction", model.per_instruction);
  text += fmt::format("  residuals: rms {:.2f} ns\n", model.rms);
  std::vector<Row> rows;
  for (const CostModel::Residual& residual : model.residuals)
    rows.push_back({residual.row, fmt::format("measured {:.1f}", residual.measured),
                    fmt::format("fitted {:.1f}", residual.fitted),
                    fmt::format("{:+.1f}", residual.measured - residual.fitted)});
  return text + text_table(rows);
}

std::string workload_text(const WorkloadCost& workload) {
  std::string text =
      fmt::format("\nWorkload of {}: {} calls, {} more [{}, {}]\n", visible(workload.source), workload.calls,
                  nanoseconds(workload.total() * 1e9), nanoseconds(workload.low * 1e9), nanoseconds(workload.high * 1e9));
  for (const auto& [name, seconds] : {std::pair{"entry", workload.entry},
                                      {"bitmap misses", workload.misses},
                                      {"BPF instructions", workload.instructions},
                                      {"trips, same CPU", workload.trips}})
    text += fmt::format("  {:<17} {}\n", name, nanoseconds(seconds * 1e9));
  std::vector<Row> rows;
  constexpr std::size_t kShown = 15;
  for (std::size_t i = 0; i < std::min(kShown, workload.by_call.size()); ++i) {
    const WorkloadCost::Call& call = workload.by_call[i];
    rows.push_back({visible(call.name), fmt::format("{}", call.count), nanoseconds(call.seconds * 1e9), visible(call.how)});
  }
  text += text_table(rows);
  if (!workload.deadly.empty())
    text += fmt::format("  ends at these, so they are not counted: {}\n",
                        visible(fmt::format("{}", fmt::join(workload.deadly, ", "))));
  if (!workload.unpriced.empty())
    text += fmt::format("  too low: not measured here: {}\n", fmt::join(workload.unpriced, ", "));
  if (!workload.unknown.empty())
    text += fmt::format("  no calls of these names: {}\n", visible(fmt::format("{}", fmt::join(workload.unknown, ", "))));
  return text;
}

std::string gate_text(const Gate& gate) {
  if (gate.baseline.empty()) return "";
  std::string text = fmt::format("\nAgainst {}: a row fails if its whole interval is above +{:g}%\n", visible(gate.baseline),
                                 gate.max_regression * 100);
  for (const std::string& note : gate.notes) text += fmt::format("  note: {}\n", visible(note));
  std::vector<Row> rows;
  for (const GateRow& row : gate.rows)
    rows.push_back(
        {visible(row.row), fmt::format("was {:.3f}", row.before), fmt::format("is {:.3f}", row.now),
         fmt::format("{:+.1f}% [{:+.1f}, {:+.1f}]", row.change.median * 100, row.change.low * 100, row.change.high * 100),
         row.regression ? "REGRESSION" : ""});
  text += text_table(rows);
  for (const std::string& missing : gate.missing) text += fmt::format("  missing: {}\n", visible(missing));
  const auto worse = std::ranges::count(gate.rows, true, &GateRow::regression);
  return text +
         fmt::format("  rows compared: {}, regressions: {}, missing: {}\n", gate.rows.size(), worse, gate.missing.size());
}

}  // namespace

std::string nanoseconds(double value, bool sign) {
  if (!std::isfinite(value)) return "-";
  const double size = std::abs(value);
  const auto [scale, unit] = size < 999.5     ? std::pair{1.0, "ns"}
                             : size < 999.5e3 ? std::pair{1e3, "us"}
                             : size < 999.5e6 ? std::pair{1e6, "ms"}
                                              : std::pair{1e9, "s"};
  const double shown = value / scale;
  const int digits = std::abs(shown) < 9.995 ? 2 : std::abs(shown) < 99.95 ? 1 : 0;
  return sign ? fmt::format("{:+.{}f} {}", shown, digits, unit) : fmt::format("{:.{}f} {}", shown, digits, unit);
}

std::string extra_words(const BenchRow& row) {
  if (!row.problem.empty()) return "not measured: " + visible(row.problem);
  if (row.baseline.empty()) return fmt::format("[{}, {}]", nanoseconds(row.cost.low), nanoseconds(row.cost.high));
  const std::string interval = fmt::format("[{}, {}]", nanoseconds(row.extra.low, true), nanoseconds(row.extra.high, true));
  if (row.control) return fmt::format("{} {} noise floor", nanoseconds(row.extra.median, true), interval);
  // What costs less than nothing is noise, or a call that was not made.
  if (row.below_floor) return "below the noise floor " + interval;
  if (row.extra.high < 0)
    return fmt::format("{} less than the call itself, which is not made {}", nanoseconds(-row.extra.median), interval);
  return fmt::format("{} {}", nanoseconds(row.extra.median, true), interval);
}

std::string to_text(const Measurement& measurement) {
  std::string text = fmt::format("{}: {} rounds in {:.1f} s, seed {}\n", visible(measurement.title), measurement.rounds,
                                 measurement.seconds, measurement.seed);
  if (!measurement.invalid.empty()) text += fmt::format("INVALID: {}\n", visible(measurement.invalid));
  if (measurement.interrupted) text += "ended early: intervals are wider than they would have been\n";
  for (const std::string& note : measurement.notes) text += fmt::format("note: {}\n", visible(note));
  if (!measurement.findings.empty()) text += "\nFindings\n";
  for (const std::string& finding : measurement.findings) text += fmt::format("  - {}\n", visible(finding));
  for (const WorkloadCost& workload : measurement.workload) text += workload_text(workload);
  text += rows_text(measurement);
  text += model_text(measurement.model);
  text += "\nMachine\n";
  std::vector<Row> facts;
  for (const auto& [name, value] : measurement.environment) facts.push_back({visible(name), visible(value)});
  facts.push_back({"stolen time", fmt::format("{:.2f}%", measurement.steal_percent)});
  facts.push_back({"core undisturbed", fmt::format("in {:.0f}% of the samples", measurement.undisturbed_percent)});
  facts.push_back({"involuntary switches", fmt::format("{}", measurement.involuntary_switches)});
  text += text_table(facts);
  return text + gate_text(measurement.gate);
}

}  // namespace sandgauge
