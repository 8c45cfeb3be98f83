#include "policy/oci_json.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include "base/errno_text.h"
#include "base/shown.h"
#include "policy/argument_test.h"
#include "policy/json_reader.h"
#include "policy/number.h"
#include "policy/policy_fields.h"
#include "policy/yaml_value.h"

namespace sandgauge {
namespace {

using About = ProfileNote::About;

constexpr std::int64_t kHighestReturnData = 0xffff;
constexpr std::size_t kMostRuleTests = 32;  // each may become a rule of its own

TextPlace place_of(const Yaml& node) { return {node.line, node.column}; }

/// Without the keys whose value is null.
Yaml present(const Yaml& node) {
  Yaml kept = node;
  std::erase_if(kept.entries, [](const auto& entry) { return entry.second->kind == Yaml::Kind::nothing; });
  return kept;
}

Result<std::string> string_of(const Yaml& node) {
  const auto text = term_of(node, "a string");
  if (text && !node.quoted) return fail_at(node, "found {} without quotes, expected a string", found(node));
  return text;
}

Result<std::string> any_string_of(const Yaml& node) {
  if (!node.quoted) return fail_at(node, "found {}, expected a string", found(node));
  return node.text;
}

/// JSON has decimal numbers only; the runtimes read these fields as unsigned ones.
Result<std::uint64_t> number_of(const Yaml& node, std::uint64_t most) {
  std::uint64_t number = 0;
  const char* const end = node.text.data() + node.text.size();
  const auto [rest, error] = std::from_chars(node.text.data(), end, number);
  if (node.kind == Yaml::Kind::scalar && !node.quoted && error == std::errc() && rest == end && number <= most)
    return number;
  return fail_at(node, "found {}, expected a whole number from 0 to {}", found(node), most);
}

Result<std::vector<std::string>> strings_of(const Yaml& node) { return list_of(node, string_of); }

Result<Action> oci_action_of(const Yaml& node) {
  const auto text = string_of(node);
  if (!text) return fail(text.error());
  auto action = parse_action(*text);
  if (!text->starts_with("SCMP_ACT_") || !action)
    return fail_at(node,
                   "unknown action {}, expected SCMP_ACT_ followed by ALLOW, ERRNO, KILL, KILL_PROCESS, KILL_THREAD, "
                   "LOG, NOTIFY, TRACE or TRAP",
                   shown(*text));
  if (action->kind == ActionKind::trace) action->data = 1;  // EPERM, as for ERRNO
  return action;
}

/// What an action answers: errnoRet as a number, or by podman's addition `errno` as a name, which then decides.
Result<Action> with_errno(const Yaml& map, const char* action_key, const char* number_key, const char* name_key,
                          Action action) {
  const YamlNode* number = map.find(number_key);
  const YamlNode* name = map.find(name_key);
  if (number == nullptr && name == nullptr) return action;
  if (action.kind != ActionKind::error && action.kind != ActionKind::trace)
    return fail_at(number != nullptr ? **number : **name,
                   "an errno with the {} {}, expected it with SCMP_ACT_ERRNO or SCMP_ACT_TRACE", action_key,
                   to_string(action));
  if (name != nullptr) {
    const auto text = string_of(**name);
    if (!text) return fail(text.error());
    const auto value = errno_number(*text);
    if (!value) return fail_at(**name, "unknown errno {}, expected a name such as EPERM", shown(*text));
    action.data = static_cast<std::uint16_t>(*value);
    return action;
  }
  const auto value =
      number_of(**number, action.kind == ActionKind::error ? std::int64_t{kHighestErrno} : kHighestReturnData);
  if (!value) return fail(value.error());
  action.data = static_cast<std::uint16_t>(*value);
  return action;
}

Result<KernelVersion> kernel_of(const Yaml& node) {
  const auto text = string_of(node);
  if (!text) return fail(text.error());
  KernelVersion version;
  const auto dot = text->find('.');
  const auto major = parse_integer(std::string_view(*text).substr(0, dot), 0, 1000);
  const auto minor = dot == std::string::npos ? Result<std::int64_t>(0) : parse_integer(text->substr(dot + 1), 0, 1000);
  if (!major || !minor) return fail_at(node, "found {}, expected a kernel version such as \"4.8\"", shown(*text));
  version.major = static_cast<int>(*major);
  version.minor = static_cast<int>(*minor);
  return version;
}

/// Docker's words for machines are Go's, but for 32-bit x86.
std::string_view machine_word(Abi abi) {
  switch (abi) {
    case Abi::i386: return "x86";
    case Abi::x32: return "x32";
    case Abi::aarch64: return "arm64";
    case Abi::x86_64: break;
  }
  return "amd64";
}

struct Conditions {
  std::vector<std::string> caps;
  std::vector<std::string> arches;
  std::optional<KernelVersion> kernel;
};

/// One profile on its way from nodes to a Profile. Keeps no state but the profile.
class OciReader {
 public:
  OciReader(const ProfileContext& context, Profile& profile) : context_(context), profile_(profile) {}

