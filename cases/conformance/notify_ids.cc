// SECCOMP_IOCTL_NOTIF_ID_VALID, SECCOMP_IOCTL_NOTIF_SET_FLAGS, and ioctls that a listener does not have.
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>

#include "conformance/asked_listener.h"
#include "conformance/notify.h"

namespace sandgauge {
namespace {

constexpr std::int64_t kReply = 0x5EC0;

void finish(const AskedListener& listener, const Caller& caller, std::uint64_t id) {
  listener.stage().equal("the reply", 0, listener.reply({.id = id, .val = kReply}));
  listener.stage().exited("the caller", 0, caller.end());
}

void set_flags(const AskedListener& listener, std::uint64_t flags) {
  listener.stage().equal("setting the flags", 0,
                         listener_request(listener.fd(), kSetFlags, reinterpret_cast<const void*>(flags)));
}

/// Parameter: the ioctl's number.
void valid(Stage& stage) {
  const auto asked = static_cast<unsigned long>(stage.parameter(0));
  AskedListener listener(stage);
  const Caller caller(listener, [&] { stage.equal("the call", kReply, raw_syscall(SYS_getppid)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  const std::uint64_t other = request.id + 1;
  stage.equal("the id of a call that waits for its reply", 0, listener_request(listener.fd(), asked, &request.id));
  stage.equal("the same id once more", 0, listener_request(listener.fd(), asked, &request.id));
  stage.fails_with("an id that nobody has", ENOENT, listener_request(listener.fd(), asked, &other));
  finish(listener, caller, request.id);
  stage.fails_with("the id of a call that is over", ENOENT, listener_request(listener.fd(), asked, &request.id));
}

void valid_before_receiving(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] {
    stage.equal("the first call", kReply, raw_syscall(SYS_getppid));
    stage.equal("the second call", kReply, raw_syscall(SYS_getppid));
  });
  seccomp_notif first{};
  seccomp_notif second{};
  if (!caller.notifies(first)) return;
  stage.equal("the first reply", 0, listener.reply({.id = first.id, .val = kReply}));
  if (!caller.pending()) return;
  // Ids are counted up (kernel/seccomp.c, seccomp_next_notify_id): this one is known before it is received.
  stage.fails_with("the next id, not received", ENOENT, listener.id_valid(first.id + 1));
  if (!caller.notifies(second)) return;
  stage.equal("the next id, received", 0, listener.id_valid(first.id + 1));
  finish(listener, caller, second.id);
}

void valid_of_a_dead_caller(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] {
    raw_syscall(SYS_getppid);
    stage.never("the call came back");
  });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  stage.equal("its id while it waits", 0, listener.id_valid(request.id));
  caller.send(SIGKILL);
  stage.killed("the caller", SIGKILL, caller.end());
  stage.fails_with("its id", ENOENT, listener.id_valid(request.id));
}

void valid_bad_address(Stage& stage) {
  const AskedListener listener(stage, {.as_it_is = true});
  stage.fails_with("no address", EFAULT, listener_request(listener.fd(), SECCOMP_IOCTL_NOTIF_ID_VALID, nullptr));
}

/// Parameter: the ioctl's number.
void unknown_ioctl(Stage& stage) {
  const AskedListener listener(stage, {.as_it_is = true});
  std::uint64_t argument[16] = {};
  stage.fails_with("the ioctl", EINVAL,
                   listener_request(listener.fd(), static_cast<unsigned long>(stage.parameter(0)), argument));
}

void sync_wake_up(Stage& stage) {
  AskedListener listener(stage);
  set_flags(listener, kSyncWakeUp);
  const Caller caller(listener, [&] {
    stage.equal("the first call", kReply, raw_syscall(SYS_getppid));
    stage.equal("the second call", kReply, raw_syscall(SYS_getppid));
  });
  seccomp_notif first{};
  seccomp_notif second{};
  if (!caller.notifies(first)) return;
  stage.equal("the first reply", 0, listener.reply({.id = first.id, .val = kReply}));
  if (!caller.notifies(second)) return;
  set_flags(listener, 0);
  finish(listener, caller, second.id);
}

/// Parameter: the flags.
void refused_flags(Stage& stage) {
  const AskedListener listener(stage, {.as_it_is = true});
  stage.fails_with("setting the flags", EINVAL,
                   listener_request(listener.fd(), kSetFlags, reinterpret_cast<const void*>(stage.parameter(0))));
}

Scenario flag_refusal(const char* name, const char* title, std::int64_t flags) {
  return {.name = name,
          .title = title,
          .why = "A supervisor has to find out that this kernel does not have what it asks for.",
          .source = "kernel/seccomp.c, seccomp_notify_set_flags",
          .run = refused_flags,
          .needs = {.since = KernelVersion{6, 6}},
          .parameters = {flags}};
}

}  // namespace

