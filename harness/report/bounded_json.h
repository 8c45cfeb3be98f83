// JSON that anybody may have written, read in bounded time and memory.
//
//   const auto json = parse_bounded(text);
//   if (!json) return fail("{} is {}", name, json.error().message);      // "x.json is not JSON"
//
// Internal to report/: it shows nlohmann's type. The message says what the text is: "not JSON", "JSON nested deeper than 16
// levels", "JSON with more than 1000 keys in an object", "JSON of more than 5000000 values". None of our reports is.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/result.h"

namespace sandgauge {

Result<nlohmann::ordered_json> parse_bounded(std::string_view text);

}  // namespace sandgauge
