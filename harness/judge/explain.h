// An outcome in words.
//
//   explain_end(outcome) == "killed by SIGSYS: KILL_PROCESS on uname (63), x86_64; the audit record says code=0x80000000
//   sig=31" for (const std::string& line : facts(trial)) fmt::print("  {}\n", line);
//
// Nothing here fails. Output of the child is escaped and cut, so a line stays a line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "judge/judge.h"

namespace sandgauge {

/// How the child ended and, for a death by SIGSYS, which action on which call did it, as far as records or the tracer tell.
std::string explain_end(const Outcome& outcome);

/// What was predicted and seen, a line each: the predictions, the kernel's action, the end, output, the call, and at most
/// five each of the SIGSYS, seccomp stops, notifications and audit records.
std::vector<std::string> facts(const Trial& trial);

/// In bytes, before escaping.
inline constexpr std::size_t kLongestExcerpt = 400;
/// In double quotes, with quotes, control characters and bytes that are not ASCII escaped; cut at kLongestExcerpt.
std::string excerpt(std::string_view text);

}  // namespace sandgauge
