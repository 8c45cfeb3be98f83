// Measurement: what `sandgauge bench` found, row by row, with everything that a reader needs to doubt it.
//
// A row is one call under one condition. Its `extra` is the median of the differences to its baseline row, each taken within
// one round. Times are nanoseconds per call; a lower bound below 0 is noise, not a gain.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "model/interval.h"

namespace sandgauge {

struct BenchRow {
  std::string id;         // "getppid/argument rule x4"
  std::string group;      // "calls", "install", "process", "policy"
  std::string call;       // "getppid"
  std::string condition;  // "argument rule x4"
  std::string baseline;   // the id of the row that it is held against; empty: its cost stands alone
  std::string placement;  // where a supervisor ran: "same CPU", "CPU 1"; usually empty
  std::string problem;    // why there is no time; empty if there is one
  std::string note;
  bool control = false;   // the baseline's own twin
  bool answered = false;  // the filter answers in the call's place: it is not made
  bool bitmap_hit = false;
  int filters = 0;                 // that are loaded
  std::uint64_t instructions = 0;  // that all of them execute for the call; 0 on a bitmap hit
  std::uint64_t batch = 0;         // calls per timed stretch
  std::vector<double> samples;     // by round; NaN where the round had none
  std::vector<double> disturbed;   // the same of samples that do not count: something else used the core
  Interval cost;                   // of the call under the condition
  Interval extra;                  // over the baseline
  Interval ratio{1, 1, 1};         // to the baseline
  double confidence = 0.95;
  double resolution = 0.005;  // of the row's own time: what one run cannot tell, to either side of each interval
  double p = 1;               // Wilcoxon's signed-rank test of the differences
  bool shared_core = false;   // all samples count: there were too few in which the core had nothing else to do
  bool below_floor = false;   // not told from nothing: |extra| within the control's interval, or an interval around 0
  bool operator==(const BenchRow&) const = default;
};

/// extra = entry + filters * per_filter + instructions * per_instruction, over the rows whose filters ran (or hit).
struct CostModel {
  struct Residual {
    std::string row;
    double measured = 0;
    double fitted = 0;
    bool operator==(const Residual&) const = default;
  };
  bool fitted = false;
  Interval entry;  // any filter at all, even if the bitmap answers
  Interval per_filter;
  Interval per_instruction;
  double rms = 0;  // of the residuals
  std::vector<Residual> residuals;
  bool operator==(const CostModel&) const = default;
};

/// What a workload's calls would cost under a policy, in seconds.
struct WorkloadCost {
  struct Call {
    std::string name;
    std::uint64_t count = 0;
    std::string how;  // "bitmap hit", "argument rule, 212 instructions", "NOTIFY, ...; supervisor on the same CPU", ...
    double seconds = 0;
    bool operator==(const Call&) const = default;
  };
  std::string source;
  std::uint64_t calls = 0;
  double entry = 0;
  double misses = 0;
  double instructions = 0;
  double trips = 0;  // to signal handlers, to supervisors on the same CPU, and log records
  double low = 0;    // of the total, by the intervals of the coefficients
  double high = 0;
  std::vector<Call> by_call;          // the most expensive first
  std::vector<std::string> unknown;   // names in the table that are no calls
  std::vector<std::string> deadly;    // calls that the policy answers by ending the program: they have no price
  std::vector<std::string> unpriced;  // rows without times that the total would need: it is too low
  [[nodiscard]] double total() const { return entry + misses + instructions + trips; }
  bool operator==(const WorkloadCost&) const = default;
};

/// One call of a profile, as the model prices it.
struct StripCell {
  std::string name;
  std::int32_t number = 0;
  std::string decision;
  bool bitmap_hit = false;
  bool allowed = false;  // by some arguments at least
  std::uint64_t instructions = 0;
  double nanoseconds = 0;
  bool operator==(const StripCell&) const = default;
};

/// One row of this run against the same row of an older one: ratios to the baseline row of each.
struct GateRow {
  std::string row;
  double before = 0;
  double now = 0;
  Interval change;  // now / before - 1
  bool regression = false;
  bool operator==(const GateRow&) const = default;
};
struct Gate {
  std::string baseline;  // the file; empty: no gate
  double max_regression = 0.05;
  std::vector<GateRow> rows;
  std::vector<std::string> missing;  // rows of the older run that this one has no time for
  std::vector<std::string> notes;
  bool operator==(const Gate&) const = default;
};

struct Measurement {
  std::string version;
  std::string title;  // "the standard report", "profile.yaml"
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<std::string> findings;
  std::vector<std::string> notes;
  std::uint64_t seed = 0;
  int rounds = 0;
  double seconds = 0;
  double budget = 0;
  double steal_percent = 0;
  double undisturbed_percent = 100;  // of the samples: the core ran at its full rate
  std::uint64_t involuntary_switches = 0;
  bool interrupted = false;
  std::string invalid;  // why no number of this run is to be trusted; empty: it is valid
  double floor = 0;     // nanoseconds: the half-width that the control's interval has around 0
  std::vector<BenchRow> rows;
  CostModel model;
  std::vector<WorkloadCost> workload;  // none or one
  std::vector<StripCell> strip;        // of the profile, by number; empty in the standard report
  Gate gate;
  bool operator==(const Measurement&) const = default;
  /// null: there is no such row
  const BenchRow* row(const std::string& id) const {
    const auto found = std::ranges::find(rows, id, &BenchRow::id);
    return found != rows.end() ? &*found : nullptr;
  }
};

}  // namespace sandgauge
