// One way through a filter, in the words of a policy: tests of whole arguments.
//
//   for (const Way& way : *ways(program, arch, nr))
//     for (const auto& when : *argument_tests(way, Abi::x86_64)) ...      // {arg1 == 0x5412}
//
// A filter tests 32-bit words and a policy 64-bit arguments: the upper half of one known, tests of the lower half are tests
// of the whole; otherwise they become tests of bits. Nothing where that takes more than 64 alternatives, or where the way
// depends on the instruction pointer or on the order of masked bits.
#pragma once

#include <optional>
#include <vector>

#include "evaluate/paths.h"
#include "model/policy.h"

namespace sandgauge {

/// Alternatives, each a list of tests that all hold. Without any, no call takes the way.
using Alternatives = std::vector<std::vector<ArgumentTest>>;

std::optional<Alternatives> argument_tests(const Way& way, Abi abi);

/// The same calls with fewer alternatives: ranges of one argument that touch become one, and all values but one a `!=`.
Alternatives joined_ranges(const Alternatives& alternatives);

}  // namespace sandgauge
