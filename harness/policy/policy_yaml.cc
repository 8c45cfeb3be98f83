#include "policy/policy_yaml.h"

#include <algorithm>

#include "base/errno_text.h"
#include "base/shown.h"
#include "policy/argument_test.h"
#include "policy/call_text.h"
#include "policy/policy_fields.h"
#include "policy/yaml_value.h"

namespace sandgauge {
namespace {

Result<std::string> syscall_of(const Yaml& node, const Policy& policy, const Rule& rule) {
  const auto text = term_of(node, "the name or the number of a syscall");
  if (!text) return fail(text.error());
  auto syscall = parse_syscall(*text, policy.architectures);
  if (syscall) return syscall;
  // What no architecture has by itself may still be a sub-call of i386's multiplexers: resolve() knows.
  const Policy alone{.architectures = policy.architectures, .rules = {{.syscalls = {*text}, .when = rule.when}}};
  if (!starts_like_number(*text) && resolve(alone)) return text;
  return fail_at(node, "{}", syscall.error().message);
}

Result<ArgumentTest> oci_test_of(const Yaml& node) {
  ArgumentTest test;
  std::optional<Compare> compare;
  std::uint64_t value_two = 0;
  Fields fields(node);
  fields.take("index", test.index, [](const Yaml& value) -> Result<std::uint8_t> {
    const auto index = integer_of(value, 0, 5);
    if (!index) return fail(index.error());
    return static_cast<std::uint8_t>(*index);
  });
  fields.take("value", test.value, word_of);
  fields.take("valueTwo", value_two, word_of);
  fields.take("op", compare, [](const Yaml& value) -> Result<Compare> {
    if (const auto known = parse_compare(value.text)) return *known;
    return fail_at(
        value, "found {}, expected SCMP_CMP_EQ, _NE, _LT, _LE, _GT, _GE or _MASKED_EQ, or == != < <= > >=", found(value));
  });
  if (auto read = fields.end(); !read) return fail(read.error());
  for (const char* key : {"index", "op", "value"})
    if (!fields.has(key)) return fail_at(node, "an argument test without '{}', expected index, op and value", key);
  test.compare = *compare;
  if (test.compare == Compare::masked_equal) {
    test.mask = test.value;
    test.value = value_two;
  } else if (value_two != 0) {
    return fail_at(node, "valueTwo without a mask, expected it with SCMP_CMP_MASKED_EQ only");
  }
  return test;
}

Result<Rule> rule_of(const Yaml& node, const Policy& policy) {
  Rule rule;
  std::optional<std::uint16_t> error;
  std::vector<ArgumentTest> oci_tests;
  Fields fields(node);
  fields.take("action", rule.action, action_of);
  fields.take("errno", error, errno_of);
  fields.take("when", rule.when, [](const Yaml& tests) {
    return one_or_list_of(tests, [](const Yaml& test) -> Result<ArgumentTest> {
      const auto text = scalar_of(test, "a test such as \"arg0 == 1\"");
      if (!text) return fail(text.error());
      return at(test, parse_argument_test(*text));
    });
  });
  fields.take("args", oci_tests, [](const Yaml& tests) { return list_of(tests, oci_test_of); });
  rule.when.insert(rule.when.end(), oci_tests.begin(), oci_tests.end());
  fields.take("syscalls", rule.syscalls, [&](const Yaml& names) {
    return one_or_list_of(names, [&](const Yaml& name) { return syscall_of(name, policy, rule); });
  });
  if (auto read = fields.end(); !read) return fail(read.error());
  for (const char* key : {"syscalls", "action"})
    if (!fields.has(key)) return fail_at(node, "a rule without '{}', expected syscalls and action", key);
  if (!error) return rule;
  const Yaml& place = **node.find("errno");
  if (rule.action.kind != ActionKind::error)
    return fail_at(place, "errno with the action {}, expected it with ERRNO only", to_string(rule.action));
  if (node.find("action")->get()->text.ends_with(')'))
    return fail_at(place, "an errno beside {}, expected it in one place only", to_string(rule.action));
  rule.action.data = *error;
  return rule;
}

Result<FilterFlags> flags_of(const Yaml& node) {
  FilterFlags flags;
  const auto members = list_of(node, [](const Yaml& name) -> Result<bool FilterFlags::*> {
    constexpr std::string_view kPrefix = "SECCOMP_FILTER_FLAG_";
    std::string_view word = name.text;
    if (word.starts_with(kPrefix)) word.remove_prefix(kPrefix.size());
    if (word == "LOG") return &FilterFlags::log;
    if (word == "TSYNC") return &FilterFlags::tsync;
    if (word == "SPEC_ALLOW") return &FilterFlags::spec_allow;
    if (word == "WAIT_KILLABLE_RECV") return &FilterFlags::wait_killable;
    return fail_at(name, "found {}, expected LOG, TSYNC, SPEC_ALLOW or WAIT_KILLABLE_RECV", found(name));
  });
  if (!members) return fail(members.error());
  for (const auto member : *members) flags.*member = true;
  return flags;
}

/// Of a rule that rule_of() has read.
RulePlace places_of(const Yaml& rule) {
  RulePlace places{{rule.line, rule.column}, {}};
  const Yaml& names = **rule.find("syscalls");
  if (names.kind == Yaml::Kind::scalar) places.syscalls.push_back({names.line, names.column});
  for (const YamlNode& name : names.items) places.syscalls.push_back({name->line, name->column});
  return places;
}

std::string in_quotes(std::string_view text) {
  std::string text_in_quotes = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') text_in_quotes += '\\';
    text_in_quotes += c;
  }
  return text_in_quotes + '"';
}

std::string joined(const std::vector<std::string>& words) { return fmt::format("[{}]", fmt::join(words, ", ")); }

}  // namespace

