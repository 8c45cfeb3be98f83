#include "model/policy.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "model/syscalls.h"

namespace sandgauge {
namespace {

/// Sub-calls of i386's two multiplexers: linux/net.h (SYS_SOCKET, ...) and linux/ipc.h (SEMOP, ...).
struct SubCall {
  std::string_view name;
  std::string_view multiplexer;
  std::uint64_t number;
};
constexpr SubCall kSubCalls[] = {
    {"socket", "socketcall", 1},
    {"bind", "socketcall", 2},
    {"connect", "socketcall", 3},
    {"listen", "socketcall", 4},
    {"accept", "socketcall", 5},
    {"getsockname", "socketcall", 6},
    {"getpeername", "socketcall", 7},
    {"socketpair", "socketcall", 8},
    {"send", "socketcall", 9},
    {"recv", "socketcall", 10},
    {"sendto", "socketcall", 11},
    {"recvfrom", "socketcall", 12},
    {"shutdown", "socketcall", 13},
    {"setsockopt", "socketcall", 14},
    {"getsockopt", "socketcall", 15},
    {"sendmsg", "socketcall", 16},
    {"recvmsg", "socketcall", 17},
    {"accept4", "socketcall", 18},
    {"recvmmsg", "socketcall", 19},
    {"sendmmsg", "socketcall", 20},
    {"semop", "ipc", 1},
    {"semget", "ipc", 2},
    {"semctl", "ipc", 3},
    {"semtimedop", "ipc", 4},
    {"msgsnd", "ipc", 11},
    {"msgrcv", "ipc", 12},
    {"msgget", "ipc", 13},
    {"msgctl", "ipc", 14},
    {"shmat", "ipc", 21},
    {"shmdt", "ipc", 22},
    {"shmget", "ipc", 23},
    {"shmctl", "ipc", 24},
};

const SubCall* find_sub_call(std::string_view name) {
  const auto* sub = std::ranges::find(kSubCalls, name, &SubCall::name);
  return sub != std::end(kSubCalls) ? sub : nullptr;
}

std::optional<std::int32_t> call_number(Abi abi, std::string_view name) {
  std::int32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error == std::errc() && end == name.data() + name.size()) return number;
  return syscall_number(abi, name);
}

void resolve_name(const Policy& policy, std::size_t rule_index, const std::string& name,
                  std::vector<ResolvedRule>& resolved) {
  const Rule& rule = policy.rules[rule_index];
  for (const Abi abi : policy.architectures) {
    if (const auto number = call_number(abi, name)) resolved.push_back({abi, *number, rule.action, rule.when, rule_index});
    if (abi != Abi::i386 || !rule.when.empty()) continue;
    const SubCall* sub = find_sub_call(name);
    if (sub == nullptr) continue;
    const ArgumentTest is_sub_call{.index = 0, .compare = Compare::equal, .value = sub->number};
    resolved.push_back({abi, *syscall_number(abi, sub->multiplexer), rule.action, {is_sub_call}, rule_index});
  }
}

std::string_view symbol(Compare compare) {
  switch (compare) {
    case Compare::equal:
    case Compare::masked_equal: return "==";
    case Compare::not_equal: return "!=";
    case Compare::less: return "<";
    case Compare::less_or_equal: return "<=";
    case Compare::greater: return ">";
    case Compare::greater_or_equal: return ">=";
  }
  return "?";
}

}  // namespace

std::string to_string(const ArgumentTest& test) {
  if (test.compare == Compare::masked_equal) return fmt::format("arg{} & {:#x} == {:#x}", test.index, test.mask, test.value);
  return fmt::format("arg{} {} {}", test.index, symbol(test.compare), test.value);
}

bool holds(const ArgumentTest& test, std::uint64_t argument) {
  switch (test.compare) {
    case Compare::equal: return argument == test.value;
    case Compare::not_equal: return argument != test.value;
    case Compare::less: return argument < test.value;
    case Compare::less_or_equal: return argument <= test.value;
    case Compare::greater: return argument > test.value;
    case Compare::greater_or_equal: return argument >= test.value;
    case Compare::masked_equal: return (argument & test.mask) == test.value;
  }
  return false;
}

Result<std::vector<ResolvedRule>> resolve(const Policy& policy) {
  std::vector<ResolvedRule> resolved;
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    for (const ArgumentTest& test : policy.rules[i].when)
      if (test.index > 5) return fail("rule {}: a test of argument {}, expected 0 to 5", i + 1, test.index);
    for (const std::string& name : policy.rules[i].syscalls) {
      const std::size_t before = resolved.size();
      resolve_name(policy, i, name, resolved);
      if (resolved.size() > before) continue;
      if (is_syscall_name(name) || find_sub_call(name) != nullptr)
        return fail("syscall '{}' does not exist on any architecture of the policy", name);
      const std::string_view near = closest_syscall(name);
      if (near.empty()) return fail("unknown syscall '{}'", name);
      return fail("unknown syscall '{}', did you mean '{}'?", name, near);
    }
  }
  return resolved;
}

}  // namespace sandgauge
