#include "kernel/trial.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "base/deadline.h"
#include "base/errno_text.h"
#include "base/shared_slot.h"

namespace sandgauge {
namespace {

/// SIGCHLD stays pending until it is asked for, whatever the caller does with it.
class ChildSignalHeld {
 public:
  ChildSignalHeld() {
    sigemptyset(&held_);
    sigaddset(&held_, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &held_, &before_);
    struct sigaction by_default {};
    by_default.sa_handler = SIG_DFL;  // were it ignored, the child's status would be lost
    ::sigaction(SIGCHLD, &by_default, &action_before_);
  }
  ChildSignalHeld(const ChildSignalHeld&) = delete;
  ChildSignalHeld& operator=(const ChildSignalHeld&) = delete;
  ~ChildSignalHeld() {
    const timespec now{};
    ::sigtimedwait(&held_, nullptr, &now);
    ::sigaction(SIGCHLD, &action_before_, nullptr);
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  /// Until a child may have ended, or the deadline.
  void wait(const Deadline& deadline) const {
    const int left = deadline.poll_timeout();
    const timespec time{left / 1000, left % 1000 * 1'000'000L};
    ::sigtimedwait(&held_, nullptr, &time);
  }

 private:
  sigset_t held_{};
  sigset_t before_{};
  struct sigaction action_before_ {};
};

void die_with(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const pid_t current = ::getppid();                 // negative where a filter around this process denies it
  if (current > 0 && current != parent) ::_exit(1);  // it died before the line above
}

void become_trial(pid_t parent) {
  die_with(parent);
  ::setpgid(0, 0);
  for (const int signal : {SIGSYS, SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGINT, SIGTERM, SIGHUP, SIGPIPE})
    ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  // One byte: no core file, and unlike 0 it also keeps a core_pattern's program from being started (fs/coredump.c).
  rlimit core{};
  if (::getrlimit(RLIMIT_CORE, &core) == 0) {
    core.rlim_cur = std::min<rlim_t>(1, core.rlim_max);
    ::setrlimit(RLIMIT_CORE, &core);
  }
}

Finding silent(int status, bool in_time) {
  if (!in_time) return {Standing::untested, "the trial did not come to an end in time"};
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    return {Standing::untested,
            fmt::format("the trial was killed by {}{}", signal_name(signal),
                        signal == SIGSYS ? ": a filter around this process forbids one of its calls" : "")};
  }
  return {Standing::untested, "the trial ended without a result"};
}

}  // namespace

#define SANDGAUGE_SAY(what)                                                   \
  do {                                                                        \
    note_.standing = what;                                                    \
    va_list arguments;                                                        \
    va_start(arguments, format);                                              \
    std::vsnprintf(note_.evidence, sizeof note_.evidence, format, arguments); \
    va_end(arguments);                                                        \
  } while (false)

void Witness::yes(const char* format, ...) { SANDGAUGE_SAY(Standing::yes); }
void Witness::no(const char* format, ...) { SANDGAUGE_SAY(Standing::no); }
void Witness::untested(const char* format, ...) { SANDGAUGE_SAY(Standing::untested); }

#undef SANDGAUGE_SAY

void Witness::value(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(note_.value, sizeof note_.value, format, arguments);
  va_end(arguments);
}

Finding attempt(const std::function<void(Witness&)>& trial, std::string* value, std::chrono::milliseconds deadline) {
  const auto note = SharedSlot<Witness::Note>::make();
  if (!note) return {Standing::untested, note.error().message};
  const ChildSignalHeld held;
  const pid_t self = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return {Standing::untested, "fork: " + errno_text(errno)};
  if (pid == 0) {
    become_trial(self);
    Witness witness(**note);
    trial(witness);
    ::_exit(0);
  }
  ::setpgid(pid, pid);  // the child does so too; whoever is first
  const Deadline until(deadline);
  siginfo_t ended{};
  const auto has_ended = [&] {
    ended.si_pid = 0;
    return ::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == pid;
  };
  while (!has_ended() && !until.passed()) held.wait(until);
  const bool in_time = has_ended();
  // The group's number cannot be given to anybody else while the child has not been reaped.
  ::kill(-pid, SIGKILL);
  ::kill(pid, SIGKILL);
  const int status = wait_for(pid);
  if (value != nullptr) *value = (*note)->value;
  if ((*note)->standing == Standing::none) return silent(status, in_time);
  return {(*note)->standing, (*note)->evidence};
}

long ask(const std::function<long()>& call) {
  const auto result = SharedSlot<long>::make();
  if (!result) return -ENOMEM;
  **result = -kKilled;
  attempt([&](Witness&) { **result = call(); });
  return **result;
}

const char* error_name(int error) {
  if (error == kKilled) return "a filter around this process kills the caller";
  const char* name = ::strerrorname_np(error);
  return name != nullptr ? name : "an unknown error";
}

pid_t fork_helper(const std::function<void()>& work) {
  const pid_t self = ::getpid();
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  die_with(self);
  work();
  ::_exit(0);
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, __WALL) < 0)
    if (errno != EINTR) return -1;
  return status;
}

}  // namespace sandgauge
