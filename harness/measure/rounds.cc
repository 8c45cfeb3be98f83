#include "measure/rounds.h"

#include <sched.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <random>

#include "measure/choose_samples.h"
#include "measure/statistics.h"

namespace sandgauge {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kNotTaken = std::numeric_limits<double>::quiet_NaN();
constexpr int kCallStretches = 9;
constexpr int kProcessStretches = 3;
constexpr double kStretch = 80'000;  // nanoseconds
constexpr int kTries = 3;            // as many stretches as are wanted may be disturbed twice over

int stretches_of(const Condition& condition) {
  return condition.specimen.work == Work::calls ? kCallStretches : kProcessStretches;
}

/// Real-time priority for the process that starts the samples, while it lives: else other processes keep it waiting for
/// milliseconds between two of them. Has no effect where that is not allowed.
class FirstInLine {
 public:
  FirstInLine() {
    const sched_param first{.sched_priority = 1};
    raised_ = ::sched_getscheduler(0) == SCHED_OTHER && ::sched_setscheduler(0, SCHED_FIFO, &first) == 0;
  }
  FirstInLine(const FirstInLine&) = delete;
  FirstInLine& operator=(const FirstInLine&) = delete;
  ~FirstInLine() {
    const sched_param usual{.sched_priority = 0};
    if (raised_) ::sched_setscheduler(0, SCHED_OTHER, &usual);
  }

