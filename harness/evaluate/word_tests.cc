#include "evaluate/word_tests.h"

#include <linux/filter.h>

#include <algorithm>

namespace sandgauge {

bool WordTests::all_hold(std::uint32_t value) {
  return std::ranges::all_of(tests_, [this, value](const Test& test) {
    ++work_;
    const std::uint32_t masked = value & test.mask;
    switch (test.code) {
      case BPF_JEQ: return (masked == test.k) == test.holds;
      case BPF_JGT: return (masked > test.k) == test.holds;
      case BPF_JGE: return (masked >= test.k) == test.holds;
      default: return ((masked & test.k) != 0) == test.holds;
    }
  });
}

WordTests::Answer WordTests::solve(std::uint32_t& value) {
  work_ += tests_.size();
  // Without masks the least value that will do is 0, or some k, or some k + 1: there one test begins to hold.
  std::uint32_t set = 0;      // bits that must be set
  std::uint32_t cleared = 0;  // bits that must not
  std::uint32_t wanted = 0;   // one bit of each JSET that holds
  bool masked = false;
  for (const Test& test : tests_) {
    masked = masked || test.mask != ~0U || test.code == BPF_JSET;
    if (test.code == BPF_JEQ && test.holds) {
      if ((test.k & ~test.mask) != 0) return Answer::no;
      set |= test.k;
      cleared |= test.mask & ~test.k;
    }
    if (test.code != BPF_JSET) continue;
    const std::uint32_t bits = test.k & test.mask;
    if (!test.holds) cleared |= bits;
    if (test.holds) wanted |= bits & (0 - bits);
  }
  if ((set & cleared) != 0) return Answer::no;
  for (const Test& test : tests_)
    if (test.code == BPF_JSET && test.holds && (test.k & test.mask & ~cleared) == 0) return Answer::no;
  // All bits decided: one value is left.
  const auto attempt = [&](std::uint32_t candidate) {
    value = (candidate | set) & ~cleared;
    return all_hold(value);
  };
  if ((set | cleared) == ~0U) return attempt(set) ? Answer::yes : Answer::no;
  for (const std::uint32_t base : {0U, ~0U, wanted})
    if (attempt(base)) return Answer::yes;
  for (const Test& test : tests_)
    for (const std::uint32_t candidate : {test.k, test.k + 1, test.k - 1})
      for (const std::uint32_t more : {0U, wanted, ~test.mask})
        if (attempt(candidate | more)) return Answer::yes;
  if (!masked) return Answer::no;
  for (std::uint32_t bit = 1; bit != 0; bit <<= 1)
    if (attempt(bit) || attempt(~bit)) return Answer::yes;
  return Answer::unknown;
}

}  // namespace sandgauge
