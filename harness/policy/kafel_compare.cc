#include "policy/kafel_compare.h"

namespace sandgauge {

Compare turned(Compare compare) {
  switch (compare) {
    case Compare::less: return Compare::greater;
    case Compare::less_or_equal: return Compare::greater_or_equal;
    case Compare::greater: return Compare::less;
    case Compare::greater_or_equal: return Compare::less_or_equal;
    default: return compare;
  }
}

Result<Condition> kafel_condition(const KafelOperand& side, Compare compare, std::uint64_t value, const KafelWord& place) {
  const std::uint8_t index = side.argument.index;
  if (side.masked) {
    if (compare != Compare::equal && compare != Compare::not_equal)
      return fail("bits compared with {}, expected == or !=", place.text);
    const std::uint64_t mask = side.argument.narrow ? side.number & 0xffffffff : side.number;
    const Condition same = test({index, Compare::masked_equal, value, mask});
    return compare == Compare::equal ? Result<Condition>(same) : opposite(same);
  }
  if (side.argument.narrow && value <= 0xffffffff) return low_word(index, compare, value);
  return test({index, compare, value});
}

}  // namespace sandgauge