 private:
  bool raised_ = false;
};

class Rounds {
 public:
  Rounds(std::span<const Condition> conditions, const RoundsOptions& options, Sampler sampler)
      : conditions_(conditions), options_(options), sampler_(std::move(sampler)), random_(options.seed) {
    result_.conditions.resize(conditions.size());
    using std::chrono::microseconds;
    constexpr std::size_t kPatientRounds = 60;  // that are within the budget though the core is never undisturbed
    const auto share = std::chrono::duration_cast<microseconds>(options.budget) /
                       static_cast<microseconds::rep>(kPatientRounds * std::max<std::size_t>(conditions.size(), 1));
    patience_ = std::clamp(share, microseconds(1000), microseconds(20'000));
  }

  Result<RoundsResult> run(const std::function<void(const RoundsProgress&)>& progress) {
    const FirstInLine priority;
    const auto start = Clock::now();
    for (std::size_t i = 0; i < conditions_.size() && !stopped(); ++i)
      if (auto tried = calibrate(i); !tried) return fail(tried.error());
    RoundsProgress now{.all = conditions_.size()};
    while (!stopped() && result_.rounds < options_.most_rounds) {
      const std::chrono::duration<double> spent = Clock::now() - start;
      now.rounds = result_.rounds;
      now.seconds_left = std::max(0.0, std::chrono::duration<double>(options_.budget).count() - spent.count());
      if (progress) progress(now);
      if (now.seconds_left <= 0 && result_.rounds >= std::min(options_.needed_rounds, options_.most_rounds)) break;
      if (auto ran = round(); !ran) return fail(ran.error());
      constexpr int kBetweenLooks = 10;
      if (result_.rounds >= options_.least_rounds && result_.rounds % kBetweenLooks == 0) {
        now.narrow = narrow_ones();
        if (now.narrow == conditions_.size()) break;
      }
    }
    result_.interrupted = stopped();
    choose_samples(conditions_, result_);
    return std::move(result_);
  }

 private:
  bool stopped() const { return options_.stop != nullptr && options_.stop->load() != 0; }

  /// Verifies the outcome, and finds how many calls a stretch takes.
  Result<void> calibrate(std::size_t index) {
    const Condition& condition = conditions_[index];
    ConditionResult& result = result_.conditions[index];
    const bool calls = condition.specimen.work == Work::calls;
    const std::uint64_t most = std::max<std::uint64_t>(1, condition.most_calls / (kCallStretches + 2));
    double nanoseconds = 0;
    for (result.batch = 1;; result.batch *= 4) {
      auto sample = sampler_.take(condition.specimen, {.batch = result.batch, .stretches = 3, .patience = patience_});
      if (!sample) return fail(sample.error());
      result.problem = sample->problem;
      if (result.problem.empty() && condition.verify)
        if (const auto verified = condition.verify(*sample); !verified) result.problem = verified.error().message;
      if (!result.problem.empty() || !calls) return {};
      nanoseconds = std::max(1.0, std::ranges::min(sample->nanoseconds));
      if (nanoseconds * 4 * static_cast<double>(result.batch) > kStretch || result.batch * 4 > most) break;
    }
    result.batch = std::bit_floor(static_cast<std::uint64_t>(std::max(1.0, kStretch / nanoseconds)));
    // The baseline's own where it fits: what a stretch costs besides its calls is the same then.
    if (const auto baseline = condition.baseline; baseline && *baseline < index) {
      const std::uint64_t of_baseline = result_.conditions[*baseline].batch;
      if (result.batch * 4 >= of_baseline && result.batch <= of_baseline * 2) result.batch = of_baseline;
    }
    result.batch = std::min(result.batch, most);
    return {};
  }

  /// Blocks in shuffled order, and in each its conditions in shuffled order.
  std::vector<std::vector<std::size_t>> order() {
    std::map<int, std::vector<std::size_t>> blocks;
    for (std::size_t i = 0; i < conditions_.size(); ++i) blocks[conditions_[i].block].push_back(i);
    std::vector<std::vector<std::size_t>> shuffled;
    for (auto& [unused, block] : blocks) {
      std::shuffle(block.begin(), block.end(), random_);
      shuffled.push_back(std::move(block));
    }
    std::shuffle(shuffled.begin(), shuffled.end(), random_);
    return shuffled;
  }

  Result<void> round() {
    for (ConditionResult& result : result_.conditions)
      for (auto* values : {&result.samples, &result.disturbed, &result.core}) values->push_back(kNotTaken);
    ++result_.rounds;
    for (const std::vector<std::size_t>& block : order()) {
      for (const std::size_t index : block)
        if (auto taken = sample(index); !taken) return taken;
      // What was disturbed is taken again, still within the round; what others are held against, more than once.
      constexpr int kAgain = 3;
      for (int attempt = 0; attempt < kAgain; ++attempt)
        for (const std::size_t index : block) {
          const bool held_against = conditions_[index].specimen.confinements.empty();
          if (std::isnan(result_.conditions[index].disturbed.back()) || (attempt > 0 && !held_against)) continue;
          if (auto taken = sample(index); !taken) return taken;
        }
    }
    return {};
  }

  /// The condition's sample of this round.
  Result<void> sample(std::size_t index) {
    const Condition& condition = conditions_[index];
    ConditionResult& result = result_.conditions[index];
    if (stopped() || !result.problem.empty()) return {};
    if (condition.wanted_now && !condition.wanted_now()) {
      if (std::isnan(result.disturbed.back())) ++result.unwanted;  // else this round's first sample was
      return {};
    }
    auto sample = sampler_.take(condition.specimen, stretches_for(condition, result.batch));
    if (!sample) return fail(sample.error());
    result_.involuntary_switches += static_cast<std::uint64_t>(sample->involuntary_switches);
    if (sample->problem.empty() && condition.verify)
      if (const auto verified = condition.verify(*sample); !verified) result.problem = verified.error().message;
    if (!sample->problem.empty() || !result.problem.empty()) return {};
    // The median of the stretches: what interrupts one of nine does not count.
    result.disturbed.back() = kNotTaken;
    (sample->disturbed ? result.disturbed : result.samples).back() = median(sample->nanoseconds);
    result.core.back() = sample->core;
    return {};
  }

  Stretches stretches_for(const Condition& condition, std::uint64_t batch) const {
    const int wanted = stretches_of(condition);
    const auto most = static_cast<double>(condition.most_calls / std::max<std::uint64_t>(batch, 1));
    const int tries = static_cast<int>(std::clamp(most - 2, 1.0 * wanted, 1.0 * wanted * kTries));
    return {.batch = batch, .stretches = wanted, .patience = patience_, .tries = tries, .warm_up = (batch + 7) / 8};
  }

  std::size_t narrow_ones() {
    std::size_t narrow = 0;
    for (std::size_t i = 0; i < conditions_.size(); ++i) {
      const ConditionResult& result = result_.conditions[i];
      if (!result.problem.empty() || !conditions_[i].baseline) {
        ++narrow;
        continue;
      }
      const Interval interval =
          order_interval(paired_differences(result.samples, result_.conditions[*conditions_[i].baseline].samples));
      const double wanted = std::max(options_.wanted_nanoseconds, options_.wanted_width * std::abs(interval.median));
      const bool same = conditions_[i].specimen.confinements.empty() && conditions_[i].specimen.work == Work::calls;
      // A control that seems to differ is looked at for longer: one in twenty does so by chance.
      if (interval.width() <= wanted && (!same || interval.contains(0))) ++narrow;
    }
    return narrow;
  }

  std::span<const Condition> conditions_;
  RoundsOptions options_;
  Sampler sampler_;
  std::mt19937_64 random_;
  RoundsResult result_;
  std::chrono::microseconds patience_{0};
};

}  // namespace

std::vector<double> paired_differences(const std::vector<double>& samples, const std::vector<double>& baseline) {
  std::vector<double> differences(std::min(samples.size(), baseline.size()));
  for (std::size_t i = 0; i < differences.size(); ++i) differences[i] = samples[i] - baseline[i];
  return differences;
}

Interval order_interval(std::vector<double> samples) {
  std::erase_if(samples, [](double sample) { return std::isnan(sample); });
  if (samples.empty()) return {kNotTaken, kNotTaken, kNotTaken};
  std::ranges::sort(samples);
  // The ranks between which the median lies with 95%: n/2 -+ 1.96 sqrt(n)/2, by the normal approximation of the binomial.
  const auto size = static_cast<double>(samples.size());
  const double reach = 0.98 * std::sqrt(size);
  const auto low = static_cast<std::size_t>(std::max(0.0, std::floor(size / 2 - reach)));
  const auto high = static_cast<std::size_t>(std::min(size - 1, std::ceil(size / 2 + reach)));
  return {median(samples), samples[low], samples[high]};
}

Result<RoundsResult> run_rounds(std::span<const Condition> conditions, const RoundsOptions& options,
                                const std::function<void(const RoundsProgress&)>& progress) {
  auto sampler = Sampler::make();
  if (!sampler) return fail(sampler.error());
  return Rounds(conditions, options, *std::move(sampler)).run(progress);
}

}  // namespace sandgauge
