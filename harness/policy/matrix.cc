#include "policy/matrix.h"

#include <algorithm>

#include "base/shown.h"
#include "policy/yaml_value.h"

namespace sandgauge {
namespace {

constexpr std::size_t kLongestIdPart = 64;
constexpr std::string_view kReserved[] = {"uid", "gid", "cwd", "sysname", "release"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

/// The word at the front that a placeholder can name; empty if there is none.
std::string_view front_word(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size()) {
    const char c = text[length];
    const bool letter = is_lower(c) || is_upper(c) || c == '_';
    if (!letter && (length == 0 || (!is_digit(c) && c != '-'))) break;
    ++length;
  }
  return text.substr(0, length);
}

/// The word of a placeholder that begins at the '{' at the front; empty if this is just a brace.
std::string_view front_placeholder(std::string_view text) {
  const std::string_view word = front_word(text.substr(1));
  return text.substr(1 + word.size()).starts_with('}') ? word : std::string_view();
}

Result<void> check_key(const Yaml& key) {
  if (key.text.empty() || front_word(key.text) != key.text)
    return fail_at(key, "the matrix key {}, expected a word of letters, digits, '_' and '-'", shown(key.text));
  if (std::ranges::find(kReserved, key.text) != std::end(kReserved))
    return fail_at(key, "the matrix key '{}' stands for a fact of the run, expected another name", key.text);
  return {};
}

std::string slug_of(const Yaml& node) {
  std::string text = slug(node.text);
  const auto add = [&text](const Yaml& part) {
    const std::string more = slug_of(part);
    if (!more.empty()) text += (text.empty() ? "" : "-") + more;
  };
  for (const YamlNode& item : node.items) add(*item);
  for (const auto& [key, value] : node.entries) add(*value);
  return text;
}

/// An entry of `of`: several keys that vary together.
Result<Choice> joint_choice_of(const Yaml& node) {
  if (node.kind != Yaml::Kind::map || node.entries.empty())
    return fail_at(node, "found {}, expected a map such as {{action: KILL, sig: SIGSYS}}", found(node));
  Choice choice;
  const YamlNode* name = node.find("name");
  for (const auto& [key, value] : node.entries) {
    if (key->text == "name") continue;
    if (auto checked = check_key(*key); !checked) return fail(checked.error());
    choice.values.emplace_back(key->text, value);
    const std::string part = value->kind == Yaml::Kind::scalar ? slug(value->text) : "";
    if (!part.empty()) choice.id += (choice.id.empty() ? "" : "-") + part;
  }
  if (name != nullptr) choice.id = (*name)->text;
  if (name != nullptr && !is_slug(choice.id))
    return fail_at(**name, "found {}, expected a name of lower-case letters, digits and ._+-", found(**name));
  if (choice.values.empty()) return fail_at(node, "a matrix entry of a name alone, expected keys and values beside it");
  return choice;
}

Result<Dimension> dimension_of(const YamlNode& key, const Yaml& values) {
  if (values.kind != Yaml::Kind::list) return fail_at(values, "found {}, expected a list of values", found(values));
  if (values.items.empty()) return fail_at(values, "found an empty list, expected at least one value");
  Dimension dimension{key, {}};
  for (const YamlNode& value : values.items) {
    auto choice = key->text == "of" ? joint_choice_of(*value) : Choice{{{key->text, value}}, slug_of(*value)};
    if (!choice) return fail(choice.error());
    if (values.items.size() > 1 && (choice->id.empty() || choice->id.size() > kLongestIdPart))
      return fail_at(*value, "it makes {} characters of an id, expected 1 to {}; an entry of 'of' can have a 'name'",
                     choice->id.size(), kLongestIdPart);
    dimension.choices.push_back(*std::move(choice));
  }
  return dimension;
}

}  // namespace

Result<std::vector<Dimension>> dimensions_of(const Yaml& node) {
  if (node.kind != Yaml::Kind::map || node.entries.empty())
    return fail_at(node, "found {}, expected a map of names to lists of values", found(node));
  std::vector<Dimension> dimensions;
  std::set<std::string> keys;
  for (const auto& [key, values] : node.entries) {
    if (auto checked = check_key(*key); !checked) return fail(checked.error());
    auto dimension = dimension_of(key, *values);
    if (!dimension) return fail(dimension.error());
    std::set<std::string> own;
    for (const Choice& choice : dimension->choices)
      for (const auto& [name, value] : choice.values) own.insert(name);
    for (const std::string& name : own)
      if (!keys.insert(name).second)
        return fail_at(*key, "the matrix gives '{}' in two dimensions, expected it in one", name);
    dimensions.push_back(*std::move(dimension));
  }
  return dimensions;
}

std::string slug(std::string_view text) {
  std::string pieces;
  std::string piece;
  if (text.size() > 1 && text[0] == '-' && is_digit(text[1])) piece = "-";
  const auto end_piece = [&] {
    // A piece of dots alone is a directory, which tells nothing.
    if (piece.find_first_not_of('.') != std::string::npos) pieces += (pieces.empty() ? "" : "-") + piece;
    piece.clear();
  };
  for (const char c : text) {
    if (is_lower(c) || is_digit(c) || c == '.' || c == '_' || c == '+' || c == ':')
      piece += c;
    else if (is_upper(c))
      piece += static_cast<char>(c - 'A' + 'a');
    else if (piece != "-")
      end_piece();
  }
  end_piece();
  return pieces;
}

bool is_slug(std::string_view text) {
  return !text.empty() && text.size() <= kLongestIdPart &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._+-") == std::string_view::npos;
}

Result<void> Substitution::spend(const Yaml& node, std::size_t nodes, std::size_t bytes) {
  if (nodes > budget_.nodes || bytes > budget_.bytes)
    return fail_at(node, "the cases of this file come to more than {} YAML nodes or {} MiB of text, expected fewer",
                   Budget().nodes, Budget().bytes >> 20);
  budget_.nodes -= nodes;
  budget_.bytes -= bytes;
  return {};
}

Result<YamlNode> Substitution::apply(const YamlNode& node) {
  if (!node->has_brace || node->kind == Yaml::Kind::nothing) {
    if (auto paid = spend(*node, node->nodes, node->bytes); !paid) return fail(paid.error());
    return node;
  }
  if (node->kind == Yaml::Kind::scalar) return apply_text(node);
  if (auto paid = spend(*node, 1, 0); !paid) return fail(paid.error());
  auto copy = std::make_shared<Yaml>();
  copy->kind = node->kind;
  copy->line = node->line;
  copy->column = node->column;
  for (const YamlNode& item : node->items) {
    auto replaced = apply(item);
    if (!replaced) return replaced;
    copy->items.push_back(*std::move(replaced));
  }
  for (const auto& [key, value] : node->entries) {
    auto replaced = apply(value);
    if (!replaced) return replaced;
    copy->entries.emplace_back(key, *std::move(replaced));
  }
  return YamlNode(std::move(copy));
}

Result<YamlNode> Substitution::value_of(const Yaml& node, const std::string& word) {
  if (const auto value = values_.find(word); value != values_.end()) {
    used_.insert(word);
    return value->second;
  }
  std::string known;
  for (const auto& [key, value] : values_) known += fmt::format("{{{}}}, ", key);
  for (const std::string_view key : kReserved) known += fmt::format("{{{}}}, ", key);
  return fail_at(node, "unknown placeholder {{{}}}, expected {}or {{{{{}}}}} for the text itself", word, known, word);
}

Result<YamlNode> Substitution::apply_text(const YamlNode& node) {
  const auto is_reserved = [](std::string_view word) { return std::ranges::find(kReserved, word) != std::end(kReserved); };
  std::string_view rest = node->text;
  if (const std::string_view word = rest.starts_with('{') ? front_placeholder(rest) : "";
      !word.empty() && word.size() + 2 == rest.size() && !is_reserved(word)) {
    auto value = value_of(*node, std::string(word));
    if (!value) return value;
    if (auto paid = spend(*node, (*value)->nodes, (*value)->bytes); !paid) return fail(paid.error());
    return value;
  }
  auto copy = std::make_shared<Yaml>(*node);
  copy->text.clear();
  while (!rest.empty()) {
    const std::size_t plain = std::min(rest.find('{'), rest.size());
    std::string_view piece = rest.substr(0, plain);
    rest.remove_prefix(plain);
    YamlNode value;
    if (piece.empty()) {
      const std::string_view doubled = rest.substr(1).starts_with('{') ? front_placeholder(rest.substr(1)) : "";
      const std::string_view word = front_placeholder(rest);
      if (!doubled.empty() && rest.substr(3 + doubled.size()).starts_with('}')) {
        piece = rest.substr(1, doubled.size() + 2);
        rest.remove_prefix(doubled.size() + 4);
      } else if (word.empty() || is_reserved(word)) {
        piece = rest.substr(0, word.empty() ? 1 : word.size() + 2);
        rest.remove_prefix(piece.size());
      } else {
        auto replacement = value_of(*node, std::string(word));
        if (!replacement) return replacement;
        value = *std::move(replacement);
        if (value->kind != Yaml::Kind::scalar)
          return fail_at(*node, "{{{}}} inside of other text stands for {}, expected a scalar", word, found(*value));
        piece = value->text;
        rest.remove_prefix(word.size() + 2);
      }
    }
    if (auto paid = spend(*node, 0, piece.size()); !paid) return fail(paid.error());
    copy->text += piece;
  }
  if (auto paid = spend(*node, 1, 0); !paid) return fail(paid.error());
  return YamlNode(std::move(copy));
}

}  // namespace sandgauge
