// Conditions on a call's arguments, for formats whose rules are not lists of tests that must all hold: kafel, minijail.
//
//   Condition c = *both(test({0, Compare::equal, 1}), *opposite(low_word(1, Compare::less, 5)));
//   Result<std::vector<Rule>> rules = rules_in_order("write", {{c, allow}, {always(), errno_action(EPERM)}});
//
// A condition is a list of conjunctions of which one must hold: without any it never holds, with an empty one always.
// It is exact: what a single test cannot say (half a word, the opposite of a masked test) becomes several conjunctions.
// Fails where there would be more than 1,000 of them, or 2,048 tests in them: such a rule would make a filter that no kernel
// takes.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/policy.h"

namespace sandgauge {

using Conjunction = std::vector<ArgumentTest>;
using Condition = std::vector<Conjunction>;

inline Condition always() { return {{}}; }
inline Condition never() { return {}; }
Condition test(const ArgumentTest& test);
/// The lower 32 bits of an argument compared without sign; masked_equal with `mask`.
Condition low_word(std::uint8_t index, Compare compare, std::uint64_t value, std::uint64_t mask = 0xffffffff);

Result<Condition> both(const Condition& a, const Condition& b);
Result<Condition> either(const Condition& a, const Condition& b);
Result<Condition> opposite(const Condition& condition);

/// Rules for a policy, in which the strictest wins, of rules of which the first that holds wins. `of`, if given, gets for
/// each which one it was made of: those that are missing never hold, or only where one before them does.
Result<std::vector<Rule>> rules_in_order(const std::string& syscall,
                                         const std::vector<std::pair<Condition, Action>>& in_order,
                                         std::vector<std::size_t>* of = nullptr);

}  // namespace sandgauge
