// YAML as a tree of plain nodes that know where they stand, and nothing of the library that read them.
//
//   Result<YamlNode> root = parse_yaml("default: ALLOW\n");
//   const YamlNode* action = root->get()->find("default");      // text "ALLOW", line 1, column 10
//   return fail_at(**action, "unknown action, expected ...");   // "1:10: unknown action, expected ..."
//   return in_file("x.yaml", policy_of(**root));                // "x.yaml:1:10: unknown action, expected ..."
//
// Every scalar is text here; what is asked of it decides its type, so `release: 5.10` never turns into 5.1.
// Refused, with line and column: more than 1 MiB, bytes that are not UTF-8, control characters, broken YAML, tags, nothing
// at all, a second document, keys that are not text, duplicate keys, more than 1,000 keys in a map, nesting deeper than 64,
// more than 100,000 nodes or 16 MiB of text. An alias counts as everything it stands for, so time and memory are bounded by
// these numbers. Lines and columns count from 1, columns in bytes; a node behind an alias has the place of its anchor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sandgauge {

struct Yaml;
using YamlNode = std::shared_ptr<const Yaml>;

struct Yaml {
  enum class Kind : std::uint8_t { nothing, scalar, list, map } kind = Kind::nothing;
  int line = 1;
  int column = 1;
  std::string text;                                    // of a scalar
  bool quoted = false;                                 // of a scalar in JSON: it is a string
  std::vector<YamlNode> items;                         // of a list
  std::vector<std::pair<YamlNode, YamlNode>> entries;  // of a map; keys are scalars, each once
  // This node and all below it, aliases counted each time.
  std::size_t nodes = 1;
  std::size_t bytes = 0;
  bool has_brace = false;  // some text holds a '{'

  /// The value of a map's key; null if there is none.
  [[nodiscard]] const YamlNode* find(std::string_view key) const;
};

/// Reads one document. Errors begin "line:column: ".
Result<YamlNode> parse_yaml(std::string_view text);

/// Refuses bytes that are not UTF-8, and control characters other than tabs and line ends. Errors begin "line:column: ".
Result<void> check_text(std::string_view text);

/// The bytes of a file of at most `most` bytes, "-" being standard input. Errors begin with the path.
Result<std::string> read_text(const std::string& path, std::size_t most = 1 << 20);
/// What messages call the file: "<stdin>" for "-".
std::string shown_name(const std::string& path);

/// An error at a node: "line:column: message".
template <class... Args>
[[nodiscard]] Unexpected fail_at(const Yaml& node, fmt::format_string<Args...> format, Args&&... args) {
  return fail("{}:{}: {}", node.line, node.column, fmt::format(format, std::forward<Args>(args)...));
}

/// Gives an error that has no place yet the place of a node.
template <class T>
Result<T> at(const Yaml& node, Result<T> result) {
  if (!result) return fail_at(node, "{}", result.error().message);
  return result;
}

/// Puts the file in front of an error that begins "line:column: ".
template <class T>
Result<T> in_file(const std::string& file, Result<T> result) {
  if (!result) return fail("{}:{}", file, result.error().message);
  return result;
}

}  // namespace sandgauge
