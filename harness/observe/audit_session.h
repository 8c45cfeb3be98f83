// An audit session of this process's own: a number that all its descendants have, whatever becomes of their parents, and
// that stands as ses= in each of their audit records.
//
//   Result<std::uint32_t> session = begin_audit_session();
//   ... run a program ...
//   record.session == *session                    // the program's, or that of a process that came of it
//
// The kernel gives out a new number when a process says who logged in (proc(5), /proc/PID/loginuid; Linux kernel/audit.c,
// audit_set_loginuid). The first to say so needs no privilege, any other CAP_AUDIT_CONTROL. Who logged in stays as it was;
// if nobody had, it becomes the process's real user.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace sandgauge {

/// Puts the calling process into a new session and returns its number. Fails where it may not say who logged in, and on
/// kernels without audit.
Result<std::uint32_t> begin_audit_session();

/// Whether begin_audit_session() would work here. `privileged`: the process has CAP_AUDIT_CONTROL.
bool can_begin_audit_session(bool privileged);

}  // namespace sandgauge
