// A call that waits for a listener's answer, in a trial's child.
//
//   Listened listened;
//   if (!listen_to_call(witness, listened)) return;       // the witness has said why
//   reply(witness, listened, {.id = listened.notification.id, .val = 42});
//   listened.result() == 42;
//
// A helper makes the call; its parent, the trial, is the listener. Only a trial's child may use it.
#pragma once

#include <linux/seccomp.h>
#include <sys/ioctl.h>

#include <cstdint>
#include <functional>
#include <optional>

#include "base/shared_slot.h"
#include "base/unique_fd.h"
#include "kernel/trial.h"

namespace sandgauge {

// Newer than Debian 12's headers. Source: Linux include/uapi/linux/seccomp.h.
inline constexpr unsigned long kFlagWaitKillable = 1UL << 5;                    // SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
inline constexpr unsigned long kIoctlSetFlags = SECCOMP_IOW(4, std::uint64_t);  // SECCOMP_IOCTL_NOTIF_SET_FLAGS
inline constexpr unsigned long kSyncWakeUp = 1UL;                               // SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP

/// What the helper tells of itself.
struct CallerNote {
  long load_result;  // a descriptor, or -errno
  long call_result;  // of the call, or -errno
  int returned;
  int signals;  // how often its handler of SIGUSR1 ran
  int ran_before_return;
};

struct Listened {
  pid_t caller = -1;
  UniqueFd listener;
  seccomp_notif notification{};
  std::optional<SharedSlot<CallerNote>> note;

  /// Waits for the caller's end. What the call gave, or -errno; -EINTR if it never came back.
  [[nodiscard]] long result() const;
};

/// Starts a helper that loads a filter with a listener (and `flags`) and makes the call that trials deny; takes over the
/// listener. On failure the witness says why, and false is returned.
bool start_caller(Witness& witness, Listened& listened, unsigned long flags = 0);
/// start_caller(), then receives the notification.
bool listen_to_call(Witness& witness, Listened& listened, unsigned long flags = 0);
bool receive(Witness& witness, Listened& listened);
/// SECCOMP_IOCTL_NOTIF_SEND.
bool reply(Witness& witness, const Listened& listened, seccomp_notif_resp response);

}  // namespace sandgauge
