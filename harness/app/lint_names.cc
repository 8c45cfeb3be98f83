#include <algorithm>

#include "app/lint_arguments.h"
#include "app/lint_rules.h"
#include "compile/libseccomp.h"
#include "evaluate/agree.h"
#include "model/syscalls.h"
#include "policy/number.h"

namespace sandgauge {
namespace {

/// The first kernel with each number of the part of the tables that all architectures share (from 424 on): the history of
/// the kernel's scripts/syscall.tbl.
struct Since {
  std::int32_t number;  // and all up to the next entry
  KernelVersion kernel;
};
constexpr Since kSince[] = {{424, {5, 1}},  {428, {5, 2}},  {434, {5, 3}},  {436, {5, 9}},  {437, {5, 6}},
                            {439, {5, 8}},  {440, {5, 10}}, {441, {5, 11}}, {442, {5, 12}}, {443, {5, 14}},
                            {444, {5, 13}}, {447, {5, 14}}, {448, {5, 15}}, {449, {5, 16}}, {450, {5, 17}},
                            {451, {6, 5}},  {452, {6, 6}},  {454, {6, 7}},  {457, {6, 8}},  {462, {6, 10}},
                            {463, {6, 13}}, {467, {6, 15}}, {468, {6, 17}}, {470, {6, 19}}, {471, {7, 0}}};

std::string names_joined(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 8;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kMost; ++i) text += fmt::format("{}{}", i == 0 ? "" : ", ", names[i]);
  return names.size() > kMost ? fmt::format("{} and {} more", text, names.size() - kMost) : text;
}

const ResolvedRule* first_rule_of(const LintSubject& subject, const std::string& name) {
  for (const ResolvedRule& rule : subject.rules())
    if (syscall_name(rule.abi, rule.number) == name) return &rule;
  return nullptr;
}

/// As a runtime compiles it: without the names that libseccomp does not know.
Policy without(const Policy& policy, const std::vector<std::string>& names) {
  Policy rest = policy;
  for (Rule& rule : rest.rules)
    std::erase_if(rule.syscalls, [&](const std::string& name) { return std::ranges::find(names, name) != names.end(); });
  std::erase_if(rest.rules, [](const Rule& rule) { return rule.syscalls.empty(); });
  return rest;
}

/// The place of the first rule with which libseccomp makes no filter any more.
TextPlace refused_rule(const LintSubject& subject, const std::vector<std::string>& unknown) {
  const auto& places = subject.profile().places;
  const std::vector<Rule>& rules = subject.policy().rules;
  const auto refused = [&](std::size_t count) {
    Policy first = subject.policy();
    first.rules.resize(count);
    return !compile_libseccomp(without(first, unknown), 1);
  };
  if (places.size() != rules.size() || refused(0)) return {};
  std::size_t accepted = 0;
  for (std::size_t least = rules.size(); accepted + 1 < least;) {
    const std::size_t middle = (accepted + least) / 2;
    (refused(middle) ? least : accepted) = middle;
  }
  return accepted < places.size() ? places[accepted].rule : TextPlace{};
}

}  // namespace

void lint_known_names(const LintSubject& subject, KernelVersion kernel, std::vector<LintFinding>& findings) {
  const bool open = is_open(subject.policy().default_action);
  std::vector<std::string> newer;
  const ResolvedRule* first = nullptr;
  for (const ResolvedRule& rule : subject.rules()) {
    const auto* since = std::ranges::find_if(std::rbegin(kSince), std::rend(kSince), [&](const Since& entry) {
                          return entry.number <= rule.number;
                        }).base();
    constexpr std::int32_t kShared = 511;  // above are x32's own
    if (rule.number > kShared || since == std::begin(kSince) || (since - 1)->kernel <= kernel) continue;
    const std::string name(syscall_name(rule.abi, rule.number));
    if (name.empty() || std::ranges::find(newer, name) != newer.end()) continue;
    newer.push_back(name);
    if (first == nullptr) first = &rule;
  }
  if (!newer.empty())
    findings.push_back(
        subject.finding(Severity::note, "newer-than-kernel", first,
                        fmt::format("Linux {} does not have {} yet", to_string(kernel), names_joined(newer))));
  if (subject.profile().program) return;  // nobody gives it to libseccomp
  const std::vector<std::string> unknown = unknown_to_libseccomp(subject.policy());
  if (unknown.empty()) return;
  findings.push_back(
      subject.finding(open ? Severity::medium : Severity::low, "unknown-to-libseccomp", first_rule_of(subject, unknown[0]),
                      fmt::format("libseccomp {} does not know {}: runtimes that use it leave {} out, and {}",
                                  libseccomp_version(), names_joined(unknown), unknown.size() == 1 ? "it" : "them",
                                  open ? "the call stays open" : "the default applies")));
}

void lint_libseccomp(const LintSubject& subject, std::vector<LintFinding>& findings) {
  if (subject.profile().program) return;
  constexpr std::size_t kMost = 3;
  const std::vector<std::string> unknown = unknown_to_libseccomp(subject.policy());
  const Policy policy = without(subject.policy(), unknown);
  const auto rules = Rules::of(policy);
  const auto program = compile_libseccomp(policy, 1);
  if (!rules) return;
  if (!program) {
    findings.push_back(
        subject.finding(Severity::medium, "libseccomp-refuses", refused_rule(subject, unknown), program.error().message));
    return;
  }
  for (const Disagreement& found : disagreements(policy, *rules, *program, 100)) {
    Call call;
    if (!from_seccomp_data(found.data, call) || call.number < 0) continue;
    const auto same = std::ranges::count_if(findings, [&](const LintFinding& other) {
      return other.check == "libseccomp-differs" && (other.witness->number == call.number && other.witness->abi == call.abi);
    });
    if (same > 0 || std::ranges::count(findings, "libseccomp-differs", &LintFinding::check) >= static_cast<long>(kMost))
      continue;
    // libseccomp leaves out upper halves on 32-bit ABIs; where the kernel does so too there is no difference.
    if (rules->decide(narrowed(call)) == found.evaluated.action) continue;
    const bool opens = is_open(found.evaluated.action) && !is_open(found.decided) && call.abi == native_abi();
    const auto of_call = subject.rules_of(call.abi, call.number);
    LintFinding finding = subject.finding(opens ? Severity::high : Severity::medium, "libseccomp-differs",
                                          of_call.empty() ? nullptr : of_call.front(),
                                          fmt::format("the rules say {}, but libseccomp's filter of them says {}",
                                                      to_string(found.decided), to_string(found.evaluated.action)));
    finding.witness = call;
    finding.answer = found.evaluated.action;
    findings.push_back(std::move(finding));
  }
}

}  // namespace sandgauge
