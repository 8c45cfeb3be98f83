// The formats that a run can be reported in, by the names that the command line takes.
//
//   Result<Format> format = parse_format("junit");
//
// A name that is none of ours is an error that lists them.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace sandgauge {

enum class Format : std::uint8_t { text, tap, junit, json };

/// Takes "text", "tap", "junit" or "json", in lower case.
Result<Format> parse_format(std::string_view name);

}  // namespace sandgauge
