// A matrix: one case written once, run for every combination of some values.
//
//   matrix:
//     action: [KILL, ERRNO(EPERM)]                                   # a dimension of two choices
//     of: [{n: 1, name: one}, {n: 2, name: two}]                     # keys that vary together; `name` is for the id
//
//   Result<std::vector<Dimension>> dimensions = dimensions_of(node);
//   Substitution substitution(values, budget);
//   Result<YamlNode> spelled_out = substitution.apply(case_node);    // "{action}" -> KILL
//
// Text that is nothing but "{key}" becomes the value itself, of whatever type and with its place; inside of longer text the
// value has to be a scalar. {uid}, {gid}, {cwd}, {sysname} and {release} stay for the judge, "{{word}}" becomes "{word}",
// and any other {word} is an error. What was put in is not looked at again. Errors begin "line:column: ".
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "policy/yaml_reader.h"

namespace sandgauge {

/// One value of a dimension, or several that go together, and its part of the case's id.
struct Choice {
  std::vector<std::pair<std::string, YamlNode>> values;
  std::string id;
};

struct Dimension {
  YamlNode key;
  std::vector<Choice> choices;  // at least one
};

/// In the order of the file.
Result<std::vector<Dimension>> dimensions_of(const Yaml& node);

/// A value as a part of an id: "ERRNO(EPERM)" -> "errno-eperm", "libseccomp:2" -> "libseccomp:2", "./my-app" -> "my-app".
/// Empty if nothing is left.
std::string slug(std::string_view text);
/// 1 to 64 of lower-case letters, digits, and ._+-.
bool is_slug(std::string_view text);

/// What all cases of a file may still take up: a matrix multiplies.
struct Budget {
  std::size_t nodes = 1'000'000;
  std::size_t bytes = 64 << 20;
};

class Substitution {
 public:
  Substitution(std::map<std::string, YamlNode> values, Budget& budget) : values_(std::move(values)), budget_(budget) {}

  /// The node with every {key} replaced; nodes without any are shared, not copied.
  Result<YamlNode> apply(const YamlNode& node);
  /// The keys that apply() replaced so far.
  [[nodiscard]] const std::set<std::string>& used() const { return used_; }

 private:
  Result<void> spend(const Yaml& node, std::size_t nodes, std::size_t bytes);
  Result<YamlNode> apply_text(const YamlNode& node);
  Result<YamlNode> value_of(const Yaml& node, const std::string& word);

  std::map<std::string, YamlNode> values_;
  Budget& budget_;
  std::set<std::string> used_;
};

}  // namespace sandgauge
