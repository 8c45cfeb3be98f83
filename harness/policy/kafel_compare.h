// One comparison of Kafel's language as a condition.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "policy/conditions.h"
#include "policy/kafel_words.h"

namespace sandgauge {

/// Side of a comparison: a number, or an argument's bits.
struct KafelOperand {
  bool is_argument = false;
  KafelArgument argument;
  bool masked = false;
  std::uint64_t number = 0;  // or the mask
};

/// `value < argument` is `argument > value`.
Compare turned(Compare compare);

/// Fails for bits that are compared with anything but == and !=.
Result<Condition> kafel_condition(const KafelOperand& side, Compare compare, std::uint64_t value, const KafelWord& place);

}  // namespace sandgauge
