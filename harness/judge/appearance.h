// Appearance: what an action on the case's call looks like through a probe. Two actions that look the same cannot be told
// apart by that probe, and a case that rests on it proves nothing.
//
//   View view = view_of(test, Probe{.handler = true}, host);
//   appearance({ActionKind::trap, 5}, view).sigsys_data == 5;   // the handler reads it from si_errno
//   appearance({ActionKind::kill_thread, 0}, view) == appearance({ActionKind::kill_process, 0}, view);   // one thread only
//
// Nothing here fails. What the kernel does was taken from kernel/seccomp.c, __seccomp_filter, and tried on Linux 6.18.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "model/case.h"

namespace sandgauge {

/// What happens to the caller when the call runs.
enum class Running : std::uint8_t {
  returns,
  ends_thread,   // exit(2)
  ends_process,  // exit_group(2), and what replaces the caller's context: execve(2), rt_sigreturn(2)
};

/// All that decides, besides the action, what is seen of the case's call.
struct View {
  Probe probe;  // handler and threads are false with attach exec: the program is somebody else's
  Attach attach = Attach::call;
  /// The call's result shows: always with attach call, with attach exec where the case says what the program makes of it.
  bool result_seen = true;
  TracerPlan tracer;
  ListenerPlan listener;
  Running running = Running::returns;
  /// The call fails with this when it runs; unset: it is taken to succeed.
  std::optional<int> own_error;
  std::set<std::string> actions_logged;  // kernel.seccomp.actions_logged
};

/// The result is seen with attach exec if the case expects an exit code, output, a path or the call's result. A call of an
/// ABI that the kernel does not run, or of a number without a name, fails with ENOSYS.
View view_of(const Case& test, const Probe& probe, const Host& host);

struct Appearance {
  enum class Death : std::uint8_t { none, thread, process } death = Death::none;  // by SIGSYS
  std::optional<std::uint16_t> sigsys_data;    // si_errno of the SIGSYS that a handler or a tracer sees
  std::optional<std::int64_t> result;          // a call that succeeds counts as 0: nobody knows what else it would return
  std::optional<std::uint32_t> trace_message;  // of the tracer's seccomp stop
  bool notified = false;                       // the listener gets a notification
  std::optional<std::uint32_t> audit_code;     // of the call's audit record; nothing: no record, or nobody reads them
  bool operator==(const Appearance&) const = default;
};

/// ERRNO(0) looks like a call that ran and returned 0; only an audit record tells. TRACE without a tracer and NOTIFY without
/// a listener fail with ENOSYS (seccomp(2)).
Appearance appearance(Action action, const View& view);

/// True if the kernel goes on to run the call: ALLOW, LOG, and TRACE or NOTIFY whose watcher proceeds.
bool runs(Action action, const View& view);

/// The word of kernel.seccomp.actions_logged that lets the action be recorded; empty for ALLOW, which never is.
std::string_view logged_word(ActionKind kind);

}  // namespace sandgauge
