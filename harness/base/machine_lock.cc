#include "base/machine_lock.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>

#include <algorithm>

#include "base/deadline.h"

namespace sandgauge {
namespace {

constexpr int kBetweenTries = 5;  // milliseconds: flock(2) can wait, but neither for so long nor for two things

UniqueFd open_lock(const char* path) {
  // First without O_CREAT: fs.protected_regular refuses that for another user's file in a sticky directory.
  UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) file.reset(::open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  return file;
}

bool lock(int file, int operation, const Deadline& deadline, int interrupt_fd) {
  for (;;) {
    if (file < 0 || ::flock(file, operation | LOCK_NB) == 0) return true;
    if (deadline.passed()) return false;
    pollfd interrupted{.fd = interrupt_fd, .events = 0, .revents = 0};
    if (::poll(&interrupted, 1, std::min(kBetweenTries, deadline.poll_timeout())) > 0) return false;
  }
}

}  // namespace

MachineLock::~MachineLock() {
  // Not only closed: a child may have inherited the descriptors.
  for (const UniqueFd* file : {&room_, &turnstile_})
    if (*file) ::flock(file->get(), LOCK_UN);
}

bool MachineLock::take(Kind kind, std::chrono::milliseconds allowed, int interrupt_fd) {
  const Deadline deadline(allowed);
  turnstile_ = open_lock("/run/lock/sandgauge.turnstile");
  room_ = open_lock("/run/lock/sandgauge.room");
  const bool alone = kind == Kind::alone;
  if (!lock(turnstile_.get(), LOCK_EX, deadline, interrupt_fd)) return false;
  const bool taken = lock(room_.get(), alone ? LOCK_EX : LOCK_SH, deadline, interrupt_fd);
  if (!alone && turnstile_) ::flock(turnstile_.get(), LOCK_UN);
  return taken;
}

}  // namespace sandgauge
