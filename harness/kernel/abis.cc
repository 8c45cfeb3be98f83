#include "kernel/abis.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>

#include "base/deadline.h"
#include "base/unique_fd.h"
#include "kernel/trial.h"

namespace sandgauge {
namespace {

constexpr std::chrono::seconds kTrial{1};

/// Async-signal-safe.
[[noreturn]] void try_call(Abi abi) {
  ::prctl(PR_SET_DUMPABLE, 0);  // a death here is an answer, not a crash: no core
  ::signal(SIGSEGV, SIG_DFL);
  ::signal(SIGSYS, SIG_DFL);
  constexpr long kI386Getpid = 20;
  const pid_t pid = ::getpid();
  ::_exit(foreign_call(abi, abi == Abi::i386 ? kI386Getpid : SYS_getpid) == pid ? 0 : 1);
}

[[maybe_unused]] bool runs(Abi abi) {  // on x86_64
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  const UniqueFd end_seen(ends[0]);
  UniqueFd child_end(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return false;
  if (pid == 0) try_call(abi);
  child_end.reset();
  // The pipe breaks when the child ends: a wait with a deadline on every kernel, also where pidfd_open(2) is missing or
  // denied.
  pollfd ended{.fd = end_seen.get(), .events = POLLIN, .revents = 0};
  const Deadline deadline(kTrial);
  while (::poll(&ended, 1, deadline.poll_timeout()) < 0 && errno == EINTR) {
  }
  kill_by_any_call(pid);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return false;
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

long foreign_call([[maybe_unused]] Abi abi, [[maybe_unused]] long number) {
  long result = -ENOSYS;
#if defined(__x86_64__)
  // int $0x80 from 64-bit code clears r8 to r11 on some kernels.
  if (abi == Abi::i386) asm volatile("int $0x80" : "=a"(result) : "a"(number) : "r8", "r9", "r10", "r11", "memory");
  if (abi == Abi::x32) asm volatile("syscall" : "=a"(result) : "a"(number | kX32Bit) : "rcx", "r11", "memory");
#endif
  return result;
}

std::set<Abi> running_abis() {
  std::set<Abi> running{native_abi()};
#if defined(__x86_64__)
  for (const Abi abi : {Abi::i386, Abi::x32}) {
    if (runs(abi)) running.insert(abi);
  }
#endif
  return running;
}

}  // namespace sandgauge
