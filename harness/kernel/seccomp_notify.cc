// seccomp: what a listener can do with a notification.
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>

#include "base/shared_slot.h"
#include "kernel/filter_call.h"
#include "kernel/listener.h"
#include "kernel/rows.h"
#include "kernel/trial.h"

namespace sandgauge {
namespace {

struct NotifySizes {
  unsigned short notification;
  unsigned short response;
  unsigned short data;
};

void find_sizes(const Machine&, Capability& c) {
  const auto shared = SharedSlot<NotifySizes>::make();
  const long asked = !shared ? -ENOMEM : ask([&shared] {
    return ::syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, shared->get()) == 0 ? 0 : -errno;
  });
  if (asked != 0) {
    c.advertised = {asked == -EINVAL ? Standing::no : Standing::unknown,
                    fmt::format("seccomp(SECCOMP_GET_NOTIF_SIZES): {}", error_name(static_cast<int>(-asked)))};
    c.works = {asked == -EINVAL ? Standing::no : Standing::untested, c.advertised.evidence};
    return;
  }
  const NotifySizes sizes = **shared;
  c.value = fmt::format("{}/{}/{}", sizes.notification, sizes.response, sizes.data);
  c.advertised = {Standing::yes, fmt::format("notification {}, response {}, data {} bytes", sizes.notification,
                                             sizes.response, sizes.data)};
  c.works = attempt([&](Witness& witness) {
    Listened listened;
    if (!start_caller(witness, listened)) return;
    // The kernel writes as many bytes as it says: the byte after them stays.
    constexpr unsigned char kMark = 0x5a;
    alignas(seccomp_notif) unsigned char room[1024]{};
    if (sizes.notification >= sizeof room) return witness.untested("a notification of %u bytes", sizes.notification);
    std::memset(room + sizes.notification, kMark, sizeof room - sizes.notification);
    if (::ioctl(listened.listener.get(), SECCOMP_IOCTL_NOTIF_RECV, room) != 0)
      return witness.no("a notification of this size is refused: %s", error_name(errno));
    for (std::size_t i = sizes.notification; i < sizeof room; ++i)
      if (room[i] != kMark) return witness.no("more than %u bytes are written", sizes.notification);
    witness.yes("a notification of %u bytes is received", sizes.notification);
  });
}

void find_continue(const Machine&, Capability& c) {
  c.works = attempt([](Witness& witness) {
    Listened listened;
    if (!listen_to_call(witness, listened)) return;
    if (!reply(witness, listened, {.id = listened.notification.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE})) return;
    if (const long result = listened.result(); result != ::getpid())
      return witness.no("getppid(2) gives %ld instead of what the kernel gives", result);
    witness.yes("the call runs as if there were no listener");
  });
}

void find_id_valid(const Machine&, Capability& c) {
  c.works = attempt([](Witness& witness) {
    Listened listened;
    if (!listen_to_call(witness, listened)) return;
    const auto valid = [&] {
      return ::ioctl(listened.listener.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &listened.notification.id) == 0 ? 0 : errno;
    };
    if (const int error = valid()) return witness.no("SECCOMP_IOCTL_NOTIF_ID_VALID: %s", error_name(error));
    kill_by_any_call(listened.caller);
    wait_for(listened.caller);
    if (valid() != ENOENT) return witness.no("the id of a dead process still counts as valid");
    witness.yes("the id is valid while the caller waits and ENOENT when it is dead");
  });
}

void find_hangup(const Machine&, Capability& c) {
  c.works = attempt([](Witness& witness) {
    Listened listened;
    if (!listen_to_call(witness, listened)) return;
    kill_by_any_call(listened.caller);
    wait_for(listened.caller);
    pollfd end{.fd = listened.listener.get(), .events = POLLIN, .revents = 0};
    constexpr int kPatienceMs = 500;
    ::poll(&end, 1, kPatienceMs);
    if ((end.revents & POLLHUP) == 0) return witness.no("no POLLHUP within %d ms of the last process's end", kPatienceMs);
    witness.yes("POLLHUP when the last process under the filter has ended");
  });
}

/// Puts a descriptor of /dev/null into the caller. The number it has there, or -errno.
long add_descriptor(const Listened& listened, std::uint32_t flags, std::uint32_t target) {
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  seccomp_notif_addfd addition{};
  addition.id = listened.notification.id;
  addition.flags = flags;
  addition.srcfd = static_cast<std::uint32_t>(null.get());
  addition.newfd = target;
  const int result = ::ioctl(listened.listener.get(), SECCOMP_IOCTL_NOTIF_ADDFD, &addition);
  return result < 0 ? -errno : result;
}

/// The caller's descriptor as /proc shows it.
bool is_null_device(pid_t pid, long fd) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/fd/%ld", pid, fd);
  char target[64]{};
  return ::readlink(path, target, sizeof target - 1) > 0 && std::strcmp(target, "/dev/null") == 0;
}

void see_descriptor(Witness& witness, const Listened& listened, long fd) {
  if (fd < 0) return witness.no("SECCOMP_IOCTL_NOTIF_ADDFD: %s", error_name(static_cast<int>(-fd)));
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/fd", listened.caller);
  if (::access(path, R_OK | X_OK) != 0) return witness.untested("%s: %s", path, error_name(errno));
  if (!is_null_device(listened.caller, fd)) return witness.no("the caller has no such descriptor");
  witness.yes("the caller has the listener's file as its own descriptor");
}

