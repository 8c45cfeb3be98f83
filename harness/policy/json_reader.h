// JSON as the same tree of nodes that YAML gives (policy/yaml_reader.h), so that one set of typed readers serves both.
//
//   Result<YamlNode> root = parse_json(R"({"defaultAction": "SCMP_ACT_ALLOW"})");
//   const YamlNode* action = root->get()->find("defaultAction");         // text "SCMP_ACT_ALLOW", line 1, column 19
//   return in_json_file("p.json", **root, profile_of(**root));           // "p.json:1:19: defaultAction: unknown action ..."
//
// Strings, numbers, true and false are scalars; `quoted` tells a string from the others. A number keeps its digits.
// Refused, with line and column: more than 1 MiB, bytes that are not UTF-8, control characters, broken JSON, duplicate keys,
// more than 1,000 keys in an object, nesting deeper than 64, more than 100,000 values, a NUL in a string.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/yaml_reader.h"

namespace sandgauge {

/// Reads one JSON text (RFC 8259). Errors begin "line:column: ".
Result<YamlNode> parse_json(std::string_view text);

/// Where the node at this place stands: "syscalls[3].args[0].op"; empty for the root and for a place without a node.
std::string json_path(const Yaml& root, int line, int column);

/// Puts the file, and where there is one the path, into an error that begins "line:column: ".
Error in_json_file(const std::string& file, const Yaml& root, const Error& error);

}  // namespace sandgauge
