// Loading a small filter in a trial's child, by seccomp(2) itself.
//
//   load_filter(deny(SYS_getppid, SECCOMP_RET_ERRNO | EACCES));   // 0, a listener's descriptor, or -errno
//
// No allocation and no stdio: these run in a child, some of them under a filter. async-signal-safe.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>

namespace sandgauge {

/// The call that trials deny: it has no arguments, no side effect, and nothing in libc needs it.
inline constexpr std::uint32_t kTrialCall = SYS_getppid;

/// A filter that answers one call number, whatever its arch, and allows the rest.
inline std::array<sock_filter, 4> answer(std::uint32_t nr, std::uint32_t value) {
  return {sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
          sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), sock_filter BPF_STMT(BPF_RET | BPF_K, value),
          sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
}

/// seccomp(SECCOMP_SET_MODE_FILTER) without setting NO_NEW_PRIVS first: its result, or -errno.
inline long load_as_is(std::span<const sock_filter> code, unsigned long flags = 0) {
  const sock_fprog program{static_cast<unsigned short>(code.size()), const_cast<sock_filter*>(code.data())};
  const long result = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  return result < 0 ? -errno : result;
}

/// NO_NEW_PRIVS, then the filter.
inline long load_filter(std::span<const sock_filter> code, unsigned long flags = 0) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -errno;
  return load_as_is(code, flags);
}

/// The call that trials deny; its result, or -errno.
inline long trial_call() {
  const long result = ::syscall(kTrialCall);
  return result < 0 ? -errno : result;
}

}  // namespace sandgauge
