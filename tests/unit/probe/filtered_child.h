// Runs a function in a forked child under a one-call filter, for the tests of this folder.
//
//   int status = in_child({.arch = 0xC000003E, .number = 63, .verdict = SECCOMP_RET_ERRNO | 1}, [&] { ... });
//
// The filter is written by hand, so that these tests lean on no other part. A child that cannot load it exits with 99.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace sandgauge {

/// One call, as seccomp_data has it, and the answer to it; every other call gets `otherwise`.
struct OneCallFilter {
  std::uint32_t arch = 0xC000003E;
  std::uint32_t number = 0;
  std::uint32_t verdict = SECCOMP_RET_ALLOW;
  std::uint32_t otherwise = SECCOMP_RET_ALLOW;
};

inline bool load(const OneCallFilter& filter) {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, filter.arch, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, filter.number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, filter.verdict),
      BPF_STMT(BPF_RET | BPF_K, filter.otherwise),
  };
  const sock_fprog program = {static_cast<unsigned short>(std::size(code)), code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

/// The wait status of a child that runs `prepare`, loads the filter, runs `body` and then ends without a further system
/// call: by an illegal instruction, so a death by SIGILL means that `body` came to its end.
template <class Prepare, class Body>
int in_child(Prepare prepare, const OneCallFilter& filter, Body body) {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGILL, SIG_DFL);
    prepare();
    if (!load(filter)) _exit(99);
    body();
    __builtin_trap();
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

template <class Body>
int in_child(const OneCallFilter& filter, Body body) {
  return in_child([] {}, filter, body);
}

inline bool came_to_its_end(int status) { return WIFSIGNALED(status) && WTERMSIG(status) == SIGILL; }

}  // namespace sandgauge
