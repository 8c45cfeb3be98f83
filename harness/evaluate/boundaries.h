// Argument values on which a rule's tests turn: where two readings of a policy differ if they differ at all.
//
//   for (const std::uint64_t value : boundaries({.index = 0, .value = 1})) ...   // 0, 1, 2, 0x100000001, ..., ~0
//   Arguments args{};
//   satisfy(rule.when, args);      // now all tests of the rule hold
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "model/policy.h"

namespace sandgauge {

using Arguments = std::array<std::uint64_t, 6>;

/// Values on both sides of where the test turns, in either half: one less and one more, halves cleared and filled, bits of a
/// mask flipped, 0, ~0. Not sorted; some come twice.
std::vector<std::uint64_t> boundaries(const ArgumentTest& test);

/// Sets each tested argument to a value for which all tests of it hold. Where there is none among the boundaries, to one
/// for which the first of them does.
void satisfy(const std::vector<ArgumentTest>& tests, Arguments& args);

}  // namespace sandgauge
