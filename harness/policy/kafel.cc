#include "policy/kafel.h"

#include <algorithm>
#include <map>

#include "model/syscalls.h"
#include "policy/kafel_parser.h"
#include "policy/number.h"
#include "policy/yaml_reader.h"

namespace sandgauge {
namespace {

std::string kafel_action(Action action) {
  switch (action.kind) {
    case ActionKind::error: return fmt::format("ERRNO({})", action.data);
    case ActionKind::trap: return fmt::format("TRAP({})", action.data);
    case ActionKind::trace: return fmt::format("TRACE({})", action.data);
    case ActionKind::notify: return "USER_NOTIF";
    default: return std::string(kind_name(action.kind));
  }
}

std::vector<std::string> kafel_tests(const Rule& rule) {
  std::vector<std::string> tests;
  for (const ArgumentTest& test : rule.when) {
    std::string text = to_string(test).substr(3);  // without "arg"
    if (test.compare == Compare::masked_equal)
      tests.push_back(fmt::format("(a{} & {:#x}) == {:#x}", test.index, test.mask, test.value));
    else
      tests.push_back("a" + text);
  }
  return tests;
}

void note_unused(const KafelMatch& match, Profile& profile) {
  using About = ProfileNote::About;
  const bool never = match.condition.empty();
  profile.notes.push_back(
      {never ? About::never_matches : About::hidden, match.place,
       never ? fmt::format("this rule for {} never matches: no arguments pass its tests", match.syscall)
             : fmt::format("this rule for {}: {} does nothing: the rules before it answer all that it matches",
                           match.syscall, to_string(match.action))});
}

}  // namespace

Result<Profile> parse_kafel(std::string_view text, const std::string& file, Abi machine) {
  if (auto checked = check_text(text); !checked) return in_file<Profile>(file, fail(checked.error()));
  auto words = kafel_words(text);
  if (!words) return in_file<Profile>(file, fail(words.error()));
  const auto parsed = parse_kafel_words(*std::move(words), machine);
  if (!parsed) return in_file<Profile>(file, fail(parsed.error()));
  Profile profile{.file = file, .format = ProfileFormat::kafel};
  profile.policy.architectures = {machine};
  profile.policy.foreign_action = {ActionKind::kill_thread, 0};
  profile.policy.default_action = parsed->otherwise;
  std::vector<std::string> order;
  std::map<std::string, std::vector<const KafelMatch*>> of_call;
  for (const KafelMatch& match : parsed->matches) {
    auto& matches = of_call[match.syscall];
    if (matches.empty()) order.push_back(match.syscall);
    matches.push_back(&match);
  }
  for (const std::string& syscall : order) {
    std::vector<std::pair<Condition, Action>> in_order;
    for (const KafelMatch* match : of_call[syscall]) in_order.emplace_back(match->condition, match->action);
    TextPlace place = of_call[syscall].front()->place;
    std::vector<std::size_t> of;
    auto rules = rules_in_order(syscall, in_order, &of);
    if (!rules) return fail("{}:{}:{}: {}: {}", file, place.line, place.column, syscall, rules.error().message);
    for (std::size_t i = 0; i < in_order.size(); ++i) {
      if (std::ranges::find(of, i) == of.end()) note_unused(*of_call[syscall][i], profile);
    }
    for (std::size_t i = 0; i < rules->size(); ++i) {
      profile.policy.rules.push_back(std::move((*rules)[i]));
      place = of_call[syscall][of[i]]->place;
      profile.places.push_back({place, {place}});
    }
  }
  if (parsed->otherwise.kind != ActionKind::kill_thread && machine == Abi::x86_64) {
    profile.x32_action = parsed->otherwise;
    profile.notes.push_back({ProfileNote::About::by_abi,
                             {},
                             fmt::format("Kafel's filter does not tell x32 calls from x86_64's: they get {}, not KILL",
                                         to_string(parsed->otherwise))});
  }
  return profile;
}

WrittenProfile to_kafel(const Policy& policy) {
  WrittenProfile written;
  const Abi machine = policy.architectures.empty() ? native_abi() : policy.architectures.front();
  if (policy.architectures != std::vector{machine}) written.lost.emplace_back("more than one architecture");
  if (policy.foreign_action != Action{ActionKind::kill_thread, 0})
    written.lost.push_back(
        fmt::format("foreign: {}, calls of other architectures get KILL", to_string(policy.foreign_action)));
  if (policy.flags != FilterFlags{}) written.lost.emplace_back("flags: the program that loads it sets them");
  // The first that matches wins there, the strictest here, and the later of two of one kind.
  std::vector<std::size_t> order;
  for (std::size_t i = policy.rules.size(); i-- > 0;) order.push_back(i);
  std::ranges::stable_sort(order, {}, [&policy](std::size_t i) { return policy.rules[i].action.kind; });
  std::string& text = written.text;
  for (const std::size_t i : order) {
    const Rule& rule = policy.rules[i];
    std::string calls;
    for (const std::string& syscall : rule.syscalls) {
      const auto number = syscall_number(machine, syscall);
      if (!number && !starts_like_number(syscall)) {
        written.lost.push_back(
            fmt::format("{}: the call {}, which {} does not have", describe_rule(policy, i), syscall, abi_name(machine)));
        continue;
      }
      calls += fmt::format("  SYSCALL[{}]", number ? std::to_string(*number) : syscall);
      if (!rule.when.empty())
        calls += fmt::format("(a0, a1, a2, a3, a4, a5) {{ {} }}", fmt::join(kafel_tests(rule), " && "));
      calls += fmt::format(",  // {}\n", syscall);
    }
    if (!calls.empty()) text += fmt::format("{} {{\n{}}}\n", kafel_action(rule.action), calls);
  }
  text += fmt::format("DEFAULT {}\n", kafel_action(policy.default_action));
  return written;
}

}  // namespace sandgauge
