// Policies of minijail0 -S, a call a line.
//
//   read: 1
//   open: arg1 in O_RDONLY|O_CLOEXEC; return EPERM
//   socket: arg0 == AF_UNIX || arg0 == AF_INET && arg1 & 0x1
//   ptrace: return ENOSYS
//
//   Result<Profile> profile = parse_minijail(text, "app.policy");     // "app.policy:2:7: ..."
//
// Meaning (its syscall_filter.c and bpf.c): a call is allowed where its expression holds, else it gets the errno after
// `return`, else KILL, as every call without a line. All 64 bits are compared. `&` holds if any of the bits is set, `in` if
// no other is; && binds closer than ||. Calls of other ABIs get KILL. Constants are numbers, names of <fcntl.h>,
// <sys/mman.h>, <sys/socket.h>, <sched.h> and <sys/stat.h>, errnos and signals, joined by | and turned by ~. A backslash at
// the end of a line joins the next. @include is done before this (policy/include.h); @frequency is not read: it says nothing
// about decisions.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/profile.h"

namespace sandgauge {

Result<Profile> parse_minijail(std::string_view text, const std::string& file, Abi machine);
/// Only a default of KILL can be said, and for each call what allows it and one errno.
WrittenProfile to_minijail(const Policy& policy);

}  // namespace sandgauge
