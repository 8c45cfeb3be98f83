#include "evaluate/changes.h"

#include <algorithm>
#include <array>

#include "evaluate/evaluate.h"
#include "model/syscalls.h"

namespace sandgauge {
namespace {

constexpr std::size_t kMostCombinations = 20'000;
constexpr std::int32_t kUnusedNumber = 0x3ffffff0;

using Values = std::array<std::vector<std::uint64_t>, 6>;

Values values_of(const std::vector<std::vector<ArgumentTest>>& rules) {
  Values values;
  for (const std::vector<ArgumentTest>& tests : rules)
    for (const ArgumentTest& test : tests) {
      auto& of_argument = values.at(test.index);
      for (const std::uint64_t value : boundaries(test)) of_argument.push_back(value);
    }
  for (auto& of_argument : values) {
    of_argument.push_back(0);
    std::ranges::sort(of_argument);
    of_argument.erase(std::unique(of_argument.begin(), of_argument.end()), of_argument.end());
  }
  return values;
}

/// Calls `visit` with `args` and every combination of values of the arguments from `first` to `last`.
template <class Visit>
void combine(const Values& values, std::size_t first, Arguments& args, const Visit& visit) {
  if (first == values.size()) return visit(args);
  const std::uint64_t own = args.at(first);
  for (const std::uint64_t value : values.at(first)) {
    args.at(first) = value;
    combine(values, first + 1, args, visit);
  }
  args.at(first) = own;
}

template <class Visit>
void combine_pairs(const Values& values, const Arguments& around, const Visit& visit) {
  for (std::size_t i = 0; i < values.size(); ++i)
    for (std::size_t j = i + 1; j < values.size(); ++j) {
      if (values.at(i).size() * values.at(j).size() > kMostCombinations) continue;
      Arguments args = around;
      for (const std::uint64_t x : values.at(i))
        for (const std::uint64_t y : values.at(j)) {
          args.at(i) = x;
          args.at(j) = y;
          visit(args);
        }
    }
}

template <class Visit>
void visit_arguments(const std::vector<std::vector<ArgumentTest>>& rules, const Visit& visit) {
  constexpr std::size_t kMostStarts = 50;
  const Values values = values_of(rules);
  std::size_t combinations = 1;
  for (const auto& of_argument : values)
    if (combinations <= kMostCombinations) combinations *= of_argument.size();
  Arguments args{};
  if (combinations <= kMostCombinations) return combine(values, 0, args, visit);
  visit(args);
  combine_pairs(values, args, visit);
  std::size_t starts = 0;
  for (const std::vector<ArgumentTest>& tests : rules) {
    satisfy(tests, args);
    visit(args);
    if (++starts <= kMostStarts) combine_pairs(values, args, visit);
  }
}

}  // namespace

Decide decided_by(Rules rules) {
  return [rules = std::move(rules)](const seccomp_data& data) { return rules.decide(data); };
}

Decide decided_by(Program program) {
  return [program = std::move(program)](const seccomp_data& data) { return evaluate(program, data).action; };
}

void add_tests(const std::vector<ResolvedRule>& rules, Tests& tests) {
  for (const ResolvedRule& rule : rules) {
    auto& of_call = tests[{rule.abi, rule.number}];
    if (!rule.when.empty()) of_call.push_back(rule.when);
  }
}

std::vector<std::int32_t> numbers_of(Abi abi) {
  std::vector<std::int32_t> numbers;
  for (const SyscallEntry& entry : every_syscall())
    if (const std::int32_t number = entry.number[static_cast<std::size_t>(abi)]; number >= 0) numbers.push_back(number);
  std::ranges::sort(numbers);
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  numbers.push_back(kUnusedNumber);
  return numbers;
}

std::vector<Change> changes(const std::vector<Abi>& abis, const Tests& tests, const Decide& before, const Decide& after) {
  static const std::vector<std::vector<ArgumentTest>> none;
  std::vector<Change> found;
  for (const Abi abi : abis) {
    std::vector<std::int32_t> numbers = numbers_of(abi);
    for (const auto& [call, rules] : tests)
      if (call.first == abi) numbers.push_back(call.second);
    std::ranges::sort(numbers);
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    for (const std::int32_t number : numbers) {
      const std::size_t first = found.size();
      bool all_alike = true;
      std::size_t seen = 0;
      const auto tested = tests.find({abi, number});
      visit_arguments(tested == tests.end() ? none : tested->second, [&](const Arguments& args) {
        const Call call{.abi = abi, .number = number, .args = args};
        const seccomp_data data = to_seccomp_data(call);
        const Action a = before(data);
        const Action b = after(data);
        ++seen;
        if (a == b) {
          all_alike = false;
          return;
        }
        const auto same = std::find_if(found.begin() + static_cast<std::ptrdiff_t>(first), found.end(),
                                       [&](const Change& change) { return change.before == a && change.after == b; });
        if (same == found.end())
          found.push_back({.call = call, .before = a, .after = b, .unnamed = number == kUnusedNumber});
      });
      const bool partly = !all_alike || found.size() > first + 1;
      for (std::size_t i = first; i < found.size(); ++i) found[i].some_arguments = partly && seen > 1;
    }
  }
  return found;
}

}  // namespace sandgauge
