#include "evaluate/recover.h"

#include <algorithm>
#include <map>
#include <optional>

#include "evaluate/evaluate.h"
#include "evaluate/paths.h"
#include "model/syscalls.h"

namespace sandgauge {
namespace {

/// What the filter answers whatever the arguments; nothing if they matter.
std::optional<Action> constant_answer(const Program& program, const Call& call) {
  const seccomp_data data = to_seccomp_data(call);
  const Paths paths = explore(program, data.arch, data.nr);
  if (!paths.exact || paths.endings.empty()) return std::nullopt;
  for (const Ending& ending : paths.endings)
    if (ending.action != paths.endings.front().action) return std::nullopt;
  return paths.endings.front().action;
}

/// The answers of one ABI by number; the last is that of an unused one.
using Answers = std::map<std::int32_t, std::optional<Action>>;

Answers answers_of(const Program& program, Abi abi) {
  Answers answers;
  for (const std::int32_t number : numbers_of(abi))
    answers[number] = constant_answer(program, {.abi = abi, .number = number});
  return answers;
}

}  // namespace

Recovered recover(const Program& program, Abi machine) {
  Recovered recovered;
  Policy& policy = recovered.policy;
  policy.foreign_action = evaluate(program, {.nr = 0, .arch = 0, .instruction_pointer = 0, .args = {}}).action;
  std::vector<Abi> abis = {machine};
  if (machine == Abi::x86_64) abis = {Abi::x86_64, Abi::i386, Abi::x32};
  std::map<Abi, Answers> answers;
  for (const Abi abi : abis) answers[abi] = answers_of(program, abi);
  policy.default_action = answers[machine].rbegin()->second.value_or(policy.foreign_action);
  policy.architectures.clear();
  for (const Abi abi : abis) {
    const bool foreign =
        std::ranges::all_of(answers[abi], [&](const auto& answer) { return answer.second == policy.foreign_action; });
    if (!foreign || abi == machine) policy.architectures.push_back(abi);
  }
  // A rule by name applies to every listed ABI that has the name: so a name is for a rule what it is on all of them.
  std::map<Action, std::vector<std::string>> by_action;
  for (const SyscallEntry& entry : every_syscall()) {
    std::optional<Action> action;
    bool same = true;
    bool any = false;
    for (const Abi abi : policy.architectures) {
      const auto number = syscall_number(abi, entry.name);
      if (!number) continue;
      const std::optional<Action> answer = answers[abi][*number];
      same = same && answer && (!any || answer == action);
      action = answer;
      any = true;
    }
    if (!any) continue;
    if (!same)
      recovered.left_out.emplace_back(entry.name);
    else if (*action != policy.default_action)
      by_action[*action].emplace_back(entry.name);
  }
  for (const Abi abi : policy.architectures)
    if (answers[abi].rbegin()->second != policy.default_action)
      recovered.left_out.push_back(fmt::format("unused numbers of {}", abi_name(abi)));
  for (auto& [action, names] : by_action)
    policy.rules.push_back({.syscalls = std::move(names), .action = action, .when = {}});
  return recovered;
}

void add_examples(const Program& program, Tests& tests) {
  for (const Abi abi : kEveryAbi)
    for (const std::int32_t number : numbers_of(abi)) {
      const seccomp_data data = to_seccomp_data({.abi = abi, .number = number});
      const Paths paths = explore(program, data.arch, data.nr);
      if (paths.endings.size() < 2) continue;
      for (const Ending& ending : paths.endings) {
        std::vector<ArgumentTest> when;
        for (std::uint8_t i = 0; i < 6; ++i)
          if (ending.example.args[i] != 0) when.push_back({i, Compare::equal, ending.example.args[i]});
        if (!when.empty()) tests[{abi, number}].push_back(std::move(when));
      }
    }
}

}  // namespace sandgauge
