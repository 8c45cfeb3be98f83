#include "policy/yaml_value.h"

#include <algorithm>

#include "base/edit_distance.h"
#include "base/shown.h"

namespace sandgauge {

std::string found(const Yaml& node) {
  switch (node.kind) {
    case Yaml::Kind::nothing: return "nothing";
    case Yaml::Kind::scalar: return shown(node.text);
    case Yaml::Kind::list: return "a list";
    case Yaml::Kind::map: break;
  }
  // `action: {action}` without quotes is a map to YAML.
  constexpr std::size_t kLongestKey = 60;
  const bool braces = node.entries.size() == 1 && node.entries[0].second->kind == Yaml::Kind::nothing &&
                      node.entries[0].first->text.size() <= kLongestKey;
  return braces ? fmt::format("a map (as text it is written \"{{{}}}\")", node.entries[0].first->text) : "a map";
}

std::string alternatives(const std::vector<std::string_view>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

std::string_view nearest_word(std::string_view word, std::span<const std::string_view> words) {
  constexpr std::size_t kNear = 2;
  constexpr std::size_t kLongest = 64;
  std::string_view nearest;
  std::size_t least = kNear + 1;
  if (word.size() > kLongest) return nearest;
  for (const std::string_view candidate : words) {
    // A short word is near to everything: half of it has to be right.
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= least || distance * 2 > candidate.size()) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest;
}

Result<std::string> scalar_of(const Yaml& node, std::string_view expected) {
  if (node.kind != Yaml::Kind::scalar) return fail_at(node, "found {}, expected {}", found(node), expected);
  return node.text;
}

Result<std::string> text_of(const Yaml& node) { return scalar_of(node, "text"); }

Result<std::string> term_of(const Yaml& node, std::string_view expected) {
  constexpr std::size_t kLongest = 100;
  const bool fits = node.text.size() <= kLongest && std::ranges::none_of(node.text, [](unsigned char c) { return c < ' '; });
  if (!fits) return fail_at(node, "found {}, expected {}", found(node), expected);
  return scalar_of(node, expected);
}

Result<std::string> filled_text_of(const Yaml& node) {
  auto text = text_of(node);
  if (text && text->empty()) return fail_at(node, "found '', expected text that is not empty");
  return text;
}

Result<std::int64_t> integer_of(const Yaml& node, std::int64_t least, std::int64_t most) {
  auto text = scalar_of(node, "a number");
  if (!text) return fail(text.error());
  return at(node, parse_integer(*text, least, most));
}

Result<std::uint64_t> word_of(const Yaml& node) {
  auto text = scalar_of(node, "a number");
  if (!text) return fail(text.error());
  return at(node, parse_word(*text));
}

Result<bool> boolean_of(const Yaml& node) { return choice_of<bool>(node, {{"true", true}, {"false", false}}); }

Result<std::chrono::milliseconds> duration_of(const Yaml& node) {
  constexpr std::string_view kExpected = "a whole number of seconds or milliseconds such as 2s or 500ms, from 1ms to 86400s";
  constexpr std::int64_t kLongest = 86'400'000;
  auto text = scalar_of(node, kExpected);
  if (!text) return fail(text.error());
  std::string_view digits = *text;
  std::int64_t unit = 1000;
  if (digits.ends_with("ms")) {
    unit = 1;
    digits.remove_suffix(2);
  } else if (digits.ends_with("s")) {
    digits.remove_suffix(1);
  }
  const auto number = parse_integer(digits, 1, kLongest / unit);
  if (!number) return fail_at(node, "found {}, expected {}", found(node), kExpected);
  return std::chrono::milliseconds(*number * unit);
}

Fields::Fields(const Yaml& node) : node_(node) {
  if (node.kind == Yaml::Kind::map) return;
  error_ = fail_at(node, "found {}, expected a map", found(node)).error;
}

std::vector<std::pair<YamlNode, std::string>> Fields::unknown() const {
  std::vector<std::pair<YamlNode, std::string>> keys;
  for (const auto& [key, value] : node_.entries) {
    if (std::ranges::find(known_, key->text) != known_.end()) continue;
    const std::string_view near = nearest_word(key->text, known_);
    keys.emplace_back(key, near.empty() ? fmt::format("unknown key {}, expected {}", shown(key->text), alternatives(known_))
                                        : fmt::format("unknown key {}, did you mean '{}'?", shown(key->text), near));
  }
  return keys;
}

Result<void> Fields::end() const {
  if (error_) return fail(*error_);
  const auto keys = unknown();
  if (keys.empty()) return {};
  return fail_at(*keys.front().first, "{}", keys.front().second);
}

}  // namespace sandgauge