void find_addfd(const Machine&, Capability& c) {
  c.works = attempt([](Witness& witness) {
    Listened listened;
    if (!listen_to_call(witness, listened)) return;
    see_descriptor(witness, listened, add_descriptor(listened, 0, 0));
  });
}

void find_addfd_setfd(const Machine&, Capability& c) {
  c.works = attempt([](Witness& witness) {
    Listened listened;
    if (!listen_to_call(witness, listened)) return;
    constexpr std::uint32_t kTarget = 77;
    const long fd = add_descriptor(listened, SECCOMP_ADDFD_FLAG_SETFD, kTarget);
    if (fd >= 0 && fd != kTarget) return witness.no("descriptor %ld instead of %u", fd, kTarget);
    see_descriptor(witness, listened, fd);
  });
}

void find_addfd_send(const Machine&, Capability& c) {
  c.works = attempt([](Witness& witness) {
    Listened listened;
    if (!listen_to_call(witness, listened)) return;
    const long fd = add_descriptor(listened, SECCOMP_ADDFD_FLAG_SEND, 0);
    if (fd < 0) return witness.no("SECCOMP_ADDFD_FLAG_SEND: %s", error_name(static_cast<int>(-fd)));
    if (const long result = listened.result(); result != fd)
      return witness.no("the call gives %ld instead of the new descriptor %ld", result, fd);
    witness.yes("the call returns with the new descriptor in the same step");
  });
}

void find_sync_wake_up(const Machine&, Capability& c) {
  c.works = attempt([](Witness& witness) {
    Listened listened;
    if (!start_caller(witness, listened)) return;
    if (::ioctl(listened.listener.get(), kIoctlSetFlags, kSyncWakeUp) != 0)
      return witness.no("SECCOMP_IOCTL_NOTIF_SET_FLAGS: %s", error_name(errno));
    if (!receive(witness, listened)) return;
    if (!reply(witness, listened, {.id = listened.notification.id, .val = 1})) return;
    if (listened.result() != 1) return witness.no("with the flag set a reply does not arrive");
    witness.untested("the flag is taken and replies still arrive; that the wake-up stays on one CPU shows only in timing");
  });
}

void find_send_error(const Machine&, Capability& c) {
  c.works = attempt([](Witness& witness) {
    Listened listened;
    if (!listen_to_call(witness, listened)) return;
    if (!reply(witness, listened, {.id = listened.notification.id, .error = -EXDEV})) return;
    if (const long result = listened.result(); result != -EXDEV)
      return witness.no("the call gives %ld instead of the listener's EXDEV", result);
    witness.yes("the call fails with the listener's errno");
  });
}

}  // namespace

std::vector<Row> seccomp_notify_rows() {
  const auto row = [](const char* id, const char* title, const char* meaning, KernelVersion since, const char* source,
                      void (*find)(const Machine&, Capability&)) {
    return Row{id, title, meaning, since, source, {"SECCOMP_FILTER"}, find};
  };
  static constexpr char kManual[] = "seccomp_unotify(2)";
  static constexpr char kKernel[] = "kernel/seccomp.c, seccomp_notify_ioctl";
  return {
      row("seccomp.notify.sizes", "NOTIFY: sizes of the structures",
          "A supervisor can make room for what a later kernel sends.", {5, 0}, kManual, find_sizes),
      row("seccomp.notify.error", "NOTIFY: the listener's errno", "A supervisor can deny a call after it has looked at it.",
          {5, 0}, kManual, find_send_error),
      row("seccomp.notify.id_valid", "NOTIFY: is the caller still there",
          "A supervisor can be sure that it looks at the right process.", {5, 0}, kManual, find_id_valid),
      row("seccomp.notify.continue", "NOTIFY: CONTINUE lets the call run",
          "A supervisor need not do itself what it only wants to look at.", {5, 5}, kManual, find_continue),
      row("seccomp.notify.hangup", "NOTIFY: POLLHUP at the end", "A supervisor learns that nobody is left under its filter.",
          {5, 9}, "kernel/seccomp.c, seccomp_notify_poll", find_hangup),
      row("seccomp.notify.addfd", "NOTIFY: ADDFD puts a descriptor into the caller",
          "A supervisor can open a file for the sandboxed program.", {5, 9}, kManual, find_addfd),
      row("seccomp.notify.addfd_setfd", "NOTIFY: ADDFD at a chosen number", "The same for dup2(2) and its like.", {5, 9},
          kManual, find_addfd_setfd),
      row("seccomp.notify.addfd_send", "NOTIFY: ADDFD and reply in one step",
          "No descriptor is left over when the caller is interrupted between the two.", {5, 14}, kManual, find_addfd_send),
      row("seccomp.notify.sync_wake_up", "NOTIFY: SYNC_WAKE_UP", "A supervised call and its supervisor can share a CPU.",
          {6, 6}, kKernel, find_sync_wake_up),
  };
}

}  // namespace sandgauge
