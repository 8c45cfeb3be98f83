// Loading a small filter in a trial's child, by prctl(2) and seccomp(2) themselves.
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

/// Without setting NO_NEW_PRIVS first: the result, or -errno. A filter around this process may deny one of the two ways to
/// load: prctl(2) takes no flags, and where that fails seccomp(2) is asked too.
inline long load_as_is(std::span<const sock_filter> code, unsigned long flags = 0) {
  const sock_fprog program{static_cast<unsigned short>(code.size()), const_cast<sock_filter*>(code.data())};
  if (flags == 0) {
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0) return 0;
    if (errno != EPERM && errno != ENOSYS) return -errno;  // the kernel's own: EINVAL, ENOMEM, EACCES, 524
  }
  const long result = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  return result < 0 ? -errno : result;
}

/// NO_NEW_PRIVS, then the filter.
inline long load_filter(std::span<const sock_filter> code, unsigned long flags = 0) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -errno;
  return load_as_is(code, flags);
}

/// Why seccomp(2) cannot be used with these flags, as an errno; 0 if it can, and also if the kernel does not know a flag or
/// the call, which loading then tells. Without a filter to read, the kernel says EFAULT, or EINVAL of a flag
/// (kernel/seccomp.c, seccomp_set_mode_filter); anything else is the answer of a filter around this process.
inline int seccomp_denied(unsigned long flags) {
  const long result = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, nullptr);
  if (result >= 0) return EPERM;
  const int error = errno;
  if (error == EFAULT || error == EINVAL) return 0;
  return error == ENOSYS && ::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0 ? 0 : error;  // before Linux 3.17
}

/// The call that trials deny; its result, or -errno.
inline long trial_call() {
  const long result = ::syscall(kTrialCall);
  return result < 0 ? -errno : result;
}

}  // namespace sandgauge
