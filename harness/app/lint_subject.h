// What every check of `sandgauge lint` looks at: a profile, its rules resolved, and its decisions.
//
//   Result<LintSubject> subject = LintSubject::of(profile);
//   if (subject->open({.abi = Abi::x86_64, .number = 257})) ...
//   findings.push_back(subject->finding(Severity::high, "open-twin", rule, name, "mkdir is denied and mkdirat is not"));
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/profile_input.h"
#include "base/result.h"
#include "model/finding.h"
#include "policy/profile.h"

namespace sandgauge {

/// ALLOW and LOG: the kernel carries the call out, and asks nobody.
constexpr bool is_open(Action action) { return action.kind == ActionKind::allow || action.kind == ActionKind::log; }

class LintSubject {
 public:
  /// `profile` outlives this. Fails where resolve() and decisions_of() do.
  static Result<LintSubject> of(const Profile& profile);

  [[nodiscard]] const Profile& profile() const { return *profile_; }
  [[nodiscard]] const Policy& policy() const { return profile_->policy; }
  [[nodiscard]] const std::vector<ResolvedRule>& rules() const { return rules_; }
  /// The rules about one call, in their order.
  [[nodiscard]] std::vector<const ResolvedRule*> rules_of(Abi abi, std::int32_t number) const;

  [[nodiscard]] Action decide(const Call& call) const { return decide_(to_seccomp_data(call)); }
  [[nodiscard]] bool open(const Call& call) const { return is_open(decide(call)); }
  /// True if no argument opens the call: on all boundaries of its rules.
  [[nodiscard]] bool closed(Abi abi, std::int32_t number) const;
  /// A rule without argument tests that denies the call; nothing if it is denied by default only.
  [[nodiscard]] const ResolvedRule* denying_rule(Abi abi, std::int32_t number) const;
  /// Arguments with which the call is open.
  [[nodiscard]] std::optional<Call> open_call(Abi abi, std::int32_t number) const;

  /// A finding at a rule, or at a name in it; without a rule it is about the file.
  [[nodiscard]] LintFinding finding(Severity severity, std::string_view check, const ResolvedRule* rule,
                                    std::string message) const;
  [[nodiscard]] LintFinding finding(Severity severity, std::string_view check, TextPlace place, std::string message) const;
  /// The same with a witness and what it gets.
  [[nodiscard]] LintFinding proved(LintFinding finding, const Call& witness) const;

  /// "rule 3", counted as in the file.
  [[nodiscard]] static std::string rule_text(const ResolvedRule& rule);

 private:
  LintSubject() = default;

  const Profile* profile_ = nullptr;
  std::vector<ResolvedRule> rules_;
  std::map<std::pair<Abi, std::int32_t>, std::vector<std::size_t>> of_call_;  // into rules_
  Decide decide_;
};

/// Values that tell the arguments of a call apart: all boundaries of its rules, one argument changed at a time around
/// calls that satisfy a rule.
std::vector<Call> telling_calls(const LintSubject& subject, Abi abi, std::int32_t number);

}  // namespace sandgauge
