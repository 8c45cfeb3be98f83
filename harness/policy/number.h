// Integers as people write them in policies and cases.
//
//   parse_word("0x1f") == 31; parse_word("-1") == 0xffffffffffffffff; parse_integer("0o755", 0, 4095) == 493
//
// Decimal, 0x hexadecimal or 0o octal, with an optional '-'. A leading zero ("0755") is refused: C reads it as octal and
// YAML 1.2 as decimal. The message says what was found and what was expected, without a place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sandgauge {

/// 64 bits, as in a register: from -2^63 to 2^64-1, negative numbers as two's complement.
Result<std::uint64_t> parse_word(std::string_view text);
/// A number from `least` to `most`.
Result<std::int64_t> parse_integer(std::string_view text, std::int64_t least, std::int64_t most);
/// True if the text begins as a number does: with a digit, or '-' and a digit.
bool starts_like_number(std::string_view text);

}  // namespace sandgauge
