#include "app/lint_rules.h"

#include <algorithm>
#include <set>

#include "model/syscalls.h"
#include "policy/number.h"

namespace sandgauge {
namespace {

bool can_match(const std::vector<ArgumentTest>& tests) {
  Arguments args{};
  satisfy(tests, args);
  return std::ranges::all_of(tests, [&args](const ArgumentTest& test) { return holds(test, args.at(test.index)); });
}

/// Whether `winner` answers every call that `rule` matches, and in another way, or in the same.
bool hides(const ResolvedRule& winner, const ResolvedRule& rule, bool winner_is_later) {
  const bool same_tests = winner.when == rule.when;
  if (!winner.when.empty() && !same_tests) return false;
  if (winner.action.kind != rule.action.kind) return winner.action.kind < rule.action.kind;
  return winner.action == rule.action ? winner_is_later || winner.when.empty() : winner_is_later;
}

void lint_hidden(const LintSubject& subject, std::vector<LintFinding>& findings) {
  std::set<std::pair<std::size_t, std::string_view>> said;  // a rule and a name, whatever the ABI
  const auto& rules = subject.rules();
  for (std::size_t i = 0; i < rules.size(); ++i) {
    for (const ResolvedRule* other : subject.rules_of(rules[i].abi, rules[i].number)) {
      if (other == &rules[i] || !hides(*other, rules[i], other > &rules[i])) continue;
      const std::string_view name = syscall_name(rules[i].abi, rules[i].number);
      if (!said.insert({rules[i].rule_index, name}).second) break;
      const bool same = other->action == rules[i].action;
      const bool contradicts = !same && other->when == rules[i].when;
      Arguments args{};
      satisfy(rules[i].when, args);
      const Call witness{.abi = rules[i].abi, .number = rules[i].number, .args = args};
      findings.push_back(subject.proved(
          subject.finding(
              same ? Severity::low : Severity::medium, contradicts ? "contradiction" : "shadowed", &rules[i],
              fmt::format("this rule for {} does nothing: another rule for {} {}", LintSubject::rule_text(rules[i]),
                          LintSubject::rule_text(*other), same ? "does the same" : "is stricter and wins")),
          witness));
      break;
    }
  }
}

/// A value of an argument that one of the rules means to stop, and any other lets pass.
std::optional<Call> stopped_by_one(const LintSubject& subject, const std::vector<const ResolvedRule*>& rules) {
  const ResolvedRule& first = *rules.front();
  std::optional<Call> stopped;
  for (const ResolvedRule* rule : rules) {
    const bool same = rule->when.size() == 1 && rule->when[0].index == first.when[0].index && is_open(rule->action);
    if (!same) return std::nullopt;
    for (const std::uint64_t value : boundaries(rule->when[0])) {
      Call call{.abi = rule->abi, .number = rule->number};
      call.args.at(rule->when[0].index) = value;
      if (!subject.open(call)) return std::nullopt;
      if (!stopped && !holds(rule->when[0], value)) stopped = call;
    }
  }
  return stopped;
}

}  // namespace

void lint_any_value(const LintSubject& subject, std::vector<LintFinding>& findings) {
  if (is_open(subject.policy().default_action)) return;
  std::set<std::string_view> said;
  for (const ResolvedRule& rule : subject.rules()) {
    const auto rules = subject.rules_of(rule.abi, rule.number);
    if (rules.front() != &rule || rules.size() < 2 || rule.when.empty()) continue;
    const std::string_view name = syscall_name(rule.abi, rule.number);
    const auto witness = stopped_by_one(subject, rules);
    if (!witness || !said.insert(name).second) continue;
    std::string tests;
    for (const ResolvedRule* each : rules) tests += (tests.empty() ? "" : " or ") + to_string(each->when[0]);
    const auto& places = subject.profile().places;
    const TextPlace place = rule.rule_index < places.size() ? places[rule.rule_index].rule : TextPlace{};
    LintFinding finding =
        subject.finding(Severity::high, "either-argument", place,
                        fmt::format("{} is open whatever argument {} is: any one of its tests is enough ({})", name,
                                    rule.when[0].index, tests));
    findings.push_back(subject.proved(std::move(finding), *witness));
  }
}

void lint_notes(const LintSubject& subject, std::vector<LintFinding>& findings) {
  using About = ProfileNote::About;
  // What is misspelt in a deny list stays open.
  const Severity lost = is_open(subject.policy().default_action) ? Severity::high : Severity::medium;
  for (const ProfileNote& note : subject.profile().notes) {
    switch (note.about) {
      case About::unknown_syscall:
        findings.push_back(subject.finding(lost, "unknown-syscall", note.place, note.text));
        break;
      case About::unknown_key:
        findings.push_back(subject.finding(Severity::medium, "unknown-key", note.place, note.text + "; runtimes ignore it"));
        break;
      case About::either_argument:
        // Where all is open, that has been said.
        if (std::ranges::any_of(findings, [&](const LintFinding& other) {
              return other.check == "either-argument" && other.line == note.place.line && other.column == note.place.column;
            }))
          break;
        findings.push_back(subject.finding(Severity::medium, "either-argument", note.place, note.text));
        break;
      case About::inexact: findings.push_back(subject.finding(Severity::medium, "inexact", note.place, note.text)); break;
      case About::never_matches:
        findings.push_back(subject.finding(Severity::medium, "never-matches", note.place, note.text));
        break;
      case About::hidden: findings.push_back(subject.finding(Severity::medium, "shadowed", note.place, note.text)); break;
      case About::by_abi:  // the rules that are looked at are those of each ABI
      case About::unlisted:
      case About::other_architecture:
      case About::resolved: break;
    }
  }
}

void lint_actions(const LintSubject& subject, std::vector<LintFinding>& findings) {
  const Action otherwise = subject.policy().default_action;
  if (is_open(otherwise)) {
    const Call unnamed{.abi = subject.policy().architectures.empty() ? native_abi() : subject.policy().architectures[0],
                       .number = numbers_of(native_abi()).back()};
    findings.push_back(subject.proved(
        subject.finding(Severity::medium, "default-open", TextPlace{},
                        fmt::format("the default is {}: every call that is not named is open, also those of kernels to come",
                                    to_string(otherwise))),
        unnamed));
  }
  std::set<std::pair<std::size_t, Action>> said;  // rules of a compiled filter have no index
  for (const ResolvedRule& rule : subject.rules()) {
    const ActionKind kind = rule.action.kind;
    Arguments args{};
    satisfy(rule.when, args);
    const Call witness{.abi = rule.abi, .number = rule.number, .args = args};
    if (subject.decide(witness) != rule.action || !said.insert({rule.rule_index, rule.action}).second) continue;
    if (kind == ActionKind::notify && !subject.profile().names_listener)
      findings.push_back(subject.proved(
          subject.finding(Severity::medium, "no-listener", &rule,
                          "NOTIFY, and the profile names no listener: without one the call fails with ENOSYS"),
          witness));
    if (kind == ActionKind::trace)
      findings.push_back(subject.proved(
          subject.finding(
              Severity::medium, "no-tracer", &rule,
              fmt::format("{} needs a ptrace tracer: without one the call fails with ENOSYS", to_string(rule.action))),
          witness));
    if (rule.action == errno_action(0))
      findings.push_back(subject.proved(
          subject.finding(Severity::low, "errno-zero", &rule, "ERRNO(0): the call does nothing and reports success"),
          witness));
  }
  if (otherwise.kind == ActionKind::notify && !subject.profile().names_listener)
    findings.push_back(subject.finding(Severity::medium, "no-listener", TextPlace{},
                                       "the default is NOTIFY, and the profile names no listener"));
  if (otherwise.kind == ActionKind::trace)
    findings.push_back(
        subject.finding(Severity::medium, "no-tracer", TextPlace{}, "the default is TRACE: it needs a tracer"));
}

void lint_effect(const LintSubject& subject, std::vector<LintFinding>& findings) {
  std::set<std::pair<std::size_t, std::string_view>> said;
  const Policy& policy = subject.policy();
  for (const ResolvedRule& rule : subject.rules()) {
    const bool first = said.insert({rule.rule_index, syscall_name(rule.abi, rule.number)}).second;
    if (!first) continue;
    if (!can_match(rule.when)) {
      findings.push_back(subject.finding(
          Severity::medium, "never-matches", &rule,
          fmt::format("this rule never matches: no argument passes its tests ({})", LintSubject::rule_text(rule))));
    } else if (rule.action == policy.default_action && subject.rules_of(rule.abi, rule.number).size() == 1) {
      Arguments args{};
      satisfy(rule.when, args);
      findings.push_back(
          subject.proved(subject.finding(Severity::low, "same-as-default", &rule,
                                         fmt::format("this rule does nothing: {} is the default", to_string(rule.action))),
                         {.abi = rule.abi, .number = rule.number, .args = args}));
    }
  }
  lint_hidden(subject, findings);
  if (policy.architectures.size() < 2) return;
  for (std::size_t i = 0; i < policy.rules.size(); ++i)
    for (const std::string& name : policy.rules[i].syscalls) {
      if (!starts_like_number(name) || !call_name(policy, name).empty()) continue;
      const auto rule = std::ranges::find(subject.rules(), i, &ResolvedRule::rule_index);
      std::string means;
      for (const Abi abi : policy.architectures)
        means += fmt::format("{}{} on {}", means.empty() ? "" : ", ", describe_syscall(abi, std::atoi(name.c_str())),
                             abi_name(abi));
      findings.push_back(subject.finding(Severity::medium, "number-differs",
                                         rule == subject.rules().end() ? nullptr : &*rule,
                                         fmt::format("the number {} is not the same call everywhere: {}", name, means)));
    }
}

}  // namespace sandgauge
