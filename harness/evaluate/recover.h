// Rules of a compiled filter: a Policy that answers every call as the program does, where rules can say so.
//
//   Recovered recovered = recover(program, Abi::x86_64);
//   recovered.policy.default_action == errno_action(EPERM);
//   recovered.rules                       // {x86_64, 16, ERRNO(EPERM), arg1 == 0x5412}, ...: by ABI, exact
//   recovered.left_out                    // {"clone"}: what it gets is computed from arguments, and not in the rules
//   recovered.by_abi                      // {"mkdir"}: other rules on x32 than on x86_64, which a policy cannot say
//
// Every number of every ABI is followed through the filter for all arguments (evaluate/paths.h), and each way becomes tests
// of arguments (evaluate/way_tests.h). The default is what the native ABI's unused numbers get, the foreign action what an
// arch that nobody has gets; an ABI is listed if it has an answer of its own. The policy has one rule for a name on all
// listed ABIs: where they differ it is that of the first ABI that has the name. The program passes validate(). This cannot
// fail.
#pragma once

#include <string>
#include <vector>

#include "evaluate/changes.h"
#include "model/policy.h"
#include "model/program.h"

namespace sandgauge {

struct Recovered {
  Policy policy;
  /// What differs from what the unused numbers of the ABI get; `rule_index` is that of no rule.
  std::vector<ResolvedRule> rules;
  std::vector<std::string> left_out;
  std::vector<std::string> by_abi;
};
Recovered recover(const Program& program, Abi machine);

/// Arguments that lead to each answer of the filter, as tests: where a comparison of two filters has to look.
void add_examples(const Program& program, Tests& tests);

}  // namespace sandgauge
