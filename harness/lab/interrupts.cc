#include "lab/interrupts.h"

#include <pthread.h>
#include <sys/signalfd.h>

#include <cerrno>
#include <ctime>

#include "base/errno_text.h"

namespace sandgauge {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

sigset_t held_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kSignals) sigaddset(&set, signal);
  return set;
}

}  // namespace

Result<Interrupts> Interrupts::hold() {
  const sigset_t held = held_signals();
  UniqueFd fd(::signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) return fail("signalfd: {}", errno_text(errno));
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &held, &before);
  return Interrupts(std::move(fd), before);
}

Interrupts::~Interrupts() {
  if (!fd_) return;
  // It has been answered; delivering it now would kill the process before it can say so.
  const sigset_t held = held_signals();
  const timespec now{};
  while (sigtimedwait(&held, nullptr, &now) > 0) {
  }
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

int Interrupts::pending() const {
  sigset_t waiting;
  sigpending(&waiting);
  for (const int signal : kSignals)
    if (sigismember(&waiting, signal) == 1) return signal;
  return 0;
}

}  // namespace sandgauge