  Result<void> read(const Yaml& root) {
    const Yaml map = present(root);
    Policy& policy = profile_.policy;
    policy.foreign_action = {ActionKind::kill_thread, 0};
    policy.architectures = {context_.machine};
    Fields fields(map);
    std::vector<bool> done;
    fields.take("defaultAction", policy.default_action, oci_action_of);
    fields.take("architectures", done, [&](const Yaml& list) { return list_of(list, add_architecture()); });
    fields.take("archMap", done,
                [&](const Yaml& list) { return list_of(list, [&](const Yaml& entry) { return read_arch_map(entry); }); });
    fields.take("flags", done,
                [&](const Yaml& list) { return list_of(list, [&](const Yaml& flag) { return add_flag(flag); }); });
    std::string listener;
    fields.take("listenerPath", listener, any_string_of);
    std::string ignored;
    fields.take("listenerMetadata", ignored, any_string_of);
    fields.take("comment", ignored, any_string_of);
    fields.take("syscalls", done,
                [&](const Yaml& list) { return list_of(list, [&](const Yaml& rule) { return read_rule(rule); }); });
    for (const char* known : {"defaultErrnoRet", "defaultErrno"})
      fields.take(known, ignored, [](const Yaml& /*value*/) { return Result<std::string>(""); });
    if (fields.error()) return fail(*fields.error());
    if (!fields.has("defaultAction"))
      return fail_at(root, "a profile without 'defaultAction', expected one{}", hint(fields));
    if (fields.has("architectures") && fields.has("archMap"))
      return fail_at(**map.find("archMap"), "archMap beside architectures, expected one of them");
    auto action = with_errno(map, "defaultAction", "defaultErrnoRet", "defaultErrno", policy.default_action);
    if (!action) return fail(action.error());
    policy.default_action = *action;
    profile_.names_listener = !listener.empty();
    note_unknown_keys(fields);
    note_context(root);
    return {};
  }

 private:
  void note(About about, const Yaml& node, std::string text) {
    profile_.notes.push_back({about, place_of(node), std::move(text)});
  }

  static std::string hint(const Fields& fields) {
    for (const auto& [key, text] : fields.unknown())
      if (text.find("'defaultAction'") != std::string::npos) return fmt::format(" (found the key {})", shown(key->text));
    return "";
  }

  void note_unknown_keys(const Fields& fields) {
    for (const auto& [key, text] : fields.unknown()) note(About::unknown_key, *key, text);
  }

  void note_context(const Yaml& root) {
    if (!conditional_) return;
    std::string caps;
    for (const std::string& cap : context_.capabilities) caps += " " + cap;
    note(About::resolved, root,
         fmt::format("its conditions were resolved for {}, Linux {}, and {}", machine_word(context_.machine),
                     to_string(context_.kernel), caps.empty() ? "no capability" : "the capabilities" + caps));
  }

  /// Reads an architecture's name and lists it.
  std::function<Result<bool>(const Yaml&)> add_architecture() {
    return [this](const Yaml& node) -> Result<bool> {
      const auto name = string_of(node);
      if (!name) return fail(name.error());
      const auto abi = name->starts_with("SCMP_ARCH_") ? parse_abi(*name) : std::nullopt;
      if (!abi && !is_other_architecture(*name))
        return fail_at(node,
                       "unknown architecture {}, expected SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_AARCH64 or another "
                       "of libseccomp's names",
                       shown(*name));
      if (!abi)
        note(About::other_architecture, node,
             fmt::format("architecture {} is left out: no call of it can be made here", *name));
      std::vector<Abi>& listed = profile_.policy.architectures;
      if (abi && std::ranges::find(listed, *abi) == listed.end()) listed.push_back(*abi);
      return abi.has_value();
    };
  }

