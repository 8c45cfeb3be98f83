// Words shared by the sentences of this folder.
//
//   join({"KILL", "KILL_PROCESS", "TRAP"}, "or") == "KILL, KILL_PROCESS or TRAP"
//   call_of(63, 0xc000003e)->abi == Abi::x86_64
//   result_text(-1) == "failed with EPERM"
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/call.h"

namespace sandgauge {

/// The last two joined by `last`; of more than eight, the first seven and "others".
std::string join(const std::vector<std::string>& parts, std::string_view last);

/// The call of a raw number (x32 with bit 30) and AUDIT_ARCH_*; nothing for an arch that is not ours.
std::optional<Call> call_of(std::int32_t number, std::uint32_t arch);
/// "uname (63), x86_64", or the plain numbers of an arch that is not ours.
std::string describe_call(std::int32_t number, std::uint32_t arch);

/// The errno of a raw result from -4095 to -1 (MAX_ERRNO, include/linux/err.h); nothing for a success.
std::optional<int> errno_of(std::int64_t result);
/// "failed with EPERM", "returned 7".
std::string result_text(std::int64_t result);

}  // namespace sandgauge
