// Calls that differ from raw_call() in what registers hold, and a call whose place in the program is known.
//
//   const std::uint64_t after = address_after_call(Entry::native);
//   stage.load(word_filter(SYS_getppid, {{kLowPointerWord, low_half(after)}}, SECCOMP_RET_ERRNO | EXDEV));
//   stage.fails_with("the call", EXDEV, call_at_known_place(Entry::native, SYS_getppid));
//
// async-signal-safe. The entries of x86 do nothing and return -ENOSYS on other machines.
#pragma once

#include <cstdint>

namespace sandgauge {

enum class Entry : std::int64_t { native, int80 };

/// A call without arguments by an instruction that is nowhere else used.
std::int64_t call_at_known_place(Entry entry, std::int64_t number);
/// The address right after that instruction.
std::uint64_t address_after_call(Entry entry);

/// syscall with all 64 bits of RAX as they are.
std::int64_t call_with_wide_number(std::uint64_t number);
/// int 0x80 with all 64 bits of RBX, RCX, RDX, RSI, RDI and RBP as they are.
std::int64_t call_int80_wide(std::int32_t number, const std::uint64_t (&args)[6]);

}  // namespace sandgauge
