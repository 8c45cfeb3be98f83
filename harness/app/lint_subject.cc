#include "app/lint_subject.h"

#include <algorithm>

#include "model/syscalls.h"
#include "policy/number.h"

namespace sandgauge {

Result<LintSubject> LintSubject::of(const Profile& profile) {
  LintSubject subject;
  subject.profile_ = &profile;
  auto rules = resolve(profile.policy);
  if (!rules) return fail("{}: {}", profile.file, rules.error().message);
  subject.rules_ = profile.program ? profile.rules_by_abi : *std::move(rules);
  for (std::size_t i = 0; i < subject.rules_.size(); ++i)
    subject.of_call_[{subject.rules_[i].abi, subject.rules_[i].number}].push_back(i);
  auto decide = decisions_of(profile);
  if (!decide) return fail(decide.error());
  subject.decide_ = *std::move(decide);
  if (profile.x32_action)
    subject.decide_ = [rules = std::move(subject.decide_), action = *profile.x32_action](const seccomp_data& data) {
      Call call;
      return from_seccomp_data(data, call) && call.abi == Abi::x32 ? action : rules(data);
    };
  return subject;
}

std::vector<const ResolvedRule*> LintSubject::rules_of(Abi abi, std::int32_t number) const {
  std::vector<const ResolvedRule*> rules;
  const auto found = of_call_.find({abi, number});
  if (found == of_call_.end()) return rules;
  for (const std::size_t index : found->second) rules.push_back(&rules_[index]);
  return rules;
}

const ResolvedRule* LintSubject::denying_rule(Abi abi, std::int32_t number) const {
  for (const ResolvedRule* rule : rules_of(abi, number))
    if (rule->when.empty() && !is_open(rule->action)) return rule;
  return nullptr;
}

std::vector<Call> telling_calls(const LintSubject& subject, Abi abi, std::int32_t number) {
  constexpr std::size_t kMostRules = 64;
  constexpr std::size_t kMostCalls = 4000;  // no profile in use has a tenth of it
  std::vector<Call> calls = {{.abi = abi, .number = number}};
  const std::vector<const ResolvedRule*> rules = subject.rules_of(abi, number);
  std::vector<Arguments> starts = {Arguments{}};
  for (const ResolvedRule* rule : rules) {
    if (rule->when.empty() || starts.size() > kMostRules) continue;
    satisfy(rule->when, starts.emplace_back());
  }
  for (const Arguments& start : starts) {
    calls.push_back({.abi = abi, .number = number, .args = start});
    for (const ResolvedRule* rule : rules)
      for (const ArgumentTest& test : rule->when)
        for (const std::uint64_t value : boundaries(test)) {
          Call call{.abi = abi, .number = number, .args = start};
          call.args.at(test.index) = value;
          calls.push_back(call);
          if (calls.size() == kMostCalls) return calls;
        }
  }
  return calls;
}

std::optional<Call> LintSubject::open_call(Abi abi, std::int32_t number) const {
  for (const Call& call : telling_calls(*this, abi, number))
    if (open(call)) return call;
  return std::nullopt;
}

bool LintSubject::closed(Abi abi, std::int32_t number) const { return !open_call(abi, number); }

LintFinding LintSubject::finding(Severity severity, std::string_view check, const ResolvedRule* rule,
                                 std::string message) const {
  TextPlace place;
  if (rule != nullptr && rule->rule_index < profile_->places.size()) {
    const RulePlace& places = profile_->places[rule->rule_index];
    place = places.rule;
    const std::vector<std::string>& names = profile_->policy.rules[rule->rule_index].syscalls;
    const std::string_view own = syscall_name(rule->abi, rule->number);
    for (std::size_t i = 0; i < names.size() && i < places.syscalls.size(); ++i)
      if (names[i] == own || names[i] == std::to_string(rule->number)) place = places.syscalls[i];
  }
  return finding(severity, check, place, std::move(message));
}

LintFinding LintSubject::finding(Severity severity, std::string_view check, TextPlace place, std::string message) const {
  LintFinding finding;
  finding.severity = severity;
  finding.check = check;
  finding.message = std::move(message);
  finding.line = place.line;
  finding.column = place.column;
  return finding;
}

LintFinding LintSubject::proved(LintFinding finding, const Call& witness) const {
  finding.witness = witness;
  finding.answer = decide(witness);
  return finding;
}

std::string LintSubject::rule_text(const ResolvedRule& rule) {
  std::string text;
  for (const ArgumentTest& test : rule.when) text += (text.empty() ? " with " : " and ") + to_string(test);
  return fmt::format("{}{}: {}", describe_syscall(rule.abi, rule.number), text, to_string(rule.action));
}

}  // namespace sandgauge
