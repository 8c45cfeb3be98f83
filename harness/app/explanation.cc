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

/// "socket(16, 0x2)": as many arguments as are not 0; "read() from 0x7f00": what calls it, if a filter looks at that.
std::string call_words(const ExplainedCall& call, const seccomp_data& data) {
  std::string text = call.name.empty() ? fmt::format("{}", call.number) : call.name;
  std::size_t count = 6;
  while (count > 0 && data.args[count - 1] == 0) --count;
  std::vector<std::string> args;
  for (std::size_t i = 0; i < count; ++i)
    args.push_back(data.args[i] < 0x10000 ? fmt::format("{}", data.args[i]) : fmt::format("{:#x}", data.args[i]));
  const std::string from = data.instruction_pointer == 0 ? "" : fmt::format(" from {:#x}", data.instruction_pointer);
  return fmt::format("{}({}){}", text, fmt::join(args, ", "), from);
}

/// One call under one filter: where it can end.
struct Ends {
  bool exact = false;
  std::vector<Ending> endings;

  Action answer(const Program& program, const seccomp_data& data) const {
    return exact && endings.size() == 1 ? endings[0].action : evaluate(program, data).action;
  }
};

CallCost cost_of(const Program& program, const ExplainedCall& call, const seccomp_data& data, bool with_arguments,
                 Ends& ends, Explored& explored) {
  CallCost cost;
  Paths paths = explore(program, data.arch, data.nr, &explored);
  const bool one_way = paths.exact && paths.least == paths.most && paths.endings.size() == 1;
  const Evaluation asked =
      one_way ? Evaluation{.action = paths.endings[0].action, .steps = paths.most} : evaluate(program, data);
  cost.instructions = cost.least = cost.most = asked.steps;
  cost.actions = {asked.action};
  const BitmapAnswer bitmap = predict_bitmap(program, data);
  cost.bitmap_hit = bitmap.hit;
  cost.bitmap_reason = to_string(bitmap);
  if (!with_arguments) {
    cost.least = paths.least;
    cost.most = paths.most;
    cost.exact = paths.exact;
    if (paths.exact && paths.most != paths.least) cost.worst = call_words(call, paths.worst);
    for (const Ending& ending : paths.endings)
      if (std::ranges::find(cost.actions, ending.action) == cost.actions.end()) cost.actions.push_back(ending.action);
  }
  ends = {paths.exact, std::move(paths.endings)};
  return cost;
}

std::string decision_words(const CallCost& cost) {
  std::vector<std::string> words;
  for (const Action action : cost.actions) words.push_back(to_string(action));
  std::string text = fmt::format("{}", fmt::join(words, " or "));
  if (words.size() > 1) text += ", by argument";
  return text;
}

/// Which rules each RET of a filter answers for, by instruction.
std::vector<std::string> rules_of_instructions(const Policy& policy, const std::vector<ExplainedCall>& calls,
                                               const std::vector<Ends>& ends, std::size_t length) {
  std::map<std::size_t, std::set<std::size_t>> rules_by_ret;
  std::set<std::size_t> default_at;
  for (std::size_t i = 0; i < calls.size(); ++i)
    for (const Ending& ending : ends[i].endings) {
      bool ruled = false;
      for (const std::size_t rule : calls[i].rules) {
        const Action wanted = policy.rules[rule - 1].action;
        if (action_of_return_value(return_value(wanted)) != ending.action) continue;
        rules_by_ret[ending.at].insert(rule);
        ruled = true;
      }
      if (!ruled) default_at.insert(ending.at);
    }
  std::vector<std::string> words(length);
  for (const auto& [at, rules] : rules_by_ret) words[at] = rule_words(rules);
  for (const std::size_t at : default_at) words[at] += words[at].empty() ? "no rule" : ", or no rule";
  return words;
}

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

class Explainer {
 public:
  Explainer(std::size_t count, const Policy* policy, std::span<const AskedCall> asked)
      : count_(count), policy_(policy), asked_(asked) {
    const RulesByCall rules = policy != nullptr ? rules_by_call(*policy) : RulesByCall{};
    if (policy != nullptr) explanation_.summary = summary_of(*policy);
    for (const auto& [call, numbers] : rules) notes_.by_call[call] = rule_words({numbers.begin(), numbers.end()});
    for (const AskedCall& one : asked) add_call(one, rules);
    if (!asked.empty()) return;
    for (const Abi abi : abis_of(policy))
      for (const auto& [unused, number] : calls_of(abi, rules)) add_call({.call = {.abi = abi, .number = number}}, rules);
  }

