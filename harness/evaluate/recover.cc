#include "evaluate/recover.h"

#include <algorithm>
#include <map>
#include <optional>

#include "evaluate/boundaries.h"
#include "evaluate/decide.h"
#include "evaluate/evaluate.h"
#include "evaluate/paths.h"
#include "evaluate/way_tests.h"
#include "model/syscalls.h"

namespace sandgauge {
namespace {

/// What a call gets: `all` if its arguments do not matter, else by its rules, and `otherwise`, as unused numbers do.
struct Answer {
  std::optional<Action> all;
  std::optional<Action> otherwise;
  std::vector<std::pair<Action, std::vector<ArgumentTest>>> rules;
  bool operator==(const Answer&) const = default;
};
/// The answers of one ABI by number, nothing where rules cannot say them; the last is that of an unused one.
using Answers = std::map<std::int32_t, std::optional<Answer>>;

std::optional<Answer> answer_of(const Program& program, const Call& call, std::optional<Action> otherwise) {
  constexpr std::size_t kMostRules = 200;  // of one action: an ioctl with as many numbers is known
  const seccomp_data data = to_seccomp_data(call);
  const auto found = ways(program, data.arch, data.nr);
  if (!found || found->empty()) return std::nullopt;
  Answer answer;
  const Action first = found->front().action;
  if (std::ranges::all_of(*found, [&](const Way& way) { return way.action == first; })) {
    answer.all = first;
    return answer;
  }
  std::map<Action, Alternatives> by_action;
  answer.otherwise = otherwise;
  for (const Way& way : *found) {
    if (way.action == otherwise) continue;
    const auto alternatives = argument_tests(way, call.abi);
    if (!alternatives) return std::nullopt;
    Alternatives& of_action = by_action[way.action];
    of_action.insert(of_action.end(), alternatives->begin(), alternatives->end());
    if (of_action.size() > kMostRules) return std::nullopt;
  }
  for (const auto& [action, alternatives] : by_action)
    for (std::vector<ArgumentTest>& when : joined_ranges(alternatives)) answer.rules.emplace_back(action, std::move(when));
  return answer;
}

Answers answers_of(const Program& program, Abi abi) {
  Answers answers;
  const std::vector<std::int32_t> numbers = numbers_of(abi);
  const auto unused = answer_of(program, {.abi = abi, .number = numbers.back()}, std::nullopt);
  const std::optional<Action> otherwise = unused ? unused->all : std::nullopt;
  std::size_t rules = 0;
  constexpr std::size_t kMostRules = 500;  // who reads them looks at each with all others; a real filter has dozens
  for (const std::int32_t number : numbers) {
    std::optional<Answer>& answer = answers[number] = answer_of(program, {.abi = abi, .number = number}, otherwise);
    if (answer) rules += answer->rules.size();
    if (rules > kMostRules && answer && !answer->rules.empty()) answer.reset();
  }
  return answers;
}

Action unused(const Answers& answers, Action otherwise) {
  const std::optional<Answer>& last = answers.rbegin()->second;
  return last && last->all ? *last->all : otherwise;
}

void add_rules(Abi abi, std::int32_t number, const Answer& answer, Action otherwise, std::vector<ResolvedRule>& rules) {
  constexpr auto kNoRule = static_cast<std::size_t>(-1);
  if (answer.all && *answer.all != otherwise) rules.push_back({abi, number, *answer.all, {}, kNoRule});
  for (const auto& [action, when] : answer.rules)
    if (action != otherwise) rules.push_back({abi, number, action, when, kNoRule});
}

/// The calls whose rules are also rules of socketcall(2) or ipc(2), and these two.
bool is_multiplexed(std::string_view name) {
  if (name == "socketcall" || name == "ipc") return true;
  const auto resolved = resolve({.architectures = {Abi::i386}, .rules = {{.syscalls = {std::string(name)}}}});
  return resolved && resolved->size() > 1;
}

class Recovery {
 public:
  Recovery(const Program& program, Abi machine) : program_(program), machine_(machine) {
    abis_ = {machine};
    if (machine == Abi::x86_64) abis_ = {Abi::x86_64, Abi::i386, Abi::x32};
    for (const Abi abi : abis_) answers_[abi] = answers_of(program, abi);
  }

  Recovered take() {
    Policy& policy = recovered_.policy;
    policy.foreign_action = evaluate(program_, {.nr = 0, .arch = 0, .instruction_pointer = 0, .args = {}}).action;
    policy.default_action = unused(answers_[machine_], policy.foreign_action);
    list_architectures();
    for (const Abi abi : policy.architectures)
      for (const auto& [number, answer] : answers_[abi])
        if (answer) add_rules(abi, number, *answer, unused(answers_[abi], policy.foreign_action), recovered_.rules);
    add_names();
    compare_abis();
    return std::move(recovered_);
  }

