#include <algorithm>
#include <map>

#include "model/syscalls.h"
#include "policy/conditions.h"
#include "policy/minijail.h"
#include "policy/number.h"

namespace sandgauge {
namespace {

const Action kKillThread{ActionKind::kill_thread, 0};

std::string minijail_test(const ArgumentTest& test) {
  if (test.compare != Compare::masked_equal) return to_string(test);
  // Set bits one by one, and no other of the mask.
  std::vector<std::string> tests;
  for (std::uint64_t bit = 1; bit != 0; bit <<= 1)
    if ((test.mask & test.value & bit) != 0) tests.push_back(fmt::format("arg{} & {:#x}", test.index, bit));
  if (const std::uint64_t clear = test.mask & ~test.value; clear != 0)
    tests.push_back(fmt::format("arg{} in {:#x}", test.index, ~clear));
  return fmt::format("{}", fmt::join(tests, " && "));
}

std::string minijail_condition(const Condition& condition) {
  std::vector<std::string> any;
  for (const Conjunction& conjunction : condition) {
    if (conjunction.empty()) return "1";
    std::vector<std::string> all;
    for (const ArgumentTest& test : conjunction) all.push_back(minijail_test(test));
    any.push_back(fmt::format("{}", fmt::join(all, " && ")));
  }
  return fmt::format("{}", fmt::join(any, " || "));
}

/// The line of a call, or why there is none.
Result<std::string> line_of(const std::string& name, const std::vector<const Rule*>& rules) {
  Condition allowed = never();
  Condition denied = never();
  std::optional<Action> error;
  for (const Rule* rule : rules) {
    // Some tests have no words of minijail's: those that always hold are left out here, and what never holds with its rule.
    const auto condition = both(always(), Condition{rule->when});
    if (!condition) return fail(condition.error());
    if (rule->action.kind == ActionKind::allow) {
      auto more = either(allowed, *condition);
      if (!more) return fail(more.error());
      allowed = *std::move(more);
      continue;
    }
    auto more = either(denied, *condition);
    if (!more) return fail(more.error());
    denied = *std::move(more);
    if (rule->action.kind != ActionKind::error || (error && *error != rule->action))
      return fail("{} beside another action than ALLOW", to_string(rule->action));
    error = rule->action;
  }
  const auto rest = opposite(denied);
  if (!rest) return fail(rest.error());
  const auto open = both(allowed, *rest);
  if (!open) return fail(open.error());
  std::string ending;
  if (error) {
    // After `return` comes all that is not allowed: so what is denied and what is allowed must be everything.
    const auto not_allowed = opposite(allowed);
    if (!not_allowed) return fail(not_allowed.error());
    const auto neither = both(*rest, *not_allowed);
    if (!neither || !neither->empty()) return fail("an errno for some arguments and KILL for others");
    ending = fmt::format("return {}", error->data);
  }
  if (open->empty()) return fmt::format("{}: {}\n", name, ending.empty() ? "kill" : ending);
  return fmt::format("{}: {}{}{}\n", name, minijail_condition(*open), ending.empty() ? "" : "; ", ending);
}

}  // namespace

WrittenProfile to_minijail(const Policy& policy) {
  WrittenProfile written;
  if (policy.default_action != kKillThread)
    written.lost.push_back(fmt::format("default: {}, calls without a line get KILL", to_string(policy.default_action)));
  if (policy.foreign_action != kKillThread)
    written.lost.push_back(
        fmt::format("foreign: {}, calls of other architectures get KILL", to_string(policy.foreign_action)));
  const Abi machine = policy.architectures.empty() ? native_abi() : policy.architectures.front();
  if (policy.architectures.size() != 1) written.lost.emplace_back("more than one architecture");
  if (policy.flags != FilterFlags{}) written.lost.emplace_back("flags: options of minijail0 set them");
  std::vector<std::string> order;
  std::map<std::string, std::vector<const Rule*>> of_call;
  for (const Rule& rule : policy.rules)
    for (const std::string& syscall : rule.syscalls) {
      const std::string name = call_name(policy, syscall);
      const std::string& key = name.empty() ? syscall : name;
      auto& rules = of_call[key];
      if (rules.empty()) order.push_back(key);
      rules.push_back(&rule);
    }
  for (const std::string& name : order) {
    if (!starts_like_number(name) && !syscall_number(machine, name)) {
      written.lost.push_back(fmt::format("the call {}, which {} does not have", name, abi_name(machine)));
      continue;
    }
    const auto line = line_of(name, of_call[name]);
    if (line)
      written.text += *line;
    else
      written.lost.push_back(fmt::format("{}: {}", name, line.error().message));
  }
  // The word by which detect_format() knows it: without any line it could be anything.
  if (written.text.empty()) written.text = "# minijail: no call has a line\n";
  return written;
}

}  // namespace sandgauge