  void add(NamedProgram named) {
    std::vector<ExplainedCall>& calls = explanation_.calls;
    ExplainedBackend backend{.name = std::move(named.name), .error = std::move(named.error)};
    Filter filter{std::move(named.program), {}};
    for (ExplainedCall& call : calls) call.costs.emplace_back();
    if (backend.error.empty()) {
      Explored explored;
      filter.ends.resize(calls.size());
      for (std::size_t i = 0; i < calls.size(); ++i) {
        calls[i].costs.back() = cost_of(filter.program, calls[i], data_[i], with_arguments(i), filter.ends[i], explored);
        if (calls[i].decision.empty()) calls[i].decision = decision_words(calls[i].costs.back());
      }
      backend.length = filter.program.code.size();
      if (policy_ != nullptr) notes_.by_instruction = rules_of_instructions(*policy_, calls, filter.ends, backend.length);
      backend.listing = annotated_listing(filter.program, notes_);
      backend.unreachable = unreachable(filter.program, std::move(explored));
      if (calls.size() == 1 && with_arguments(0)) backend.path = trace(filter.program, data_[0]);
      summarise(backend, filters_.size(), calls);
    }
    explanation_.backends.push_back(std::move(backend));
    filters_.push_back(std::move(filter));
  }

  Explanation finish() {
    if (filters_.size() > 1)
      for (std::size_t i = 0; i < explanation_.calls.size(); ++i) explanation_.calls[i].differs = differ(i);
    explanation_.findings = findings(explanation_);
    return std::move(explanation_);
  }

 private:
  struct Filter {
    Program program;
    std::vector<Ends> ends;  // by call; empty if there is no program
  };

  void add_call(const AskedCall& one, const RulesByCall& rules) {
    ExplainedCall call{.abi = one.call.abi, .number = one.call.number, .asked = one.text};
    call.name = std::string(syscall_name(call.abi, call.number));
    if (const auto found = rules.find({call.abi, call.number}); found != rules.end()) call.rules = found->second;
    call.costs.reserve(count_);
    explanation_.calls.push_back(std::move(call));
    data_.push_back(to_seccomp_data(one.call));
  }

  bool with_arguments(std::size_t call) const { return !asked_.empty() && asked_[call].with_arguments; }

  /// Whether the filters answer a call differently for arguments that lead to one of their ends.
  bool differ(std::size_t call) const {
    const Filter* first = nullptr;
    const auto answer = [call](const Filter& filter, const seccomp_data& data) {
      return filter.ends[call].answer(filter.program, data);
    };
    for (const Filter& filter : filters_) {
      if (filter.ends.empty()) continue;
      if (first == nullptr) first = &filter;
      for (const Filter& other : filters_)
        if (&other != first && !other.ends.empty())
          for (const Ending& ending : filter.ends[call].endings)
            if (answer(other, ending.example) != answer(*first, ending.example)) return true;
    }
    return false;
  }

  std::size_t count_;  // of filters
  const Policy* policy_;
  std::span<const AskedCall> asked_;
  Explanation explanation_;
  std::vector<seccomp_data> data_;  // by call: with the arguments that were asked for, or all 0
  std::vector<Filter> filters_;     // by backend
  ListingNotes notes_;
};

}  // namespace

Explanation explain(std::size_t count, const std::function<NamedProgram(std::size_t)>& program, const Policy* policy,
                    std::span<const AskedCall> asked) {
  Explainer explainer(count, policy, asked);
  for (std::size_t i = 0; i < count; ++i) explainer.add(program(i));
  return explainer.finish();
}

Explanation explain(std::span<const NamedProgram> programs, const Policy* policy, std::span<const AskedCall> asked) {
  return explain(
      programs.size(), [&](std::size_t i) { return programs[i]; }, policy, asked);
}

}  // namespace sandgauge
