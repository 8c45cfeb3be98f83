// Expectation: what a case claims will be seen. Every field that is set is checked; an unset field claims nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/action.h"

namespace sandgauge {

/// The siginfo_t of a SIGSYS, seen by the child's handler or by a tracer (sigaction(2), "SIGSYS").
struct SiginfoExpectation {
  std::optional<int> code;            // si_code; SYS_SECCOMP is 1
  std::optional<int> error;           // si_errno: the TRAP's data
  std::optional<int> syscall;         // si_syscall
  std::optional<std::uint32_t> arch;  // si_arch
  bool operator==(const SiginfoExpectation&) const = default;
};

/// One seccomp stop of the tracer (ptrace(2), PTRACE_EVENT_SECCOMP) for the case's call.
struct TraceExpectation {
  std::optional<std::uint32_t> message;  // PTRACE_GETEVENTMSG
  std::optional<std::uint64_t> count;    // how many stops for that call
  bool operator==(const TraceExpectation&) const = default;
};

/// One notification for the case's call (seccomp_unotify(2)).
struct NotificationExpectation {
  std::optional<std::uint64_t> count;
  /// seccomp_data.args, by index; unset entries are not compared.
  std::vector<std::optional<std::uint64_t>> args;
  bool operator==(const NotificationExpectation&) const = default;
};

/// One audit record of type 1326 for the case's call.
struct AuditExpectation {
  bool none = false;                  // no record at all
  std::optional<int> signal;          // sig=
  std::optional<std::uint32_t> code;  // code=: the return value without its data
  std::optional<std::uint32_t> arch;  // arch=
  std::optional<std::uint64_t> count;
  bool operator==(const AuditExpectation&) const = default;
};

struct Expectation {
  // How the process ended.
  std::optional<int> exit;    // 0 to 255
  std::optional<int> signal;  // the signal that it died of
  std::optional<bool> core;   // the core bit of the wait status
  // What it wrote. "{uid}", "{gid}", "{cwd}", "{sysname}" and "{release}" stand for the facts of the run.
  std::optional<std::string> out;
  std::optional<std::string> err;
  // What became of the case's call (attach call, or the probe program).
  std::optional<Action> action;
  std::optional<int> error;             // it failed with this errno
  std::optional<std::int64_t> returns;  // it returned this value
  std::optional<SiginfoExpectation> siginfo;
  std::optional<TraceExpectation> trace;
  std::optional<NotificationExpectation> notification;
  std::optional<AuditExpectation> audit;
  // Paths, relative to the case's own empty working directory.
  std::vector<std::string> absent;
  std::vector<std::string> present;
  // At most this long from start to end; a bound against hangs, not a measurement.
  std::optional<std::chrono::milliseconds> within;
  bool operator==(const Expectation&) const = default;
};

}  // namespace sandgauge
