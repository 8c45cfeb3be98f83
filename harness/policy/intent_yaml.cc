#include "policy/intent_yaml.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

#include "base/shown.h"
#include "policy/call_text.h"
#include "policy/policy_fields.h"
#include "policy/yaml_value.h"

namespace sandgauge {
namespace {

constexpr std::size_t kMostSteps = 8;
constexpr std::size_t kMostActs = 64;
constexpr std::size_t kMostText = 20'000;

const ScenePart* find_part(std::string_view name) {
  const auto* const found = std::ranges::find(kSceneParts, name, &ScenePart::name);
  return found == std::end(kSceneParts) ? nullptr : found;
}

/// As the step would be with some scene: each part is "0", which is as good as a number as it is as a path.
Result<std::string> step_of(const Yaml& node) {
  auto text = filled_text_of(node);
  if (!text) return text;
  if (text->size() > kMostText) return fail_at(node, "a step of {} bytes, expected fewer", text->size());
  const auto [prefix, call] = split_step(*text);
  if (call == "fork" || call == "receive") return text;
  const std::string sample = with_parts(call, [](std::string_view name) -> std::optional<std::string> {
    if (find_part(name) == nullptr) return std::nullopt;
    return "0";
  });
  if (const std::size_t open = sample.find('{'); open != std::string::npos) {
    std::vector<std::string_view> names;
    for (const ScenePart& part : kSceneParts) names.push_back(part.name);
    const std::string name = sample.substr(open + 1, std::min<std::size_t>(sample.find('}', open) - open - 1, 40));
    const std::string_view near = nearest_word(name, names);
    return fail_at(node, "there is no {} in the scene, expected {}", shown("{" + name + "}"),
                   near.empty() ? alternatives(names) : fmt::format("{{{}}}", near));
  }
  if (auto parsed = at(node, parse_call(sample)); !parsed) return fail(parsed.error());
  return text;
}

Result<Act> act_of(const Yaml& node, bool named) {
  Act act;
  Fields fields(node);
  if (named) fields.take("name", act.name, filled_text_of);
  fields.take("do", act.steps, [](const Yaml& value) { return one_or_list_of(value, step_of); });
  fields.take("leaves", act.leaves, filled_text_of);
  fields.take("names", act.names, filled_text_of);
  if (auto read = fields.end(); !read) return fail(read.error());
  if (named && act.name.empty()) return fail_at(node, "an act without 'name', expected one: a report has a line for it");
  if (act.steps.empty()) return fail_at(node, "an act without 'do', expected a call or a list of calls");
  if (act.steps.size() > kMostSteps) return fail_at(node, "{} steps, expected at most {}", act.steps.size(), kMostSteps);
  return act;
}

Result<std::vector<Act>> acts_of(const Yaml& node) {
  auto acts = list_of(node, [](const Yaml& item) { return act_of(item, true); });
  if (!acts) return acts;
  if (acts->size() > kMostActs) return fail_at(node, "{} acts, expected at most {}", acts->size(), kMostActs);
  std::set<std::string> names;
  for (const Act& act : *acts)
    if (!names.insert(act.name).second) return fail_at(node, "two acts are named '{}', expected different names", act.name);
  return acts;
}

/// One mechanism's part: `why`, and what it needs.
template <class Take>
Result<bool> expression_of(const Yaml& node, std::string& why, Take take) {
  Fields fields(node);
  fields.take("why", why, filled_text_of);
  take(fields);
  if (auto read = fields.end(); !read) return fail(read.error());
  if (why.empty()) return fail_at(node, "no 'why', expected why it can be said like this, or not at all");
  return true;
}

Result<std::string> right_of(const Yaml& node) {
  auto name = term_of(node, "a right of Landlock such as make_dir");
  if (!name || find_landlock_right(*name) != nullptr) return name;
  std::vector<std::string_view> names;
  for (const LandlockRightName& right : kLandlockRightNames) names.push_back(right.name);
  return fail_at(node, "Landlock has no right '{}', expected {}", *name, alternatives(names));
}

Result<std::string> program_name_of(const Yaml& node) { return term_of(node, "the name of a BPF program"); }

Result<bool> landlock_of(const Yaml& node, Intent& intent) {
  LandlockRules rules;
  auto read = expression_of(node, intent.why_landlock, [&rules](Fields& fields) {
    fields.take("deny", rules.deny, [](const Yaml& value) { return one_or_list_of(value, right_of); });
    fields.take("below", rules.below, filled_text_of);
    fields.take("ports", rules.ports, [](const Yaml& value) { return one_or_list_of(value, filled_text_of); });
  });
  if (!read) return read;
  if (rules.deny.empty() && (!rules.below.empty() || !rules.ports.empty()))
    return fail_at(node, "no 'deny', expected the rights that are denied");
  if (!rules.deny.empty()) intent.landlock = std::move(rules);
  return true;
}

Result<Intent> intent_of(const Yaml& root) {
  if (root.kind != Yaml::Kind::map) return fail_at(root, "found {}, expected an intent as a map", found(root));
  Intent intent;
  bool has_act = false;
  Fields fields(root);
  fields.take("id", intent.id, [](const Yaml& node) -> Result<std::string> {
    auto id = term_of(node, "a name");
    if (!id) return id;
    const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    if (id->empty() || !std::ranges::all_of(*id, fits))
      return fail_at(node, "found {}, expected lower-case letters, digits and '-'", found(node));
    return id;
  });
  fields.take("sentence", intent.sentence, filled_text_of);
  fields.take("record", intent.record, boolean_of);
  fields.take("act", intent.act, [&has_act](const Yaml& node) { return has_act = true, act_of(node, false); });
  fields.take("variants", intent.variants, acts_of);
  fields.take("controls", intent.controls, acts_of);
  bool ignored = false;
  fields.take("seccomp", ignored, [&intent](const Yaml& node) {
    return expression_of(node, intent.why_seccomp,
                         [&intent](Fields& own) { own.take("policy", intent.seccomp, policy_of); });
  });
  fields.take("apparmor", ignored, [&intent](const Yaml& node) {
    return expression_of(node, intent.why_apparmor,
                         [&intent](Fields& own) { own.take("profile", intent.apparmor, filled_text_of); });
  });
  fields.take("landlock", ignored, [&intent](const Yaml& node) { return landlock_of(node, intent); });
  fields.take("bpf_lsm", ignored, [&intent](const Yaml& node) {
    return expression_of(node, intent.why_bpf_lsm, [&intent](Fields& own) {
      own.take("programs", intent.bpf_lsm, [](const Yaml& value) { return one_or_list_of(value, program_name_of); });
      own.take("inode", intent.bpf_inode, filled_text_of);
    });
  });
  if (auto read = fields.end(); !read) return fail(read.error());
  for (const auto& [there, key] : {std::pair{!intent.id.empty(), "id"},
                                   {!intent.sentence.empty(), "sentence"},
                                   {has_act, "act"},
                                   {!intent.why_seccomp.empty(), "seccomp"},
                                   {!intent.why_apparmor.empty(), "apparmor"},
                                   {!intent.why_landlock.empty(), "landlock"},
                                   {!intent.why_bpf_lsm.empty(), "bpf_lsm"}})
    if (!there) return fail_at(root, "no '{}', expected id, sentence, act, seccomp, apparmor, landlock and bpf_lsm", key);
  return intent;
}

}  // namespace

StepWords split_step(std::string_view step) {
  for (const std::string_view prefix : {"exec", "uring"}) {
    if (!step.starts_with(prefix) || step.size() <= prefix.size() || step[prefix.size()] != ' ') continue;
    std::string_view call = step.substr(prefix.size());
    while (call.starts_with(' ')) call.remove_prefix(1);
    return {prefix, call};
  }
  return {{}, step};
}

Result<Intent> parse_intent(std::string_view text, const std::string& file) {
  const auto root = parse_yaml(text);
  if (!root) return in_file<Intent>(file, fail(root.error()));
  return in_file(file, intent_of(**root));
}

Result<Intent> read_intent(const std::string& path) {
  const auto text = read_text(path);
  if (!text) return fail(text.error());
  return parse_intent(*text, shown_name(path));
}

}  // namespace sandgauge
