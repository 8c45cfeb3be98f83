// What `sandgauge check` found, as JSON, and back. docs/report-formats.md describes every field.
//
//   std::string text = to_json(report);                                 // {"schema": "sandgauge.check/1", ...
//   Result<CapabilityReport> before = read_capabilities(text, "old.json");
//
// Writing never fails: bytes that are not UTF-8 are replaced by U+FFFD. Reading refuses what to_json() would not write, and
// names the file and the place: "old.json: capabilities[3].works.standing: expected one of ..., found 'maybe'".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/capability.h"

namespace sandgauge {

/// One object, indented by two spaces, ended by '\n'.
std::string to_json(const CapabilityReport& report);

/// One object, schema "sandgauge.check-list/1": what is the same on every machine.
std::string list_json(const std::vector<Capability>& capabilities);

/// `name` is only for messages. Fields that it does not know are ignored, so that a later version may add some.
Result<CapabilityReport> read_capabilities(std::string_view text, const std::string& name);

}  // namespace sandgauge
