// Runs, results and case lists as JSON. docs/report-formats.md describes every field.
//
//   std::string whole = to_json(report);                // {"schema": "sandgauge.run/1", ...
//   std::string line = encode_result(result) + "\n";    // what a worker writes to its pipe
//   Result<CaseResult> back = decode_result(line);      // == result
//
// Writing never fails: bytes that are not UTF-8 are replaced by U+FFFD. Reading refuses what encode_result() would not
// write (not JSON, a field that is missing or of another type, an unknown status), and names the field.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/case.h"
#include "model/verdict.h"

namespace sandgauge {

/// One object, schema "sandgauge.run/1", indented by two spaces, ended by '\n'.
std::string to_json(const Report& report);

/// One object, schema "sandgauge.list/1", of the cases that would run.
std::string list_json(const std::vector<Case>& cases);

/// One line without its '\n': the object that stands for the result in to_json().
std::string encode_result(const CaseResult& result);
/// Gives back what encode_result() was given, if all of its text was UTF-8.
Result<CaseResult> decode_result(std::string_view line);

}  // namespace sandgauge
