// A child that its parent traces, for scenarios.
//
//   const pid_t tracee = start_tracee(stage, PTRACE_O_TRACESECCOMP, [&] {
//     stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_TRACE | 7));
//     stage.equal("the result", ppid, raw_syscall(SYS_getppid));
//   });
//   if (!stops(stage, "status >> 8", kSeccompStop, tracee)) return;
//   resume(stage, tracee);
//   stage.exited("the tracee", 0, stage.wait_for(tracee));
//
// Where the machine lets nobody trace his own child (Yama, an outer filter) the scenario is skipped.
#pragma once

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <string_view>

#include "probe/stage.h"

namespace sandgauge {

/// The status of a seccomp stop, without its low byte, and its si_code: ptrace(2), PTRACE_EVENT_SECCOMP.
inline constexpr unsigned kSeccompStop = SIGTRAP | PTRACE_EVENT_SECCOMP << 8;

/// ptrace(2) with -errno on failure.
inline std::int64_t trace_request(int request, pid_t tracee, std::uint64_t address = 0, std::uint64_t data = 0) {
  return raw_syscall(SYS_ptrace, request, tracee, static_cast<std::int64_t>(address), static_cast<std::int64_t>(data));
}

/// PTRACE_SEIZE with these options; skips the scenario where tracing a child is not allowed at all.
inline void seize(Stage& stage, pid_t child, unsigned long options) {
  const std::int64_t seized = trace_request(PTRACE_SEIZE, child, 0, options);
  if (seized == -EPERM) stage.skip("this machine does not let a process trace its child (Yama, or a filter around it)");
  stage.must("PTRACE_SEIZE", seized);
}

/// One process waits until another lets it go on, or is gone. Made before the fork of either.
class StartGate {
 public:
  explicit StartGate(Stage& stage) {
    if (::pipe2(ends_, O_CLOEXEC) != 0) stage.broken("pipe2", errno);
  }
  ~StartGate() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  StartGate(const StartGate&) = delete;
  StartGate& operator=(const StartGate&) = delete;
  /// async-signal-safe.
  void wait() {
    char byte = 0;
    ::close(ends_[1]);
    ends_[1] = -1;
    while (::read(ends_[0], &byte, 1) < 0 && errno == EINTR) {
    }
  }
  /// On the other side; its copy of the waiting side's end is closed by wait() there.
  void open() {
    ::close(ends_[1]);
    ends_[1] = -1;
  }
  /// As open(), with nothing but write(2), for strict mode.
  void say() { raw_syscall(SYS_write, ends_[1], reinterpret_cast<std::intptr_t>(""), 1); }

 private:
  int ends_[2];
};

/// Starts a child that runs `body` when it is traced, and then exits with 0.
template <class Body>
pid_t start_tracee(Stage& stage, unsigned long options, Body body) {
  StartGate gate(stage);
  const pid_t child = stage.start_child([&] {
    gate.wait();
    body();
  });
  seize(stage, child, options);
  gate.open();
  return child;
}

/// Waits for the tracee's next stop or end and checks that it is this stop (status >> 8). False, after a failed check, if it
/// is not: the scenario can only return then.
[[nodiscard]] inline bool stops(Stage& stage, std::string_view what, unsigned expected, pid_t tracee) {
  const int status = stage.wait_for(tracee);
  if (!WIFSTOPPED(status)) return stage.never("the tracee ended where a stop was expected"), false;
  const unsigned seen = static_cast<unsigned>(status) >> 8;
  stage.equal_hex(what, expected, seen);
  return seen == expected;
}

inline void resume(Stage& stage, pid_t tracee, int signal = 0) {
  stage.must("PTRACE_CONT", trace_request(PTRACE_CONT, tracee, 0, static_cast<std::uint64_t>(signal)));
}

}  // namespace sandgauge
