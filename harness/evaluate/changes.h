// Which calls two policies answer differently: by decision, call by call and argument by argument, not by text.
//
//   for (const Change& change : changes({Abi::x86_64}, tests, decided_by(*rules_a), decided_by(*rules_b)))
//     fmt::print("{}: {} -> {}\n", to_string(change.call), to_string(change.before), to_string(change.after));
//
// Tried are all numbers that any ABI uses, one beyond them, and of each number whose arguments either side tests, the
// boundaries of all those tests: every combination of them where there are at most 20,000, else all pairs around calls that
// satisfy a rule. For tests of order and equality every combination is a proof: between two boundaries nothing can turn.
#pragma once

#include <linux/seccomp.h>

#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "evaluate/boundaries.h"
#include "evaluate/decide.h"
#include "model/call.h"
#include "model/change.h"
#include "model/policy.h"
#include "model/program.h"

namespace sandgauge {

using Decide = std::function<Action(const seccomp_data&)>;
Decide decided_by(Rules rules);
/// `program` passes validate().
Decide decided_by(Program program);

/// The calls that rules name, and the argument tests of those rules.
using Tests = std::map<std::pair<Abi, std::int32_t>, std::vector<std::vector<ArgumentTest>>>;
void add_tests(const std::vector<ResolvedRule>& rules, Tests& tests);

/// The changes among calls of these ABIs, in the order of ABIs and numbers: for each call one for each pair of actions.
std::vector<Change> changes(const std::vector<Abi>& abis, const Tests& tests, const Decide& before, const Decide& after);

/// Every call of the ABI that the two are compared on: its numbers, and at last one that nobody uses.
std::vector<std::int32_t> numbers_of(Abi abi);

}  // namespace sandgauge
