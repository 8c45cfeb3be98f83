// Rules: a Policy read by its meaning (model/policy.h), without any BPF: the answer that a filter is held against.
//
//   Result<Rules> rules = Rules::of(policy);
//   if (!rules) return fail(rules.error());                    // "unknown syscall 'unmae', did you mean 'uname'?"
//   rules->decide({.abi = Abi::x86_64, .number = 63}) == errno_action(EPERM);
//
// Fails where resolve() does, and for an argument test of an argument that no call has. Deciding cannot fail.
#pragma once

#include <linux/seccomp.h>

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "model/action.h"
#include "model/call.h"
#include "model/policy.h"

namespace sandgauge {

class Rules {
 public:
  static Result<Rules> of(const Policy& policy);

  /// The action as the kernel would carry it out: data that an action ignores is 0 (see action_of_return_value()).
  [[nodiscard]] Action decide(const Call& call) const;
  /// The same for the kernel's view of a call. An arch of no ABI of ours is foreign; -1 under AUDIT_ARCH_X86_64 is x86_64's.
  [[nodiscard]] Action decide(const seccomp_data& data) const;

 private:
  struct Condition {
    Action action;
    std::vector<ArgumentTest> when;
  };
  static std::uint64_t key(Abi abi, std::int32_t number);

  Action default_action_;
  Action foreign_action_;
  std::array<bool, 4> listed_{};  // by Abi
  std::unordered_map<std::uint64_t, std::vector<Condition>> conditions_;
};

}  // namespace sandgauge
