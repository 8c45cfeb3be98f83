#include "measure/gate.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "measure/statistics.h"

namespace sandgauge {
namespace {

std::string fact(const Measurement& run, std::string_view name) {
  for (const auto& [key, value] : run.environment)
    if (key == name) return value;
  return "unknown";
}

/// Rounds in which both rows have a sample.
std::pair<std::vector<double>, std::vector<double>> paired(const BenchRow& row, const BenchRow& baseline) {
  std::pair<std::vector<double>, std::vector<double>> both;
  for (std::size_t i = 0; i < std::min(row.samples.size(), baseline.samples.size()); ++i) {
    if (std::isnan(row.samples[i]) || std::isnan(baseline.samples[i])) continue;
    both.first.push_back(row.samples[i]);
    both.second.push_back(baseline.samples[i]);
  }
  return both;
}

/// Fewer rounds than a run of any budget has: a median of them says too little.
constexpr std::size_t kFewestRounds = 3;

/// Why a row has no ratio to its baseline row; empty if it has one.
std::string trouble_of(const Measurement& run, const BenchRow& row) {
  if (!row.problem.empty()) return row.problem;
  const BenchRow* baseline = run.row(row.baseline);
  if (baseline == nullptr) return "its baseline row is not there";
  const std::size_t rounds = paired(row, *baseline).first.size();
  return rounds < kFewestRounds ? fmt::format("it has samples of {} rounds, expected {} or more", rounds, kFewestRounds)
                                : "";
}

constexpr std::size_t kRatioResamples = 2000;

std::vector<double> ratios(const Measurement& run, const BenchRow& row, std::uint64_t seed) {
  const auto [over, under] = paired(row, *run.row(row.baseline));
  return ratio_resamples(over, under, kRatioResamples, seed);
}

double ratio(const Measurement& run, const BenchRow& row) {
  const auto [over, under] = paired(row, *run.row(row.baseline));
  return median(over) / median(under);
}

}  // namespace

Result<Gate> compare(const Measurement& now, const Measurement& before, double max_regression) {
  if (!before.invalid.empty()) return fail("the baseline is not a valid run: {}", before.invalid);
  for (const char* name : {"machine", "cpu", "cpus", "hypervisor"})
    if (fact(now, name) != fact(before, name))
      return fail("the baseline is of another machine: its {} is \"{}\", here it is \"{}\"", name, fact(before, name),
                  fact(now, name));
  Gate gate{.max_regression = max_regression};
  for (const char* name : {"kernel", "mitigations", "jit", "lsm", "files"})
    if (fact(now, name) != fact(before, name))
      gate.notes.push_back(fmt::format("{} differs: was \"{}\", is \"{}\"", name, fact(before, name), fact(now, name)));
  std::vector<std::string> unlike;
  for (const BenchRow& old : before.rows) {
    if (old.control || old.baseline.empty()) continue;
    if (!old.problem.empty()) {
      gate.notes.push_back(fmt::format("{} is not compared: it had no time in the baseline: {}", old.id, old.problem));
      continue;
    }
    const BenchRow* row = now.row(old.id);
    const std::string trouble_before = trouble_of(before, old);
    const std::string trouble = row == nullptr            ? "not in this run"
                                : !trouble_before.empty() ? "in the baseline: " + trouble_before
                                                          : trouble_of(now, *row);
    if (!trouble.empty()) {
      gate.missing.push_back(old.id + ": " + trouble);
      continue;
    }
    if (row->shared_core != old.shared_core) unlike.push_back(old.id);
    // Two independent runs: any resample of one may meet any of the other.
    const std::vector<double> new_ratios = ratios(now, *row, 1);
    const std::vector<double> old_ratios = ratios(before, old, 2);
    std::vector<double> changes(kRatioResamples);
    constexpr std::size_t kStride = 7919;  // a prime that does not divide kRatioResamples: a fixed shuffle
    for (std::size_t i = 0; i < kRatioResamples; ++i)
      changes[i] = new_ratios[i] / old_ratios[i * kStride % kRatioResamples] - 1;
    constexpr double kTail = 0.025;
    GateRow compared{.row = old.id, .before = ratio(before, old), .now = ratio(now, *row)};
    compared.change = {compared.now / compared.before - 1, quantile(changes, kTail), quantile(changes, 1 - kTail)};
    compared.regression = compared.change.low > max_regression;
    gate.rows.push_back(compared);
  }
  if (!unlike.empty())
    gate.notes.push_back(
        fmt::format("one of the runs had the CPU's core for itself, the other had not, for: {}", fmt::join(unlike, ", ")));
  std::vector<std::string> added;
  for (const BenchRow& row : now.rows)
    if (!row.control && !row.baseline.empty() && before.row(row.id) == nullptr) added.push_back(row.id);
  if (!added.empty()) gate.notes.push_back(fmt::format("not compared, not in the baseline: {}", fmt::join(added, ", ")));
  if (before.interrupted)
    gate.notes.emplace_back("the baseline ended early: its intervals are wider than they would have been");
  if (before.title != now.title)
    gate.notes.push_back(fmt::format("the baseline is of \"{}\", this run of \"{}\"", before.title, now.title));
  const bool any_common = std::ranges::any_of(
      now.rows, [&](const BenchRow& row) { return !row.baseline.empty() && before.row(row.id) != nullptr; });
  if (!any_common) return fail("no row of the baseline is in this run: it measured something else (\"{}\")", before.title);
  return gate;
}

Result<double> parse_percent(std::string_view text) {
  constexpr double kMost = 1000;
  std::string_view number = text;
  if (number.ends_with('%')) number.remove_suffix(1);
  double percent = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), percent);
  if (number.empty() || number == text || error != std::errc() || end != number.data() + number.size() ||
      !(percent >= 0 && percent <= kMost))
    return fail("expected a percentage from 0% to 1000% such as 5%, found '{}'", text);
  return percent / 100;
}

}  // namespace sandgauge