  Result<bool> read_arch_map(const Yaml& node) {
    const Yaml map = present(node);
    Fields fields(map);
    std::string architecture;
    fields.take("architecture", architecture, string_of);
    const bool applies = parse_abi(architecture) == context_.machine;
    std::vector<bool> done;
    fields.take("subArchitectures", done, [&](const Yaml& list) -> Result<std::vector<bool>> {
      if (applies) return list_of(list, add_architecture());
      return std::vector<bool>();
    });
    if (fields.error()) return fail(*fields.error());
    if (!fields.has("architecture")) return fail_at(node, "an archMap entry without 'architecture', expected one");
    note_unknown_keys(fields);
    return applies;
  }

  Result<bool> add_flag(const Yaml& node) {
    constexpr std::string_view kPrefix = "SECCOMP_FILTER_FLAG_";
    const auto flag = string_of(node);
    if (!flag) return fail(flag.error());
    FilterFlags& flags = profile_.policy.flags;
    if (*flag == "SECCOMP_FILTER_FLAG_TSYNC") return flags.tsync = true;
    if (*flag == "SECCOMP_FILTER_FLAG_LOG") return flags.log = true;
    if (*flag == "SECCOMP_FILTER_FLAG_SPEC_ALLOW") return flags.spec_allow = true;
    if (*flag == "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV") return flags.wait_killable = true;
    return fail_at(node, "unknown flag {}, expected {}TSYNC, _LOG, _SPEC_ALLOW or _WAIT_KILLABLE_RECV", shown(*flag),
                   kPrefix);
  }

  Result<Conditions> conditions_of(const Yaml& node) {
    const Yaml map = present(node);
    Conditions conditions;
    Fields fields(map);
    fields.take("caps", conditions.caps, strings_of);
    fields.take("arches", conditions.arches, strings_of);
    fields.take("minKernel", conditions.kernel, kernel_of);
    if (fields.error()) return fail(*fields.error());
    note_unknown_keys(fields);
    conditional_ = conditional_ || !conditions.caps.empty() || !conditions.arches.empty() || conditions.kernel;
    return conditions;
  }

  [[nodiscard]] bool applies(const Conditions& includes, const Conditions& excludes) const {
    const auto held = [this](const std::string& cap) { return context_.capabilities.contains(cap); };
    const auto here = [this](const std::string& arch) { return arch == machine_word(context_.machine); };
    const auto reached = [this](const Conditions& conditions) {
      return conditions.kernel && *conditions.kernel <= context_.kernel;
    };
    if (!std::ranges::all_of(includes.caps, held)) return false;
    if (!includes.arches.empty() && std::ranges::none_of(includes.arches, here)) return false;
    if (includes.kernel && !reached(includes)) return false;
    return std::ranges::none_of(excludes.caps, held) && std::ranges::none_of(excludes.arches, here) && !reached(excludes);
  }

  Result<ArgumentTest> read_test(const Yaml& node) {
    const Yaml map = present(node);
    ArgumentTest test;
    std::uint64_t index = 0;
    std::uint64_t value_two = 0;
    std::optional<Compare> compare;
    Fields fields(map);
    const auto word = [](const Yaml& value) { return number_of(value, UINT64_MAX); };
    fields.take("index", index, [](const Yaml& value) { return number_of(value, 5); });
    fields.take("value", test.value, word);
    fields.take("valueTwo", value_two, word);
    fields.take("op", compare, [](const Yaml& value) -> Result<std::optional<Compare>> {
      const auto text = string_of(value);
      if (!text) return fail(text.error());
      const auto known = text->starts_with("SCMP_CMP_") ? parse_compare(*text) : std::nullopt;
      if (!known)
        return fail_at(value, "unknown operator {}, expected SCMP_CMP_EQ, _NE, _LT, _LE, _GT, _GE or _MASKED_EQ",
                       shown(*text));
      return known;
    });
    if (fields.error()) return fail(*fields.error());
    for (const char* key : {"index", "op"})
      if (!fields.has(key)) return fail_at(node, "an argument test without '{}', expected index, value and op", key);
    note_unknown_keys(fields);
    test.index = static_cast<std::uint8_t>(index);
    test.compare = *compare;
    if (*compare == Compare::masked_equal) {
      test.mask = test.value;
      test.value = value_two;
    }
    return test;
  }

