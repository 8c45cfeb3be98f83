// Typed reading of YAML nodes.
//
//   Fields fields(node);                                       // of a map
//   fields.take("exit", expect.exit, [](const Yaml& value) { return integer_of(value, 0, 255); });
//   fields.take("absent", expect.absent, [](const Yaml& value) { return one_or_list_of(value, text_of); });
//   if (auto read = fields.end(); !read) return fail(read.error());
//
// Every error begins "line:column: " and says what was found and what was expected. Fields keeps the first error and then
// reads no more; end() also refuses every key that no take() asked for, and names the nearest one that was asked for.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/number.h"
#include "policy/yaml_reader.h"

namespace sandgauge {

/// "'text'", "a list", "a map", "nothing": the node in a message.
std::string found(const Yaml& node);
/// "a, b or c".
std::string alternatives(const std::vector<std::string_view>& words);
/// The one of `words` that differs least from a misspelt one; empty when none is near (edit distance above 2).
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> words);

/// A scalar; `expected` is for the message of anything else.
Result<std::string> scalar_of(const Yaml& node, std::string_view expected);
Result<std::string> text_of(const Yaml& node);
/// A scalar that can be a word of some vocabulary: at most 100 bytes on one line.
Result<std::string> term_of(const Yaml& node, std::string_view expected);
/// Text that is not empty.
Result<std::string> filled_text_of(const Yaml& node);
Result<std::int64_t> integer_of(const Yaml& node, std::int64_t least, std::int64_t most);
/// 64 bits; negative numbers as two's complement.
Result<std::uint64_t> word_of(const Yaml& node);
/// "true" or "false".
Result<bool> boolean_of(const Yaml& node);
/// "2s", "500ms", or whole seconds without a unit; from 1 ms to 24 h.
Result<std::chrono::milliseconds> duration_of(const Yaml& node);
/// One of the given words.
template <class T>
Result<T> choice_of(const Yaml& node, std::initializer_list<std::pair<std::string_view, T>> choices) {
  for (const auto& [word, value] : choices)
    if (node.kind == Yaml::Kind::scalar && node.text == word) return value;
  std::vector<std::string_view> words;
  for (const auto& [word, value] : choices) words.push_back(word);
  return fail_at(node, "found {}, expected {}", found(node), alternatives(words));
}

template <class Read>
using ItemOf = std::decay_t<decltype(*std::declval<Read>()(std::declval<const Yaml&>()))>;

/// A list, each item read by `read`; it may be empty.
template <class Read>
Result<std::vector<ItemOf<Read>>> list_of(const Yaml& node, Read read) {
  if (node.kind != Yaml::Kind::list) return fail_at(node, "found {}, expected a list", found(node));
  std::vector<ItemOf<Read>> items;
  items.reserve(node.items.size());
  for (const YamlNode& item : node.items) {
    auto value = read(*item);
    if (!value) return fail(value.error());
    items.push_back(*std::move(value));
  }
  return items;
}

/// A list of at least one item, or the single item without the list.
template <class Read>
Result<std::vector<ItemOf<Read>>> one_or_list_of(const Yaml& node, Read read) {
  if (node.kind == Yaml::Kind::list) {
    if (node.items.empty()) return fail_at(node, "found an empty list, expected at least one entry");
    return list_of(node, read);
  }
  auto value = read(node);
  if (!value) return fail(value.error());
  return std::vector<ItemOf<Read>>{*std::move(value)};
}

/// The keys of one map, taken one by one.
class Fields {
 public:
  explicit Fields(const Yaml& node);

  [[nodiscard]] bool has(std::string_view key) const { return node_.find(key) != nullptr; }

  /// Reads the key by `read(const Yaml&) -> Result<...>` into `into`. A key that is not there leaves `into` alone.
  template <class T, class Read>
  void take(std::string_view key, T& into, Read read) {
    known_.push_back(key);
    const YamlNode* node = error_ ? nullptr : node_.find(key);
    if (node == nullptr) return;
    auto value = read(**node);
    if (value)
      into = *std::move(value);
    else
      error_ = value.error();
  }

  /// The first error, or that of an unknown key.
  Result<void> end() const;
  /// The first error, whatever other keys there are.
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  /// The keys that no take() asked for, and what is wrong with each: "unknown key 'x', did you mean 'y'?".
  [[nodiscard]] std::vector<std::pair<YamlNode, std::string>> unknown() const;

 private:
  const Yaml& node_;
  std::vector<std::string_view> known_;
  std::optional<Error> error_;
};

}  // namespace sandgauge
