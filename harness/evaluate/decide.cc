#include "evaluate/decide.h"

#include <algorithm>
#include <optional>

namespace sandgauge {
namespace {

/// As the kernel carries it out, so that a decision compares equal to an evaluation.
Action effective(Action action) { return action_of_return_value(return_value(action)); }

}  // namespace

std::uint64_t Rules::key(Abi abi, std::int32_t number) {
  return static_cast<std::uint64_t>(abi) << 32 | static_cast<std::uint32_t>(number);
}

Result<Rules> Rules::of(const Policy& policy) {
  Result<std::vector<ResolvedRule>> resolved = resolve(policy);
  if (!resolved) return fail(resolved.error());
  Rules rules;
  rules.default_action_ = effective(policy.default_action);
  rules.foreign_action_ = effective(policy.foreign_action);
  for (const Abi abi : policy.architectures) rules.listed_[static_cast<std::size_t>(abi)] = true;
  for (ResolvedRule& rule : *resolved)
    rules.conditions_[key(rule.abi, rule.number)].push_back({effective(rule.action), std::move(rule.when)});
  return rules;
}

Action Rules::decide(const Call& call) const { return decide(to_seccomp_data(call)); }

Action Rules::decide(const seccomp_data& data) const {
  Call call;
  if (!from_seccomp_data(data, call) || !listed_[static_cast<std::size_t>(call.abi)]) return foreign_action_;
  const auto found = conditions_.find(key(call.abi, call.number));
  if (found == conditions_.end()) return default_action_;
  std::optional<Action> strictest;
  for (const Condition& condition : found->second) {
    const bool matches = std::ranges::all_of(
        condition.when, [&call](const ArgumentTest& test) { return holds(test, call.args[test.index]); });
    if (matches) strictest = strictest ? stricter(*strictest, condition.action) : condition.action;
  }
  return strictest.value_or(default_action_);
}

}  // namespace sandgauge
