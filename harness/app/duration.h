// Durations on the command line: "500ms", "5s", "2m", "2.5" (seconds).
#pragma once

#include <chrono>
#include <string_view>

#include "base/result.h"

namespace sandgauge {

/// From 1 ms to one day. An error says what was expected.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace sandgauge
