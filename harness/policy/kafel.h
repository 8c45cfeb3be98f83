// Policies in Kafel's language (nsjail, sandboxed-api).
//
//   #define MODE 0x1
//   POLICY base { ALLOW { read, write { fd == 1 || fd == 2 } }, KILL { SYSCALL[101] } }
//   USE base DEFAULT ERRNO(1)
//
//   Result<Profile> profile = parse_kafel(text, "base.policy");     // "base.policy:2:30: argument 'df' ..."
//
// Meaning (its README and codegen.c): the first rule that matches decides; USE stands for the other policy's rules; without
// DEFAULT it is KILL; calls of another arch get KILL. An argument that the kernel declares with 32 bits is compared with its
// lower half only. The filter does not look at x32's bit: with a default other than KILL a note says that x32 calls get the
// default. Arguments have the names of the kernel's sources or the man pages for the calls that are filtered by argument
// most; for others, and for other names, write them out: `futex(uaddr, op) { op == 0 }`.
// #include "FILE" is done before this (policy/include.h), at the start of a line. Limits: 1 MiB, 100,000 words, 64 levels of
// parentheses and of USE.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/profile.h"

namespace sandgauge {

Result<Profile> parse_kafel(std::string_view text, const std::string& file, Abi machine);
/// Calls are written as SYSCALL[number], which every version of Kafel reads, and whose arguments have 64 bits.
WrittenProfile to_kafel(const Policy& policy);

}  // namespace sandgauge