std::vector<Scenario> notify_id_scenarios() {
  constexpr KernelVersion kFlags{6, 6};
  return {
      {.name = "id-valid",
       .title = "ID_VALID is 0 while the call waits for its reply, ENOENT for any other id and when the call is over",
       .why = "It is how a supervisor knows that /proc/PID is still that of the caller.",
       .source = "seccomp_unotify(2), SECCOMP_IOCTL_NOTIF_ID_VALID",
       .also = "kselftest: user_notification_kill_in_middle",
       .run = valid,
       .parameters = {static_cast<std::int64_t>(SECCOMP_IOCTL_NOTIF_ID_VALID)}},
      {.name = "id-valid-wrong-direction",
       .title = "ID_VALID by its first number, which has the direction of the argument wrong, is the same",
       .why = "Supervisors that were built before Linux 5.9 still use it.",
       .source = "linux/seccomp.h, SECCOMP_IOCTL_NOTIF_ID_VALID_WRONG_DIR",
       .also = "kselftest: user_notification_kill_in_middle",
       .run = valid,
       .parameters = {static_cast<std::int64_t>(kIdValidWrongWay)}},
      {.name = "id-valid-not-received",
       .title = "ID_VALID is ENOENT for a call that was not received yet",
       .why = "A guessed id must not look like one that somebody handles.",
       .source = "kernel/seccomp.c, seccomp_notify_id_valid (SECCOMP_NOTIFY_SENT)",
       .run = valid_before_receiving},
      {.name = "id-valid-dead-caller",
       .title = "ID_VALID is ENOENT when the caller was killed",
       .why = "Its PID may be another program's by now.",
       .source = "seccomp_unotify(2), SECCOMP_IOCTL_NOTIF_ID_VALID",
       .also = "kselftest: user_notification_kill_in_middle",
       .run = valid_of_a_dead_caller},
      {.name = "id-valid-bad-address",
       .title = "ID_VALID of an address without memory is EFAULT",
       .why = "It must not be taken for the answer about some id.",
       .source = "kernel/seccomp.c, seccomp_notify_id_valid",
       .run = valid_bad_address},
      {.name = "unknown-ioctl",
       .title = "An ioctl that a listener does not have is EINVAL",
       .why = "Supervisors ask so for what a kernel can do.",
       .source = "kernel/seccomp.c, seccomp_notify_ioctl",
       .run = unknown_ioctl,
       .parameters = {static_cast<std::int64_t>(_IOWR(SECCOMP_IOC_MAGIC, 99, std::uint64_t[16]))}},
      {.name = "ioctl-other-size",
       .title = "RECV of a structure of another size is EINVAL",
       .why = "The size is part of the number, so that no kernel writes more than there is room for.",
       .source = "kernel/seccomp.c, seccomp_notify_ioctl",
       .run = unknown_ioctl,
       .parameters = {static_cast<std::int64_t>(_IOWR(SECCOMP_IOC_MAGIC, 0, std::uint64_t[8]))}},
      {.name = "sync-wake-up",
       .title = "Calls are notified and answered with SYNC_WAKE_UP, and when it is taken back",
       .why = "It makes notifications cheaper, and must change nothing else.",
       .source = "kernel/seccomp.c, seccomp_notify_set_flags",
       .also = "kselftest: user_notification_sync",
       .run = sync_wake_up,
       .needs = {.since = kFlags}},
      flag_refusal("set-flags-unknown", "SET_FLAGS with the unknown flag 2 is EINVAL", 2),
      flag_refusal("set-flags-unknown-beside", "SET_FLAGS with an unknown flag beside SYNC_WAKE_UP is EINVAL", 3),
      flag_refusal("set-flags-high-half", "SET_FLAGS with bit 32 is EINVAL: all 64 bits count", 0x100000000),
      {.name = "set-flags-before",
       .title = "Before Linux 6.6 there is no SET_FLAGS: EINVAL",
       .why = "A supervisor has to find out that this kernel does not have it.",
       .source = "kernel/seccomp.c, seccomp_notify_ioctl",
       .run = refused_flags,
       .needs = {.until = KernelVersion{6, 5}},
       .parameters = {static_cast<std::int64_t>(kSyncWakeUp)}},
  };
}

}  // namespace sandgauge
