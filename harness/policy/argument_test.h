// Tests of syscall arguments as text.
//
//   parse_argument_test("arg2 & 0xff == 0x3")   // index 2, masked_equal, mask 0xff, value 3
//
// Grammar: argN OP number | argN & mask == number, with N from 0 to 5, OP one of == != < <= > >=, spaces optional.
// All compare 64 bits without sign; -1 is 0xffffffffffffffff. Errors have no place.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "model/policy.h"

namespace sandgauge {

Result<ArgumentTest> parse_argument_test(std::string_view text);
/// "==", "<=", ... or OCI's SCMP_CMP_EQ, SCMP_CMP_LE, ... (SCMP_CMP_MASKED_EQ only so). Nothing for another text.
std::optional<Compare> parse_compare(std::string_view text);

}  // namespace sandgauge
