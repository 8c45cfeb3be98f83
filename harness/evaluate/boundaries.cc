#include "evaluate/boundaries.h"

#include <algorithm>
#include <optional>

namespace sandgauge {
namespace {

constexpr std::uint64_t kHigh = 0xffffffff00000000;

}  // namespace

std::vector<std::uint64_t> boundaries(const ArgumentTest& test) {
  constexpr std::uint64_t kBit63 = std::uint64_t{1} << 63;
  const std::uint64_t value = test.value;
  std::vector<std::uint64_t> values = {value};
  for (const std::uint32_t more_high : {0U, 1U, ~0U}) {
    const std::uint64_t high = std::uint64_t{static_cast<std::uint32_t>(value >> 32) + more_high} << 32;
    for (const std::uint32_t more_low : {0U, 1U, ~0U})
      values.push_back(high | (static_cast<std::uint32_t>(value) + more_low));
  }
  for (const std::uint64_t more : {value - 1, value + 1, value | kHigh, value & kHigh, value | ~kHigh, value & ~kHigh,
                                   ~value, value ^ kBit63, std::uint64_t{0}, ~std::uint64_t{0}})
    values.push_back(more);
  if (test.compare != Compare::masked_equal) return values;
  const std::uint64_t mask = test.mask;
  const std::uint64_t lowest_bit = mask & (0 - mask);
  const std::uint64_t highest_bit = mask == 0 ? 0 : kBit63 >> __builtin_clzll(mask);
  for (const std::uint64_t base : {value, value | ~mask})
    for (const std::uint64_t flipped : {std::uint64_t{0}, lowest_bit, highest_bit, mask & kHigh, mask & ~kHigh})
      values.push_back(base ^ flipped);
  values.push_back(mask);
  values.push_back(~mask);
  return values;
}

void satisfy(const std::vector<ArgumentTest>& tests, Arguments& args) {
  std::array<bool, 6> done{};
  for (const ArgumentTest& first : tests) {
    if (done[first.index]) continue;
    done[first.index] = true;
    std::optional<std::uint64_t> best;
    for (const ArgumentTest& test : tests) {
      if (test.index != first.index) continue;
      for (const std::uint64_t value : boundaries(test)) {
        const auto fits = [value, &first](const ArgumentTest& other) {
          return other.index != first.index || holds(other, value);
        };
        if (std::ranges::all_of(tests, fits)) best = value;
        if (!best && holds(first, value)) args[first.index] = value;
        if (best) break;
      }
      if (best) break;
    }
    if (best) args[first.index] = *best;
  }
}

}  // namespace sandgauge
