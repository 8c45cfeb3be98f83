// Holds a filter against the policy it was made of, on every call where the two are likely to differ.
//
//   Result<Rules> rules = Rules::of(policy);
//   for (const Disagreement& found : disagreements(policy, *rules, *program, 5))
//     fmt::print("nr {}: the rules say {}, the filter {}\n", found.data.nr, to_string(found.decided),
//                to_string(found.evaluated.action));
//
// An empty answer is not a proof. The calls that are tried:
// - every number that any ABI uses and two more, under every arch that Linux has an ABI of ours for and under two others;
//   -1, -2, and the edges of x32's range; the neighbours of every number in a rule; every sub-call of i386's socketcall(2)
//   and ipc(2);
// - for each rule with argument tests the values around each tested one (either half one less and one more, halves cleared
//   and filled, bits of a mask flipped, 0, ~0), with the rule's other tests holding: so all tests hold at once, and each is
//   broken in turn. This is done twice: with all other arguments 0, and with what the rule before it on that call asks for.
// Only calls that a kernel can produce: arguments of i386 calls are cut to 32 bits.
#pragma once

#include <linux/seccomp.h>

#include <cstddef>
#include <vector>

#include "evaluate/decide.h"
#include "evaluate/evaluate.h"
#include "model/policy.h"
#include "model/program.h"

namespace sandgauge {

struct Disagreement {
  seccomp_data data;
  Action decided;
  Evaluation evaluated;
};

/// At most `limit` calls for which the two answer differently. `rules` is Rules::of(policy), and validate() accepts
/// `program`.
std::vector<Disagreement> disagreements(const Policy& policy, const Rules& rules, const Program& program, std::size_t limit);

}  // namespace sandgauge
