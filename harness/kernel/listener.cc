#include "kernel/listener.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/pass_fd.h"
#include "kernel/filter_call.h"

namespace sandgauge {
namespace {

constexpr int kPatienceMs = 1000;

CallerNote* own_note = nullptr;

void be_caller(int socket, CallerNote& note, unsigned long flags) {
  own_note = &note;
  ::signal(SIGUSR1, [](int) {
    own_note->signals++;
    own_note->ran_before_return = own_note->returned == 0 ? 1 : 0;
  });
  note.load_result = load_filter(answer(kTrialCall, SECCOMP_RET_USER_NOTIF), SECCOMP_FILTER_FLAG_NEW_LISTENER | flags);
  if (note.load_result < 0 || send_fd(socket, static_cast<int>(note.load_result)) != 0) return;
  ::close(static_cast<int>(note.load_result));
  ::close(socket);
  const long result = trial_call();
  note.call_result = result;
  note.returned = 1;
}

}  // namespace

long Listened::result() const {
  wait_for(caller);
  return (*note)->returned != 0 ? (*note)->call_result : -EINTR;
}

bool start_caller(Witness& witness, Listened& listened, unsigned long flags) {
  if (const int denied = seccomp_denied(SECCOMP_FILTER_FLAG_NEW_LISTENER | flags)) {
    witness.untested("seccomp(2) is denied: %s", error_name(denied));
    return false;
  }
  auto note = SharedSlot<CallerNote>::make();
  int ends[2];
  if (!note || ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    witness.untested("no shared memory or socket for the trial");
    return false;
  }
  listened.note = std::move(*note);
  CallerNote& shared = **listened.note;
  const UniqueFd own(ends[0]);
  UniqueFd other(ends[1]);
  listened.caller = fork_helper([&] { be_caller(other.get(), shared, flags); });
  other.reset();
  listened.listener.reset(receive_fd(own.get()));
  if (listened.listener) return true;
  wait_for(listened.caller);
  if (shared.load_result < 0) {
    witness.no("the filter with a listener does not load: %s", error_name(static_cast<int>(-shared.load_result)));
  } else {
    witness.untested("the listener's descriptor did not arrive");
  }
  return false;
}

bool receive(Witness& witness, Listened& listened) {
  pollfd readable{.fd = listened.listener.get(), .events = POLLIN, .revents = 0};
  if (::poll(&readable, 1, kPatienceMs) != 1 || (readable.revents & POLLIN) == 0) {
    witness.untested("no notification arrived within %d ms", kPatienceMs);
    return false;
  }
  // A later kernel's structure may be longer than the one known here; it begins in the same way.
  alignas(seccomp_notif) char room[512]{};
  if (::ioctl(listened.listener.get(), SECCOMP_IOCTL_NOTIF_RECV, room) != 0) {
    witness.no("SECCOMP_IOCTL_NOTIF_RECV: %s", error_name(errno));
    return false;
  }
  std::memcpy(&listened.notification, room, sizeof listened.notification);
  if (listened.notification.data.nr == static_cast<int>(kTrialCall)) return true;
  witness.no("the notification is about call %d instead of %u", listened.notification.data.nr, kTrialCall);
  return false;
}

bool listen_to_call(Witness& witness, Listened& listened, unsigned long flags) {
  return start_caller(witness, listened, flags) && receive(witness, listened);
}

bool reply(Witness& witness, const Listened& listened, seccomp_notif_resp response) {
  if (::ioctl(listened.listener.get(), SECCOMP_IOCTL_NOTIF_SEND, &response) == 0) return true;
  witness.no("SECCOMP_IOCTL_NOTIF_SEND: %s", error_name(errno));
  return false;
}

}  // namespace sandgauge
