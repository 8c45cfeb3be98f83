// System calls by name and number for each ABI.
//
//   syscall_number(Abi::x86_64, "uname") == 63; syscall_name(Abi::i386, 122) == "uname"; closest_syscall("unmae") == "uname"
//
// The table is Linux 7.2's (syscall_table.inc), not the build machine's, so a profile means the same wherever it is read.
// Numbers are the ABI's own: x32 without bit 30.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/abi.h"

namespace sandgauge {

struct SyscallEntry {
  std::string_view name;
  /// Indexed by Abi; -1 where the ABI does not have the call.
  std::int32_t number[4];
};

/// Every call of every ABI, sorted by name.
std::span<const SyscallEntry> every_syscall();

/// Nothing if the ABI does not have the call.
std::optional<std::int32_t> syscall_number(Abi abi, std::string_view name);
/// Empty if the ABI does not use the number.
std::string_view syscall_name(Abi abi, std::int32_t number);
/// "uname (63)", or "syscall 9999" for a number without a name.
std::string describe_syscall(Abi abi, std::int32_t number);
/// True if any ABI has a call of this name.
bool is_syscall_name(std::string_view name);
/// The known name that differs least from a misspelt one; empty when none is near (edit distance above 2).
std::string_view closest_syscall(std::string_view name);

}  // namespace sandgauge
