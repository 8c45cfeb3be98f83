#include "kernel/trial.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
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
#include "base/unique_fd.h"
#include "kernel/tools.h"

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

void become_trial(pid_t parent, std::chrono::milliseconds deadline) {
  die_with(parent);
  ::setpgid(0, 0);
  // Ends the trial also where a filter denies every way to send it a signal. Its helpers go with it.
  ::signal(SIGALRM, SIG_DFL);
  ::alarm(static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(deadline).count()) + 1);
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

/// By which call the end of a child can be seen: a filter around this process may deny either.
enum class WaitBy { waitid, wait4, nothing };

constexpr std::chrono::seconds kReapDeadline{3};

/// The wait status that waitid(2) tells in parts.
int status_of(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return info.si_status << 8;
  return info.si_status | (info.si_code == CLD_DUMPED ? 0x80 : 0);
}

/// Does not wait. With waitid(2) the child is left as it is unless `take`; wait4(2) always takes it.
bool look_for_end(WaitBy way, pid_t pid, bool take, int& status) {
  if (way == WaitBy::wait4) return ::waitpid(pid, &status, __WALL | WNOHANG) == pid;
  siginfo_t info{};
  const int options = WEXITED | WNOHANG | __WALL | (take ? 0 : WNOWAIT);
  if (::waitid(P_PID, static_cast<id_t>(pid), &info, options) != 0 || info.si_pid != pid) return false;
  status = status_of(info);
  return true;
}

/// False at the deadline.
bool wait_for_end(WaitBy way, pid_t pid, bool take, int& status, const ChildSignalHeld& held, const Deadline& deadline) {
  while (!look_for_end(way, pid, take, status)) {
    if (deadline.passed()) return false;
    held.wait(deadline);
  }
  return true;
}

WaitBy how_to_wait() {
  const ChildSignalHeld held;
  const pid_t pid = ::fork();
  if (pid < 0) return WaitBy::waitid;
  if (pid == 0) ::_exit(0);
  const Deadline deadline(std::chrono::seconds(1));
  int status = 0;
  for (const WaitBy way : {WaitBy::waitid, WaitBy::wait4})
    if (wait_for_end(way, pid, true, status, held, deadline)) return way;
  return WaitBy::nothing;
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

Finding attempt_plainly(const std::function<void(Witness&)>& trial, std::string* value, std::chrono::milliseconds deadline) {
  const auto note = SharedSlot<Witness::Note>::make();
  if (!note) return {Standing::untested, note.error().message};
  static const WaitBy way = how_to_wait();
  if (way == WaitBy::nothing) return {Standing::untested, "the end of a child cannot be seen: waitid(2) and wait4(2) fail"};
  const ChildSignalHeld held;
  const pid_t self = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return {Standing::untested, "fork: " + errno_text(errno)};
  if (pid == 0) {
    become_trial(self, deadline);
    Witness witness(**note);
    trial(witness);
    ::_exit(0);
  }
  ::setpgid(pid, pid);  // the child does so too; whoever is first
  int status = 0;
  const bool taken = way == WaitBy::wait4;
  const bool in_time = wait_for_end(way, pid, taken, status, held, Deadline(deadline));
  // The group's number cannot be given to anybody else while the child has not been reaped.
  ::kill(-pid, SIGKILL);
  if (!in_time || !taken) {
    kill_by_any_call(pid);
    wait_for_end(way, pid, true, status, held, Deadline(kReapDeadline));
  }
  if (value != nullptr) *value = (*note)->value;
  if ((*note)->standing == Standing::none) return silent(status, in_time);
  return {(*note)->standing, (*note)->evidence};
}

Finding attempt(const std::function<void(Witness&)>& trial, std::string* value, std::chrono::milliseconds deadline) {
  Finding found = attempt_plainly(trial, value, deadline);
  if (found.standing != Standing::no || broken_tool().empty()) return found;
  return {Standing::untested, fmt::format("{}, and trials rely on it; what was seen: {}", broken_tool(), found.evidence)};
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
  if (pid <= 0) return -1;  // fork(2) failed
  while (::waitpid(pid, &status, __WALL) < 0)
    if (errno != EINTR) return -1;
  return status;
}

void kill_by_any_call(pid_t pid) {
  if (pid <= 0 || ::kill(pid, SIGKILL) == 0) return;
  const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (pidfd && ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0) == 0) return;
  ::syscall(SYS_tgkill, pid, pid, SIGKILL);
}

}  // namespace sandgauge