  Result<bool> read_rule(const Yaml& node) {
    const Yaml map = present(node);
    Rule rule;
    Conditions includes;
    Conditions excludes;
    std::string text;
    std::vector<std::string> names;
    Fields fields(map);
    fields.take("action", rule.action, oci_action_of);
    fields.take("args", rule.when,
                [&](const Yaml& list) { return list_of(list, [&](const Yaml& test) { return read_test(test); }); });
    fields.take("includes", includes, [&](const Yaml& value) { return conditions_of(value); });
    fields.take("excludes", excludes, [&](const Yaml& value) { return conditions_of(value); });
    fields.take("comment", text, any_string_of);
    fields.take("name", text, string_of);
    fields.take("names", names, strings_of);
    for (const char* known : {"errnoRet", "errno"})
      fields.take(known, text, [](const Yaml& /*value*/) { return Result<std::string>(""); });
    if (fields.error()) return fail(*fields.error());
    if (!fields.has("action")) return fail_at(node, "a rule without 'action', expected one");
    if (rule.when.size() > kMostRuleTests)
      return fail_at(node, "a rule with {} argument tests, expected at most {}", rule.when.size(), kMostRuleTests);
    if (fields.has("name") == fields.has("names"))
      return fail_at(node, "a rule with {}, expected one of them",
                     fields.has("name") ? "both 'name' and 'names'" : "neither 'name' nor 'names'");
    auto action = with_errno(map, "action", "errnoRet", "errno", rule.action);
    if (!action) return fail(action.error());
    rule.action = *action;
    note_unknown_keys(fields);
    if (!applies(includes, excludes)) return false;
    RulePlace places{place_of(node), {}};
    const YamlNode* list = map.find("names");
    if (list == nullptr) {
      const Yaml& name = **map.find("name");
      add_syscall(profile_, rule, places, name.text, place_of(name));
    } else {
      for (const YamlNode& name : (*list)->items) add_syscall(profile_, rule, places, name->text, place_of(*name));
    }
    if (!rule.syscalls.empty()) add_rule(node, rule, places);
    return true;
  }

  void add_rule(const Yaml& node, const Rule& rule, const RulePlace& places) {
    std::vector<int> tests(6);
    for (const ArgumentTest& test : rule.when) ++tests[test.index];
    if (std::ranges::none_of(tests, [](int count) { return count > 1; })) {
      profile_.policy.rules.push_back(rule);
      profile_.places.push_back(places);
      return;
    }
    note(About::either_argument, node,
         "it tests an argument twice, so runtimes make a rule of each test: any one of them is enough");
    for (const ArgumentTest& test : rule.when) {
      Rule one = rule;
      one.when = {test};
      profile_.policy.rules.push_back(std::move(one));
      profile_.places.push_back(places);
    }
  }

  const ProfileContext& context_;
  Profile& profile_;
  bool conditional_ = false;
};

/// A config.json has its profile at linux.seccomp.
Result<const Yaml*> profile_in(const Yaml& root) {
  const YamlNode* section = root.find("defaultAction") == nullptr ? root.find("linux") : nullptr;
  if (section == nullptr) return &root;
  const YamlNode* seccomp = (*section)->find("seccomp");
  if (seccomp == nullptr) return fail_at(**section, "a config.json without linux.seccomp, expected a profile there");
  return seccomp->get();
}

}  // namespace

bool is_other_architecture(std::string_view name) {
  // libseccomp's remaining tokens: seccomp_arch_add(3).
  constexpr std::string_view kNames[] = {"ARM",      "LOONGARCH64", "M68K",   "MIPS",     "MIPS64", "MIPS64N32", "MIPSEL",
                                         "MIPSEL64", "MIPSEL64N32", "PARISC", "PARISC64", "PPC",    "PPC64",     "PPC64LE",
                                         "RISCV64",  "S390",        "S390X",  "SH",       "SHEB"};
  constexpr std::string_view kPrefix = "SCMP_ARCH_";
  if (!name.starts_with(kPrefix)) return false;
  return std::ranges::find(kNames, name.substr(kPrefix.size())) != std::end(kNames);
}

Result<Profile> parse_oci(std::string_view text, const std::string& file, const ProfileContext& context) {
  const auto root = parse_json(text);
  if (!root) return in_file<Profile>(file, fail(root.error()));
  Profile profile{.file = file, .format = ProfileFormat::oci};
  const auto place = profile_in(**root);
  if (!place) return fail(in_json_file(file, **root, place.error()));
  if (auto read = OciReader(context, profile).read(**place); !read) return fail(in_json_file(file, **root, read.error()));
  return profile;
}

}  // namespace sandgauge
