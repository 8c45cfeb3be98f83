#include "app/mutate.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "evaluate/decide.h"
#include "judge/identify.h"
#include "model/syscalls.h"

namespace sandgauge {
namespace {

constexpr std::uint32_t kOddErrno = EUCLEAN;  // no scenario expects it

/// Every kind, with the data that a slip would most likely give.
std::vector<Action> other_answers(Action answer) {
  std::vector<Action> others = {{ActionKind::kill_process}, {ActionKind::kill_thread}, {ActionKind::trap},
                                errno_action(EPERM),        errno_action(ENOSYS),      errno_action(0),
                                {ActionKind::notify},       {ActionKind::trace},       {ActionKind::log},
                                {ActionKind::allow}};
  const bool has_data =
      answer.kind == ActionKind::error || answer.kind == ActionKind::trap || answer.kind == ActionKind::trace;
  constexpr std::uint16_t kLargestErrno = 4095;  // the kernel makes this of every errno above
  const bool is_largest = answer.kind == ActionKind::error && answer.data >= kLargestErrno;
  const Action other_data{answer.kind, static_cast<std::uint16_t>(is_largest ? kLargestErrno - 1 : answer.data + 1)};
  if (has_data && std::ranges::find(others, other_data) == others.end()) others.push_back(other_data);
  std::erase(others, answer);
  return others;
}

/// A name may reach a call in more than one way: i386 has socket, and socketcall(1).
bool reaches(const Policy& policy, const Rule& rule, const std::string& name, const Call& call) {
  Policy only = policy;
  only.default_action = {ActionKind::allow};
  only.rules = {{.syscalls = {name}, .action = {ActionKind::kill_process}, .when = rule.when}};
  const auto rules = Rules::of(only);
  return rules && rules->decide(call) == Action{ActionKind::kill_process};
}

std::string name_of(const Call& call) {
  const std::string_view name = syscall_name(call.abi, call.number);
  return name.empty() ? std::to_string(call.number) : std::string(name);
}

/// The same policy, but one call gets `answer` whatever its arguments. A name holds for every ABI of the policy, so the
/// call's namesakes get it too: the case is about this call only.
Policy with_answer(const Policy& policy, const Call& call, Action answer) {
  Policy changed = policy;
  for (Rule& rule : changed.rules)
    std::erase_if(rule.syscalls, [&](const std::string& name) { return reaches(policy, rule, name, call); });
  std::erase_if(changed.rules, [](const Rule& rule) { return rule.syscalls.empty(); });
  changed.rules.push_back({.syscalls = {name_of(call)}, .action = answer, .when = {}});
  return changed;
}

/// For a call of an ABI that the policy does not list: the whole ABI's answer.
Policy with_foreign_answer(const Policy& policy, Action answer) {
  Policy changed = policy;
  changed.foreign_action = answer;
  return changed;
}

Mutant mutant_of(const Case& test, Policy policy, Action from, Action to) {
  Mutant mutant{test, fmt::format("{} -> {}", to_string(from), to_string(to))};
  mutant.test.policy = std::move(policy);
  mutant.test.oci_profile.clear();  // it says something else
  return mutant;
}

std::vector<Mutant> mutants_of_call(const Case& test, const Call& call, Action decided) {
  std::vector<Mutant> result;
  const bool foreign = std::ranges::find(test.policy.architectures, call.abi) == test.policy.architectures.end();
  for (const Action answer : other_answers(decided))
    result.push_back(mutant_of(
        test, foreign ? with_foreign_answer(test.policy, answer) : with_answer(test.policy, call, answer), decided, answer));
  return result;
}

std::vector<Mutant> mutants_of_rules(const Case& test) {
  std::vector<Mutant> result;
  for (std::size_t i = 0; i < test.policy.rules.size(); ++i) {
    const Action action = test.policy.rules[i].action;
    for (const Action answer : other_answers(action)) {
      Policy policy = test.policy;
      policy.rules[i].action = answer;
      result.push_back(mutant_of(test, std::move(policy), action, answer));
      result.back().description += fmt::format(" (rule {})", i + 1);
    }
  }
  for (const Action answer : other_answers(test.policy.default_action)) {
    Policy policy = test.policy;
    policy.default_action = answer;
    result.push_back(mutant_of(test, std::move(policy), test.policy.default_action, answer));
    result.back().description += " (default)";
  }
  return result;
}

std::vector<Mutant> mutants_of_scenario(const Case& test, const CaseResult& passed) {
  std::vector<Mutant> result;
  for (std::size_t i = 0; i < passed.stage_checks; ++i)
    result.push_back({test, fmt::format("check {} turned round", i + 1), {.expectation = static_cast<int>(i)}});
  for (std::size_t i = 0; i < passed.stage_filters; ++i)
    for (const std::uint32_t answer : {SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ERRNO | kOddErrno})
      result.push_back({test,
                        fmt::format("filter {} answers {}", i + 1, to_string(action_of_return_value(answer))),
                        {.filter = static_cast<int>(i), .answer = answer}});
  return result;
}

}  // namespace

Result<std::vector<Mutant>> mutants(const Case& test, const CaseResult& passed) {
  if (test.attach == Attach::scenario) return mutants_of_scenario(test, passed);
  if (test.mechanism == Mechanism::none) return std::vector<Mutant>{};
  if (test.mechanism == Mechanism::strict) {
    Mutant mutant{test, "strict mode -> no confinement"};
    mutant.test.mechanism = Mechanism::none;
    return std::vector<Mutant>{std::move(mutant)};
  }
  const std::optional<Call> call = subject(test);
  if (!call) return mutants_of_rules(test);
  auto rules = Rules::of(test.policy);
  if (!rules) return fail(rules.error());
  return mutants_of_call(test, *call, rules->decide(*call));
}

}  // namespace sandgauge
