#include "app/explanation.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "app/findings.h"
#include "compile/listing.h"
#include "evaluate/bitmap.h"
#include "evaluate/evaluate.h"
#include "evaluate/paths.h"
#include "model/syscalls.h"

namespace sandgauge {
namespace {

using CallKey = std::pair<Abi, std::int32_t>;
using RulesByCall = std::map<CallKey, std::vector<std::size_t>>;

RulesByCall rules_by_call(const Policy& policy) {
  RulesByCall rules;
  const auto resolved = resolve(policy);
  if (!resolved) return rules;
  for (const ResolvedRule& rule : *resolved) {
    std::vector<std::size_t>& of_call = rules[{rule.abi, rule.number}];
    if (of_call.empty() || of_call.back() != rule.rule_index + 1) of_call.push_back(rule.rule_index + 1);
  }
  return rules;
}

std::vector<Abi> abis_of(const Policy* policy) {
  std::vector<Abi> abis = {native_abi()};
  if (native_abi() == Abi::x86_64) {
    abis.push_back(Abi::i386);
    abis.push_back(Abi::x32);
  }
  if (policy == nullptr) return abis;
  for (const Abi abi : policy->architectures)
    if (std::ranges::find(abis, abi) == abis.end()) abis.push_back(abi);
  return abis;
}

/// Every call that has a name or a rule, by number.
std::vector<CallKey> calls_of(Abi abi, const RulesByCall& rules) {
  std::set<CallKey> calls;
  for (const SyscallEntry& entry : every_syscall())
    if (entry.number[static_cast<std::size_t>(abi)] >= 0) calls.insert({abi, entry.number[static_cast<std::size_t>(abi)]});
  for (const auto& [key, unused] : rules)
    if (key.first == abi) calls.insert(key);
  return {calls.begin(), calls.end()};
}

/// "1-3, 7".
std::string ranges(const std::set<std::size_t>& numbers) {
  std::string text;
  for (auto it = numbers.begin(); it != numbers.end();) {
    const std::size_t first = *it;
    std::size_t last = first;
    while (++it != numbers.end() && *it == last + 1) last = *it;
    text += fmt::format("{}{}", text.empty() ? "" : ", ", first);
    if (last != first) text += fmt::format("{}{}", last == first + 1 ? ", " : "-", last);
  }
  return text;
}

std::string rule_words(const std::set<std::size_t>& rules) {
  return rules.empty() ? "" : fmt::format("rule{} {}", rules.size() == 1 ? "" : "s", ranges(rules));
}

/// "socket(16, 0x2)": as many arguments as are not 0.
std::string call_words(const ExplainedCall& call, const seccomp_data& data) {
  std::string text = call.name.empty() ? fmt::format("{}", call.number) : call.name;
  std::size_t count = 6;
  while (count > 0 && data.args[count - 1] == 0) --count;
  std::vector<std::string> args;
  for (std::size_t i = 0; i < count; ++i)
    args.push_back(data.args[i] < 0x10000 ? fmt::format("{}", data.args[i]) : fmt::format("{:#x}", data.args[i]));
  return fmt::format("{}({})", text, fmt::join(args, ", "));
}

CallCost cost_of(const Program& program, const ExplainedCall& call, const seccomp_data& data, bool with_arguments,
                 std::vector<Ending>& endings, Explored& explored) {
  CallCost cost;
  const Evaluation asked = evaluate(program, data);
  cost.instructions = cost.least = cost.most = asked.steps;
  cost.actions = {asked.action};
  const BitmapAnswer bitmap = predict_bitmap(program, data);
  cost.bitmap_hit = bitmap.hit;
  cost.bitmap_reason = to_string(bitmap);
  Paths paths = explore(program, data.arch, data.nr, &explored);
  if (!with_arguments) {
    cost.least = paths.least;
    cost.most = paths.most;
    cost.exact = paths.exact;
    if (paths.exact && paths.most != paths.least) cost.worst = call_words(call, paths.worst);
    for (const Ending& ending : paths.endings)
      if (std::ranges::find(cost.actions, ending.action) == cost.actions.end()) cost.actions.push_back(ending.action);
  }
  endings = std::move(paths.endings);
  return cost;
}

/// Whether the filters answer a call differently for arguments that lead to one of their ends.
bool differ(std::span<const NamedProgram> programs, const std::vector<std::vector<Ending>>& endings) {
  const auto same_everywhere = [&](const seccomp_data& data) {
    std::optional<Action> first;
    for (const NamedProgram& each : programs) {
      if (!each.error.empty()) continue;
      const Action action = evaluate(each.program, data).action;
      if (first && action != *first) return false;
      first = action;
    }
    return true;
  };
  return std::ranges::any_of(endings, [&](const std::vector<Ending>& of_one) {
    return std::ranges::any_of(of_one, [&](const Ending& ending) { return !same_everywhere(ending.example); });
  });
}

std::string decision_words(const CallCost& cost) {
  std::vector<std::string> words;
  for (const Action action : cost.actions) words.push_back(to_string(action));
  std::string text = fmt::format("{}", fmt::join(words, " or "));
  if (words.size() > 1) text += ", by argument";
  return text;
}

/// Which rules each RET answers for.
class ListingNotesMaker {
 public:
  ListingNotesMaker(const Policy* policy, const RulesByCall& rules, std::size_t backends)
      : policy_(policy), rules_by_ret_(backends), default_at_(backends) {
    for (const auto& [key, numbers] : rules) by_call_[key] = rule_words({numbers.begin(), numbers.end()});
  }

