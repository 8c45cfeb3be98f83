#include "policy/env_list.h"

#include <algorithm>

#include "base/shown.h"
#include "policy/yaml_reader.h"

namespace sandgauge {
namespace {

constexpr std::string_view kAllow = "SECCOMP_SYSCALL_ALLOW";
constexpr std::string_view kDeny = "SECCOMP_SYSCALL_DENY";
constexpr std::string_view kDefault = "SECCOMP_DEFAULT_ACTION";

struct Value {
  std::string_view text;
  TextPlace place;
};

struct Variables {
  std::optional<Value> allow;
  std::optional<Value> deny;
  std::optional<Value> action;
};

std::string_view without_end_spaces(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

Result<void> read_line(std::string_view line, int number, Variables& variables) {
  std::size_t at = std::min(line.find_first_not_of(" \t"), line.size());
  if (line.substr(at).starts_with("export ")) at = std::min(line.find_first_not_of(" \t", at + 6), line.size());
  const std::string_view rest = without_end_spaces(line.substr(at));
  if (rest.empty() || rest.front() == '#') return {};
  const auto equals = rest.find('=');
  const std::string_view name = rest.substr(0, equals);
  const auto column = static_cast<int>(at) + 1;
  std::optional<Value>* slot = name == kAllow     ? &variables.allow
                               : name == kDeny    ? &variables.deny
                               : name == kDefault ? &variables.action
                                                  : nullptr;
  if (slot == nullptr || equals == std::string_view::npos)
    return fail("{}:{}: found {}, expected {}=, {}= or {}=", number, column, shown(rest), kAllow, kDeny, kDefault);
  if (*slot) return fail("{}:{}: {} for the second time, expected it once", number, column, name);
  Value value{rest.substr(equals + 1), {number, column + static_cast<int>(equals) + 1}};
  const bool quoted = value.text.size() >= 2 && (value.text.front() == '"' || value.text.front() == '\'') &&
                      value.text.back() == value.text.front();
  if (quoted) {
    value.text = value.text.substr(1, value.text.size() - 2);
    ++value.place.column;
  }
  *slot = value;
  return {};
}

Result<Variables> read_variables(std::string_view text) {
  Variables variables;
  int number = 1;
  for (std::size_t start = 0; start <= text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    if (auto read = read_line(text.substr(start, end - start), number, variables); !read) return fail(read.error());
    start = end + 1;
  }
  return variables;
}

Result<void> add_names(const Value& list, Profile& profile, Rule rule) {
  RulePlace places{list.place, {}};
  for (std::size_t start = 0; start <= list.text.size();) {
    const std::size_t end = std::min(list.text.find(':', start), list.text.size());
    const std::string name(list.text.substr(start, end - start));
    const TextPlace place{list.place.line, list.place.column + static_cast<int>(start)};
    start = end + 1;
    if (name.empty()) continue;
    const std::size_t notes = profile.notes.size();
    add_syscall(profile, rule, places, name, place);
    if (profile.notes.size() > notes) return fail("{}:{}: {}", place.line, place.column, profile.notes.back().text);
  }
  if (rule.syscalls.empty()) return {};
  profile.policy.rules.push_back(std::move(rule));
  profile.places.push_back(std::move(places));
  return {};
}

}  // namespace

Result<Profile> parse_env_list(std::string_view text, const std::string& file, Abi machine) {
  if (auto checked = check_text(text); !checked) return in_file<Profile>(file, fail(checked.error()));
  const auto variables = read_variables(text);
  if (!variables) return in_file<Profile>(file, fail(variables.error()));
  if (!variables->allow && !variables->deny)
    return fail("{}: neither {} nor {}, expected one of them: without both nothing is filtered", file, kAllow, kDeny);
  Profile profile{.file = file, .format = ProfileFormat::env};
  profile.policy.architectures = {machine};
  profile.policy.foreign_action = {ActionKind::kill_thread, 0};
  const bool log = variables->action && variables->action->text == "log";
  const Action deny{log ? ActionKind::log : ActionKind::kill_process, 0};
  const Action allow{ActionKind::allow, 0};
  const bool allows = variables->allow.has_value();
  profile.policy.default_action = allows ? deny : allow;
  Rule rule{.syscalls = {}, .action = allows ? allow : deny, .when = {}};
  const auto added = add_names(allows ? *variables->allow : *variables->deny, profile, std::move(rule));
  if (!added) return in_file<Profile>(file, fail(added.error()));
  return profile;
}

WrittenProfile to_env_list(const Policy& policy) {
  WrittenProfile written;
  const auto lose = [&written](std::string what) { written.lost.push_back(std::move(what)); };
  const ActionKind otherwise = policy.default_action.kind;
  const bool denies = otherwise == ActionKind::allow;
  const ActionKind denial = denies ? ActionKind::kill_process : ActionKind::allow;
  const bool logs =
      denies ? std::ranges::any_of(policy.rules, [](const Rule& rule) { return rule.action.kind == ActionKind::log; })
             : otherwise == ActionKind::log;
  if (!denies && otherwise != ActionKind::kill_process && otherwise != ActionKind::log)
    lose(fmt::format("default: {}, which becomes KILL_PROCESS", to_string(policy.default_action)));
  if (policy.architectures != std::vector{native_abi()}) lose("architectures other than the machine's own");
  if (policy.foreign_action != Action{ActionKind::kill_thread, 0})
    lose(fmt::format("foreign: {}, calls of other architectures get KILL", to_string(policy.foreign_action)));
  if (policy.flags != FilterFlags{}) lose("flags");
  std::vector<std::string> names;
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    const Rule& rule = policy.rules[i];
    if (rule.action == policy.default_action && rule.when.empty()) continue;
    const bool fits = rule.action.kind == denial || (denies && logs && rule.action.kind == ActionKind::log);
    if (!rule.when.empty() || !fits) {
      lose(describe_rule(policy, i) + (fits ? ": tests of arguments" : ": its action"));
      if (!rule.when.empty()) continue;
    }
    for (const std::string& syscall : rule.syscalls) {
      const std::string name = call_name(policy, syscall);
      if (name.empty())
        lose(fmt::format("{}: the call {}, which has no name", describe_rule(policy, i), syscall));
      else if (!syscall_number(native_abi(), name))
        lose(fmt::format("{}: the call {}, which {} does not have", describe_rule(policy, i), name, abi_name(native_abi())));
      else if (fits || denies)
        names.push_back(name);
    }
  }
  written.text = fmt::format("{}={}\n", denies ? kDeny : kAllow, fmt::join(names, ":"));
  if (logs) written.text += fmt::format("{}=log\n", kDefault);
  return written;
}

}  // namespace sandgauge