 private:
  void list_architectures() {
    Policy& policy = recovered_.policy;
    policy.architectures.clear();
    for (const Abi abi : abis_) {
      const bool foreign = std::ranges::all_of(
          answers_[abi], [&](const auto& answer) { return answer.second && answer.second->all == policy.foreign_action; });
      if (!foreign || abi == machine_) policy.architectures.push_back(abi);
    }
  }

  /// A rule by name applies to every listed ABI that has the name: it is what the first of them answers.
  void add_names() {
    Policy& policy = recovered_.policy;
    std::vector<std::pair<std::vector<ResolvedRule>, std::vector<std::string>>> groups;  // the same rules, and who has them
    for (const SyscallEntry& entry : every_syscall()) {
      const auto abi =
          std::ranges::find_if(policy.architectures, [&](Abi one) { return syscall_number(one, entry.name).has_value(); });
      if (abi == policy.architectures.end()) continue;
      const std::optional<Answer>& answer = answers_[*abi][*syscall_number(*abi, entry.name)];
      if (!answer) {
        recovered_.left_out.emplace_back(entry.name);
        continue;
      }
      std::vector<ResolvedRule> rules;
      add_rules(machine_, 0, *answer, policy.default_action, rules);
      if (rules.empty()) continue;
      auto group = std::ranges::find(groups, rules, &decltype(groups)::value_type::first);
      if (group == groups.end()) group = groups.insert(groups.end(), {rules, {}});
      group->second.emplace_back(entry.name);
    }
    std::ranges::stable_sort(groups, {}, [](const auto& group) { return group.first.front().action; });
    for (const auto& [rules, names] : groups)
      for (const ResolvedRule& rule : rules)
        policy.rules.push_back({.syscalls = names, .action = rule.action, .when = rule.when});
  }

  void compare_abis() {
    const Policy& policy = recovered_.policy;
    const auto resolved = resolve(policy);
    auto rules = Rules::of(policy);
    if (!resolved || !rules) return;
    add_tests(*resolved, tests_);
    add_tests(recovered_.rules, tests_);
    for (const Abi abi : policy.architectures)
      for (const auto& [number, answer] : answers_[abi]) {
        const bool last = number == answers_[abi].rbegin()->first;
        const std::string name =
            last ? fmt::format("unused numbers of {}", abi_name(abi)) : std::string(syscall_name(abi, number));
        const bool by_abi =
            answer && (last ? answer->all != policy.default_action : !alike(abi, number, name, *answer, *rules));
        if (answer && !by_abi) continue;
        std::vector<std::string>& list = by_abi ? recovered_.by_abi : recovered_.left_out;
        if (std::ranges::find(list, name) == list.end()) list.push_back(name);
      }
  }

  /// Whether the policy answers the call as this ABI does: by the same rules, or on all boundaries of the rules of both.
  bool alike(Abi abi, std::int32_t number, const std::string& name, const Answer& answer, const Rules& rules) {
    const auto first = std::ranges::find_if(recovered_.policy.architectures,
                                            [&](Abi one) { return syscall_number(one, name).has_value(); });
    const bool same_rules = answers_[*first][*syscall_number(*first, name)] == answer;
    const bool same_default = answer.all || answer.otherwise == recovered_.policy.default_action;
    if (same_rules && same_default && (abi != Abi::i386 || !is_multiplexed(name))) return true;
    std::vector<std::vector<ArgumentTest>>& tests = tests_[{abi, number}];
    tests.emplace_back();
    for (const std::vector<ArgumentTest>& start : tests) {
      Call call{.abi = abi, .number = number};
      satisfy(start, call.args);
      const Arguments around = call.args;
      if (!same_answer(call, rules)) return false;
      for (const std::vector<ArgumentTest>& when : tests)
        for (const ArgumentTest& test : when) {
          for (const std::uint64_t value : boundaries(test)) {
            call.args.at(test.index) = value;
            if (!same_answer(call, rules)) return false;
          }
          call.args = around;
        }
    }
    return true;
  }

  /// What would take too long to find out is not the same.
  bool same_answer(const Call& call, const Rules& rules) {
    constexpr std::size_t kMostTrials = 1'000'000;
    const seccomp_data data = to_seccomp_data(call);
    return ++trials_ < kMostTrials && rules.decide(data) == evaluate(program_, data).action;
  }

  const Program& program_;
  Abi machine_;
  std::vector<Abi> abis_;
  std::map<Abi, Answers> answers_;
  Recovered recovered_;
  Tests tests_;
  std::size_t trials_ = 0;
};

}  // namespace

Recovered recover(const Program& program, Abi machine) { return Recovery(program, machine).take(); }

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
