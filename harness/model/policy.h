// Policy: which action answers which call. It is what is wanted; a Program is how the kernel is told.
//
//   Policy policy;                                        // ALLOW everything of this machine's own ABI
//   policy.rules.push_back({.syscalls = {"uname"}, .action = errno_action(EPERM)});
//   Result<std::vector<ResolvedRule>> rules = resolve(policy);
//
// Meaning. A call of an ABI that is not listed gets foreign_action. Otherwise every rule that names the call and whose
// argument tests all hold matches it. The strictest action among the matching rules wins, in the kernel's order of
// precedence and whatever their order in the file; between two of one kind with different data the later rule wins. If none
// matches, default_action. This is how the kernel combines stacked filters, so a policy means what its rules would mean as
// one filter each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/abi.h"
#include "model/action.h"

namespace sandgauge {

enum class Compare : std::uint8_t { equal, not_equal, less, less_or_equal, greater, greater_or_equal, masked_equal };

/// One test of one argument, always on all 64 bits and unsigned.
struct ArgumentTest {
  std::uint8_t index = 0;  // 0 to 5
  Compare compare = Compare::equal;
  std::uint64_t value = 0;
  /// Used by masked_equal only: (argument & mask) == value.
  std::uint64_t mask = ~std::uint64_t{0};
  bool operator==(const ArgumentTest&) const = default;
};

/// "arg0 == 1", "arg2 & 0xff == 0x3".
std::string to_string(const ArgumentTest& test);
bool holds(const ArgumentTest& test, std::uint64_t argument);

struct Rule {
  /// Names, or decimal numbers (of each listed ABI).
  std::vector<std::string> syscalls;
  Action action;
  /// All must hold; empty means every call of these names.
  std::vector<ArgumentTest> when;
  bool operator==(const Rule&) const = default;
};

/// How the filter is loaded: SECCOMP_FILTER_FLAG_* (seccomp(2)).
struct FilterFlags {
  bool log = false;
  bool tsync = false;
  bool spec_allow = false;
  bool wait_killable = false;
  bool operator==(const FilterFlags&) const = default;
};

struct Policy {
  Action default_action{ActionKind::allow, 0};
  std::vector<Abi> architectures{native_abi()};
  /// For calls of any other ABI.
  Action foreign_action{ActionKind::kill_process, 0};
  std::vector<Rule> rules;
  FilterFlags flags;
  bool operator==(const Policy&) const = default;
};

/// A rule for one call number of one ABI.
struct ResolvedRule {
  Abi abi = native_abi();
  std::int32_t number = 0;
  Action action;
  std::vector<ArgumentTest> when;
  std::size_t rule_index = 0;  // into Policy::rules
  bool operator==(const ResolvedRule&) const = default;
};

/// Names to numbers, in the order of the rules. A name that some listed ABI lacks is left out for that ABI; a name that no
/// listed ABI has, or that no ABI at all knows, is an error, and so is a test of an argument above 5. On i386 a socket or
/// IPC call without argument tests also resolves to its sub-call of socketcall(2) or ipc(2), as libseccomp does: the kernel
/// offers both entries.
Result<std::vector<ResolvedRule>> resolve(const Policy& policy);

/// The action of the strictest of two matching rules, `later` being the one further down.
constexpr Action stricter(Action earlier, Action later) { return earlier.kind < later.kind ? earlier : later; }

}  // namespace sandgauge