  void see(std::size_t backend, const ExplainedCall& call, const std::vector<Ending>& endings) {
    if (policy_ == nullptr) return;
    for (const Ending& ending : endings) {
      bool ruled = false;
      for (const std::size_t rule : call.rules) {
        const Action wanted = policy_->rules[rule - 1].action;
        if (action_of_return_value(return_value(wanted)) != ending.action) continue;
        rules_by_ret_[backend][ending.at].insert(rule);
        ruled = true;
      }
      if (!ruled) default_at_[backend].insert(ending.at);
    }
  }

  ListingNotes notes(std::size_t backend, std::size_t length) const {
    ListingNotes notes{.by_call = by_call_, .by_instruction = std::vector<std::string>(length)};
    for (const auto& [at, rules] : rules_by_ret_[backend]) notes.by_instruction[at] = rule_words(rules);
    for (const std::size_t at : default_at_[backend])
      notes.by_instruction[at] += notes.by_instruction[at].empty() ? "no rule" : ", or no rule";
    return notes;
  }

 private:
  const Policy* policy_;
  std::map<CallKey, std::string> by_call_;
  std::vector<std::map<std::size_t, std::set<std::size_t>>> rules_by_ret_;
  std::vector<std::set<std::size_t>> default_at_;
};

void summarise(ExplainedBackend& backend, std::size_t index, const std::vector<ExplainedCall>& calls) {
  if (calls.empty()) return;
  const auto most = [&](std::size_t call) { return calls[call].costs[index].most; };
  std::vector<std::size_t> native_misses;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const bool hit = calls[i].costs[index].bitmap_hit;
    ++(hit ? backend.hits : backend.misses);
    if (!hit && calls[i].abi == native_abi()) native_misses.push_back(i);
    if (most(i) > backend.worst) backend.worst = most(i), backend.worst_call = i;
  }
  if (native_misses.empty()) return;
  std::ranges::stable_sort(native_misses, {}, most);
  backend.median_call = native_misses[native_misses.size() / 2];
  backend.median = most(backend.median_call);
}

std::string summary_of(const Policy& policy) {
  std::vector<std::string_view> abis;
  for (const Abi abi : policy.architectures) abis.push_back(abi_name(abi));
  return fmt::format("{} rules, default {}, {}; other ABIs {}", policy.rules.size(), to_string(policy.default_action),
                     fmt::join(abis, " "), to_string(policy.foreign_action));
}

}  // namespace

Explanation explain(std::span<const NamedProgram> programs, const Policy* policy, std::span<const AskedCall> asked) {
  Explanation explanation;
  if (policy != nullptr) explanation.summary = summary_of(*policy);
  const RulesByCall rules = policy != nullptr ? rules_by_call(*policy) : RulesByCall{};
  ListingNotesMaker notes(policy, rules, programs.size());
  std::vector<Explored> explored(programs.size());
  const auto add = [&](const AskedCall& one, const seccomp_data& data) {
    ExplainedCall call{.abi = one.call.abi, .number = one.call.number, .asked = one.text};
    call.name = std::string(syscall_name(call.abi, call.number));
    if (const auto found = rules.find({call.abi, call.number}); found != rules.end()) call.rules = found->second;
    std::vector<std::vector<Ending>> endings(programs.size());
    for (std::size_t i = 0; i < programs.size(); ++i) {
      call.costs.push_back(programs[i].error.empty()
                               ? cost_of(programs[i].program, call, data, one.with_arguments, endings[i], explored[i])
                               : CallCost{});
      notes.see(i, call, endings[i]);
      if (call.decision.empty() && programs[i].error.empty()) call.decision = decision_words(call.costs.back());
    }
    call.differs = programs.size() > 1 && differ(programs, endings);
    explanation.calls.push_back(std::move(call));
  };
  for (const AskedCall& one : asked) add(one, to_seccomp_data(one.call));
  if (asked.empty())
    for (const Abi abi : abis_of(policy))
      for (const auto& [unused, number] : calls_of(abi, rules)) {
        const AskedCall any{.call = {.abi = abi, .number = number}};
        add(any, to_seccomp_data(any.call));
      }
  for (std::size_t i = 0; i < programs.size(); ++i) {
    ExplainedBackend backend{.name = programs[i].name, .error = programs[i].error};
    if (backend.error.empty()) {
      backend.length = programs[i].program.code.size();
      backend.listing = annotated_listing(programs[i].program, notes.notes(i, backend.length));
      backend.unreachable = unreachable(programs[i].program, std::move(explored[i]));
      if (asked.size() == 1 && asked[0].with_arguments)
        backend.path = trace(programs[i].program, to_seccomp_data(asked[0].call));
      summarise(backend, i, explanation.calls);
    }
    explanation.backends.push_back(std::move(backend));
  }
  explanation.findings = findings(explanation);
  return explanation;
}

}  // namespace sandgauge
