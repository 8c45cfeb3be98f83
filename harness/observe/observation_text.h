// Logs of what a program did, as an Observation: what users of strace(1) and of the audit log already have.
//
//   Result<Observation> seen = parse_observation(text, "strace.log");
//
// Recognised line by line, and mixed as they come:
//   % time     seconds  usecs/call     calls    errors syscall      the table of strace -c, with any columns, up to its
//   total
//        calls    errors syscall                                    the table of sandgauge learn
//   [pid 7] openat(AT_FDCWD, "x", O_RDONLY) = 3                     a log of strace, with -f, -t, -r, -i, -n and their like
//   type=1326 audit(1606791644.847:499): ... arch=c000003e syscall=102 ...    audit records, also as the kernel logs them
//   {"sequence": 499, "messages": [{"type": 1326, "data": "..."}]}  go-audit's JSON lines
// Other lines are passed over, for such logs hold much else. A log and a table of strace in one text are taken as two views
// of the same calls, as strace -C writes them. Fails for a text in which no call is found, for a line of one of these forms
// that is broken or cut, and for more than 64 MiB. Errors begin "file:line: ".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/observation.h"

namespace sandgauge {

inline constexpr std::size_t kLargestObservation = std::size_t{64} << 20;

Result<Observation> parse_observation(std::string_view text, const std::string& file);
/// True if one of the first 1,000 lines has one of the forms above. A profile has none.
bool looks_like_observation(std::string_view text);

}  // namespace sandgauge
