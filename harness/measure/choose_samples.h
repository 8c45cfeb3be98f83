// Which of a run's samples count.
//
//   choose_samples(conditions, result);     // once, when all rounds are over
//
// Those in which the core ran at its full rate, by the least reading of the whole run (measure/core_rate.h); the others are
// kept beside them, as disturbed. A block in which that leaves too few pairs counts all its samples, as it would on a
// machine whose core is always shared, or whose frequency never stays the same.
#pragma once

#include <span>

#include "measure/rounds.h"

namespace sandgauge {

/// Moves values between ConditionResult::samples and ::disturbed; sets ::all_count and RoundsResult::undisturbed.
void choose_samples(std::span<const Condition> conditions, RoundsResult& result);

}  // namespace sandgauge
