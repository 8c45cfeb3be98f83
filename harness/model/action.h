// What a filter tells the kernel to do with a system call.
//
//   Action deny = errno_action(EPERM);
//   to_string(deny) == "ERRNO(EPERM)"; return_value(deny) == 0x00050001; parse_action("SCMP_ACT_KILL")->kind == kill_thread
//
// Spellings: KILL (thread; alias KILL_THREAD), KILL_PROCESS, TRAP, TRAP(n), ERRNO(EPERM), TRACE(7), LOG, ALLOW, NOTIFY,
// and OCI's SCMP_ACT_*. parse_action() says what was wrong and what it expected.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sandgauge {

/// In the kernel's order of precedence, strictest first (seccomp(2), "SECCOMP_RET_..."), so that < means stricter.
enum class ActionKind : std::uint8_t { kill_process, kill_thread, trap, error, notify, trace, log, allow };

inline constexpr ActionKind kEveryActionKind[] = {ActionKind::kill_process, ActionKind::kill_thread, ActionKind::trap,
                                                  ActionKind::error,        ActionKind::notify,      ActionKind::trace,
                                                  ActionKind::log,          ActionKind::allow};

struct Action {
  ActionKind kind = ActionKind::allow;
  /// SECCOMP_RET_DATA: the errno of `error`, the message of `trace`, si_errno of `trap`; 0 for the others.
  std::uint16_t data = 0;
  auto operator<=>(const Action&) const = default;
};

/// What ERRNO can answer with: MAX_ERRNO in the kernel's include/linux/err.h.
inline constexpr std::uint16_t kHighestErrno = 4095;

constexpr Action errno_action(std::uint16_t error) { return {ActionKind::error, error}; }

/// SECCOMP_RET_* with the data in the low 16 bits (linux/seccomp.h).
std::uint32_t return_value(Action action);

/// What the kernel makes of a filter's return value: an unknown action acts as KILL_PROCESS, and the data of an action
/// that ignores it is dropped (kernel/seccomp.c, __seccomp_filter). ERRNO's data above 4095 acts as 4095 (MAX_ERRNO).
Action action_of_return_value(std::uint32_t value);

/// "ERRNO(EPERM)", "TRACE(7)", "TRAP", "KILL"; TRAP's data is shown only when it is not 0.
std::string to_string(Action action);
/// "KILL", "KILL_PROCESS", "TRAP", "ERRNO", "TRACE", "LOG", "ALLOW", "NOTIFY".
std::string_view kind_name(ActionKind kind);

/// Reads any spelling above. ERRNO takes a name or a number from 0 to 4095, TRAP and TRACE a number from 0 to 65535;
/// ERRNO without a number is EPERM (OCI's default), TRACE and TRAP without one are 0.
Result<Action> parse_action(std::string_view text);

}  // namespace sandgauge
