#include "measure/choose_samples.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "measure/core_rate.h"
#include "measure/statistics.h"

namespace sandgauge {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
/// Rounds in which a condition and its baseline are both undisturbed: of fewer, a control's exact interval is only the least
/// and the greatest difference.
constexpr std::size_t kNeededPairs = 8;

/// What was taken for the core's full rate may have been surpassed later.
void drop_slow_samples(RoundsResult& result) {
  double least = std::numeric_limits<double>::infinity();
  for (const ConditionResult& condition : result.conditions)
    for (const double reading : condition.core)
      if (reading > 0) least = std::min(least, reading);
  for (ConditionResult& condition : result.conditions)
    for (std::size_t i = 0; i < condition.samples.size(); ++i)
      if (!std::isnan(condition.samples[i]) && !at_full_rate(condition.core[i], least))
        condition.disturbed[i] = std::exchange(condition.samples[i], kNone);
}

bool enough_pairs(std::span<const Condition> conditions, const RoundsResult& result, std::size_t index) {
  const ConditionResult& condition = result.conditions[index];
  const ConditionResult& baseline = result.conditions[conditions[index].baseline.value_or(index)];
  return taken(paired_differences(condition.samples, baseline.samples)).size() >= kNeededPairs ||
         taken(condition.disturbed).empty();
}

}  // namespace

void choose_samples(std::span<const Condition> conditions, RoundsResult& result) {
  drop_slow_samples(result);
  std::size_t undisturbed = 0;
  std::size_t disturbed = 0;
  std::map<int, bool> enough;  // by block
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    undisturbed += taken(result.conditions[i].samples).size();
    disturbed += taken(result.conditions[i].disturbed).size();
    enough.try_emplace(conditions[i].block, true).first->second &= enough_pairs(conditions, result, i);
  }
  if (undisturbed + disturbed > 0)
    result.undisturbed = static_cast<double>(undisturbed) / static_cast<double>(undisturbed + disturbed);
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    ConditionResult& condition = result.conditions[i];
    if (enough[conditions[i].block]) continue;
    condition.all_count = true;
    for (std::size_t round = 0; round < condition.samples.size(); ++round)
      if (std::isnan(condition.samples[round])) condition.samples[round] = std::exchange(condition.disturbed[round], kNone);
  }
}

}  // namespace sandgauge
