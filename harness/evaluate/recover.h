// Rules of a compiled filter: a Policy that answers every call as the program does, where rules can say so.
//
//   Recovered recovered = recover(program);
//   recovered.policy.default_action == errno_action(EPERM);
//   recovered.left_out                    // {"clone (56), x86_64"}: answered by arguments, and not in the rules
//
// Every number of every ABI is followed through the filter for all arguments (evaluate/paths.h). A call that gets one answer
// whatever its arguments becomes part of a rule; one that does not is left out, and listed. The default is what the native
// ABI's unused numbers get, the foreign action what an arch that nobody has gets; an ABI is listed if it has an answer of
// its own. The program passes validate(). This cannot fail.
#pragma once

#include <string>
#include <vector>

#include "evaluate/changes.h"
#include "model/policy.h"
#include "model/program.h"

namespace sandgauge {

struct Recovered {
  Policy policy;
  std::vector<std::string> left_out;
};
Recovered recover(const Program& program, Abi machine);

/// Arguments that lead to each answer of the filter, as tests: where a comparison of two filters has to look.
void add_examples(const Program& program, Tests& tests);

}  // namespace sandgauge