Result<Abi> abi_of(const Yaml& node) {
  const auto text = term_of(node, "x86_64, i386, x32 or aarch64");
  if (!text) return fail(text.error());
  if (const auto abi = parse_abi(*text)) return *abi;
  return fail_at(node, "unknown architecture {}, expected x86_64, i386, x32 or aarch64", shown(*text));
}

Result<std::vector<Abi>> abis_of(const Yaml& node) {
  auto abis = one_or_list_of(node, abi_of);
  if (!abis) return abis;
  for (std::size_t i = 0; i < abis->size(); ++i)
    if (std::find(abis->begin(), abis->begin() + i, (*abis)[i]) != abis->begin() + i)
      return fail_at(*node.items[i], "architecture {} for the second time, expected each once", abi_name((*abis)[i]));
  return abis;
}

Result<Action> action_of(const Yaml& node) {
  const auto text = term_of(node, "an action such as ERRNO(EPERM)");
  if (!text) return fail(text.error());
  return at(node, parse_action(*text));
}

Result<std::uint16_t> errno_of(const Yaml& node) {
  const auto text = term_of(node, "an errno such as EPERM");
  if (!text) return fail(text.error());
  const auto number = errno_number(*text);
  if (!number || *number < 1 || *number > kHighestErrno)
    return fail_at(node, "unknown errno {}, expected a name such as EPERM or a number from 1 to {}", shown(*text),
                   kHighestErrno);
  return static_cast<std::uint16_t>(*number);
}

Result<Policy> policy_of(const Yaml& node) {
  Policy policy;
  Fields fields(node);
  fields.take("default", policy.default_action, action_of);
  fields.take("architectures", policy.architectures, abis_of);
  fields.take("foreign", policy.foreign_action, action_of);
  fields.take("flags", policy.flags, flags_of);
  fields.take("rules", policy.rules,
              [&](const Yaml& rules) { return list_of(rules, [&](const Yaml& rule) { return rule_of(rule, policy); }); });
  if (auto read = fields.end(); !read) return fail(read.error());
  return policy;
}

Result<Policy> parse_policy(std::string_view text, const std::string& file) {
  auto profile = parse_yaml_profile(text, file);
  if (!profile) return fail(profile.error());
  return std::move(profile->policy);
}

Result<Profile> parse_yaml_profile(std::string_view text, const std::string& file) {
  const auto root = parse_yaml(text);
  if (!root) return in_file<Profile>(file, fail(root.error()));
  auto policy = policy_of(**root);
  if (!policy) return in_file<Profile>(file, fail(policy.error()));
  Profile profile{.file = file, .format = ProfileFormat::yaml, .policy = *std::move(policy)};
  if (const YamlNode* rules = (*root)->find("rules"))
    for (const YamlNode& rule : (*rules)->items) profile.places.push_back(places_of(*rule));
  return profile;
}

std::string to_yaml(const Policy& policy) {
  std::vector<std::string> abis;
  for (const Abi abi : policy.architectures) abis.emplace_back(abi_name(abi));
  std::vector<std::string> flags;
  if (policy.flags.log) flags.emplace_back("LOG");
  if (policy.flags.tsync) flags.emplace_back("TSYNC");
  if (policy.flags.spec_allow) flags.emplace_back("SPEC_ALLOW");
  if (policy.flags.wait_killable) flags.emplace_back("WAIT_KILLABLE_RECV");
  std::string yaml =
      fmt::format("default: {}\narchitectures: {}\nforeign: {}\nflags: {}\n", to_string(policy.default_action), joined(abis),
                  to_string(policy.foreign_action), joined(flags));
  if (policy.rules.empty()) return yaml + "rules: []\n";
  yaml += "rules:\n";
  for (const Rule& rule : policy.rules) {
    std::vector<std::string> syscalls;
    for (const std::string& syscall : rule.syscalls) syscalls.push_back(in_quotes(syscall));
    std::vector<std::string> tests;
    for (const ArgumentTest& test : rule.when) tests.push_back(in_quotes(to_string(test)));
    yaml += fmt::format("  - {{syscalls: {}, action: {}", joined(syscalls), to_string(rule.action));
    if (!tests.empty()) yaml += fmt::format(", when: {}", joined(tests));
    yaml += "}\n";
  }
  return yaml;
}

}  // namespace sandgauge
