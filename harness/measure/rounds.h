// Paired rounds: every condition once in each round, in an order that is shuffled anew, until the intervals are narrow or
// the time is used up.
//
//   std::vector<Condition> conditions = ...;                 // each says which other one it is held against
//   Result<RoundsResult> result = run_rounds(conditions, {.budget = 30s}, progress);
//   fill_statistics(rows, conditions, ...)
//
// Conditions of one block run after one another, so that a condition and its baseline are never far apart in time; the
// blocks of a round are shuffled too. Samples count in which the core ran at its full rate; where that hardly ever happens,
// all of a block's samples count, and the block is said to be disturbed. A condition that fails in its trial has no samples
// and says why. Fails where Sampler does.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "measure/sample.h"
#include "model/measurement.h"

namespace sandgauge {

struct Condition {
  Specimen specimen;
  int block = 0;
  std::optional<std::size_t> baseline;       // index of the condition that it is held against
  std::uint64_t most_calls = 1'000'000'000;  // in a sample: for calls that fill queues
  /// What the first calls must have come to; says what was seen instead.
  std::function<Result<void>(const Sample&)> verify;
  std::function<bool()> wanted_now;  // false: this round's sample would measure something else; unset: always
};

struct RoundsOptions {
  std::chrono::milliseconds budget{30'000};
  std::uint64_t seed = 1;
  int least_rounds = 21;  // before intervals may be found narrow enough
  int needed_rounds = 7;  // even beyond the budget: with fewer there are no intervals
  int most_rounds = 5000;
  double wanted_width = 0.02;              // of an interval of differences, relative to the cost
  double wanted_nanoseconds = 1.0;         // or absolute: whichever is wider
  const std::atomic<int>* stop = nullptr;  // a signal's number: end early
};

struct ConditionResult {
  std::string problem;  // why there are no samples
  std::uint64_t batch = 0;
  std::vector<double> samples;    // by round, nanoseconds per call; NaN: none in this round
  std::vector<double> disturbed;  // the same of samples that do not count
  std::vector<double> core;       // by round, the core's slowest reading around a sample that counts
  bool all_count = false;         // undisturbed samples were too few
  int unwanted = 0;               // rounds in which it was not wanted
};

struct RoundsResult {
  std::vector<ConditionResult> conditions;
  int rounds = 0;
  bool interrupted = false;
  std::uint64_t involuntary_switches = 0;
  double undisturbed = 1;  // the share of samples in which the core ran at its full rate
};

struct RoundsProgress {
  int rounds = 0;
  double seconds_left = 0;
  std::size_t narrow = 0;  // conditions whose interval is narrow enough
  std::size_t all = 0;
};

Result<RoundsResult> run_rounds(std::span<const Condition> conditions, const RoundsOptions& options,
                                const std::function<void(const RoundsProgress&)>& progress);

/// The differences to the baseline, round by round; NaN where either is missing.
std::vector<double> paired_differences(const std::vector<double>& samples, const std::vector<double>& baseline);

/// Distribution-free interval of a median, by order statistics: cheap enough to decide after a round whether to go on.
Interval order_interval(std::vector<double> samples);

}  // namespace sandgauge
