#include "evaluate/way_tests.h"

#include <linux/filter.h>

#include <algorithm>
#include <array>

namespace sandgauge {
namespace {

constexpr std::size_t kMostAlternatives = 64;
constexpr std::uint32_t kAllOnes = ~std::uint32_t{0};
constexpr std::uint64_t kEveryBit = ~std::uint64_t{0};

/// Values of a word: from least to most, and with these bits.
struct Piece {
  std::uint32_t least = 0;
  std::uint32_t most = kAllOnes;
  std::uint32_t mask = 0;
  std::uint32_t bits = 0;
  [[nodiscard]] bool whole() const { return least == 0 && most == kAllOnes; }
};
using Pieces = std::vector<Piece>;  // any of them

void narrow(Pieces& into, Piece piece, std::uint32_t least, std::uint32_t most) {
  piece.least = std::max(piece.least, least);
  piece.most = std::min(piece.most, most);
  const bool one = piece.least == piece.most;
  if (piece.least > piece.most || (one && (piece.least & piece.mask) != piece.bits)) return;
  if (one) piece.mask = piece.bits = 0;
  into.push_back(piece);
}

void with_bits(Pieces& into, Piece piece, std::uint32_t mask, std::uint32_t bits) {
  if (((piece.bits ^ bits) & piece.mask & mask) != 0) return;
  if (piece.least == piece.most) {
    if ((piece.least & mask) == bits) into.push_back(piece);
    return;
  }
  piece.mask |= mask;
  piece.bits |= bits;
  into.push_back(piece);
}

/// The values of `piece` for which the test comes out as it does. False: no pieces can say it.
bool apply(const WordTests::Test& test, const Piece& piece, Pieces& into) {
  const std::uint32_t k = test.k;
  if (test.code == BPF_JSET) {
    const std::uint32_t bits = k & test.mask;
    if (!test.holds) return with_bits(into, piece, bits, 0), true;
    for (std::uint32_t bit = 1; bit != 0; bit <<= 1)
      if ((bits & bit) != 0) with_bits(into, piece, bit, bit);
    return true;
  }
  if (test.mask != kAllOnes) {
    if (test.code != BPF_JEQ) return false;
    const bool possible = (k & ~test.mask) == 0;
    if (test.holds) {
      if (possible) with_bits(into, piece, test.mask, k);
    } else if (!possible) {
      into.push_back(piece);
    } else {
      for (std::uint32_t bit = 1; bit != 0; bit <<= 1)
        if ((test.mask & bit) != 0) with_bits(into, piece, bit, ~k & bit);
    }
    return true;
  }
  if (test.code == BPF_JEQ && test.holds) return narrow(into, piece, k, k), true;
  if (test.code == BPF_JEQ) {
    if (k != 0) narrow(into, piece, 0, k - 1);
    if (k != kAllOnes) narrow(into, piece, k + 1, kAllOnes);
    return true;
  }
  const std::uint64_t from = std::uint64_t{k} + (test.code == BPF_JGT ? 1 : 0);  // where the test begins to hold
  if (test.holds && from <= kAllOnes) narrow(into, piece, static_cast<std::uint32_t>(from), kAllOnes);
  if (!test.holds && from > 0) narrow(into, piece, 0, static_cast<std::uint32_t>(from - 1));
  return true;
}

/// From least to most as blocks of one size and its multiple: a block is a test of bits.
Pieces blocks(const Piece& piece) {
  if (piece.whole()) return {piece};
  Pieces found;
  for (std::uint64_t start = piece.least; start <= piece.most;) {
    std::uint64_t size = 1;
    while ((start & (size * 2 - 1)) == 0 && start + size * 2 - 1 <= piece.most) size *= 2;
    with_bits(found, {.mask = piece.mask, .bits = piece.bits}, static_cast<std::uint32_t>(~(size - 1)),
              static_cast<std::uint32_t>(start));
    start += size;
  }
  return found;
}

void add_bounds(std::vector<ArgumentTest>& tests, std::uint8_t index, std::uint64_t least, std::uint64_t most) {
  if (least != 0) tests.push_back({index, Compare::greater_or_equal, least});
  if (most != kEveryBit) tests.push_back({index, Compare::less_or_equal, most});
}

void add_bits(std::vector<ArgumentTest>& tests, std::uint8_t index, std::uint64_t mask, std::uint64_t bits) {
  if (mask == kEveryBit)
    tests.push_back({index, Compare::equal, bits});
  else if (mask != 0)
    tests.push_back({index, Compare::masked_equal, bits, mask});
}

/// An argument with its upper half in one piece, and its lower half in another.
Alternatives of_halves(std::uint8_t index, const Piece& upper, const Piece& lower, bool has_upper) {
  const std::uint64_t base = std::uint64_t{upper.least} << 32;
  std::vector<ArgumentTest> tests;
  if (upper.least == upper.most) {
    const std::uint64_t bits = lower.mask == 0 ? 0 : base | lower.bits;
    const std::uint64_t upper_mask = has_upper ? std::uint64_t{kAllOnes} << 32 : 0;
    if (lower.least == lower.most) return {{{index, Compare::equal, base | lower.least}}};
    if (lower.mask != 0) add_bits(tests, index, upper_mask | lower.mask, bits);
    const bool last = !has_upper && lower.most == kAllOnes;
    if (lower.mask == 0 || !lower.whole())
      add_bounds(tests, index, base | lower.least, last ? kEveryBit : base | lower.most);
    return {tests};
  }
  Alternatives found;
  for (const Piece& block : blocks(lower)) {
    tests.clear();
    add_bounds(tests, index, base, std::uint64_t{upper.most} << 32 | kAllOnes);
    add_bits(tests, index, std::uint64_t{upper.mask} << 32 | block.mask, std::uint64_t{upper.bits} << 32 | block.bits);
    found.push_back(tests);
  }
  return found;
}

struct Range {
  std::uint64_t least = 0;
  std::uint64_t most = kEveryBit;
};

/// The values of argument `index`, if that is all that the tests are about.
std::optional<Range> range_of(const std::vector<ArgumentTest>& tests, std::uint8_t index) {
  Range range;
  for (const ArgumentTest& test : tests) {
    if (test.index != index) return std::nullopt;
    if (test.compare == Compare::equal)
      range = {std::max(range.least, test.value), std::min(range.most, test.value)};
    else if (test.compare == Compare::greater_or_equal)
      range.least = std::max(range.least, test.value);
    else if (test.compare == Compare::less_or_equal)
      range.most = std::min(range.most, test.value);
    else
      return std::nullopt;
  }
  return range;
}

}  // namespace

std::optional<Alternatives> argument_tests(const Way& way, Abi abi) {
  constexpr std::size_t kFirst = offsetof(seccomp_data, args) / sizeof(std::uint32_t);
  std::array<Pieces, 12> words;
  words.fill({Piece{}});
  for (const auto& [word, test] : way.tests) {
    if (word < kFirst) return std::nullopt;
    Pieces next;
    for (const Piece& piece : words.at(word - kFirst))
      if (!apply(test, piece, next)) return std::nullopt;
    if (next.size() > kMostAlternatives) return std::nullopt;
    words.at(word - kFirst) = std::move(next);
  }
  const bool has_upper = abi != Abi::i386;
  Alternatives all = {{}};
  for (std::uint8_t i = 0; i < 6; ++i) {
    const Pieces& lower = words.at(2U * i);
    const Pieces upper = has_upper ? words.at(2U * i + 1) : Pieces{{.least = 0, .most = 0}};
    Alternatives more;
    for (const Piece& high : upper)
      for (const Piece& low : lower)
        for (const std::vector<ArgumentTest>& tests : of_halves(i, high, low, has_upper))
          for (const std::vector<ArgumentTest>& before : all) {
            more.push_back(before);
            more.back().insert(more.back().end(), tests.begin(), tests.end());
            if (more.size() > kMostAlternatives) return std::nullopt;
          }
    all = std::move(more);
  }
  return all;
}

Alternatives joined_ranges(const Alternatives& alternatives) {
  if (alternatives.empty() || alternatives.front().empty()) return alternatives;
  const std::uint8_t index = alternatives.front().front().index;
  std::vector<Range> ranges;
  for (const std::vector<ArgumentTest>& tests : alternatives) {
    const auto range = range_of(tests, index);
    if (!range) return alternatives;
    ranges.push_back(*range);
  }
  std::ranges::sort(ranges, {}, &Range::least);
  std::vector<Range> joined;
  for (const Range& range : ranges) {
    if (!joined.empty() && (joined.back().most == kEveryBit || range.least <= joined.back().most + 1))
      joined.back().most = std::max(joined.back().most, range.most);
    else
      joined.push_back(range);
  }
  if (joined.size() == 2 && joined[0].least == 0 && joined[1].most == kEveryBit && joined[0].most + 2 == joined[1].least)
    return {{{index, Compare::not_equal, joined[0].most + 1}}};
  Alternatives found;
  for (const Range& range : joined) {
    std::vector<ArgumentTest>& tests = found.emplace_back();
    if (range.least == range.most)
      tests.push_back({index, Compare::equal, range.least});
    else
      add_bounds(tests, index, range.least, range.most);
  }
  return found;
}

}  // namespace sandgauge
