#include "confine/seccomp.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)  // since Linux 6.0
#endif

namespace sandgauge {

unsigned seccomp_flags(FilterFlags flags, bool listener) {
  unsigned long bits = 0;
  if (flags.log) bits |= SECCOMP_FILTER_FLAG_LOG;
  if (flags.tsync) bits |= SECCOMP_FILTER_FLAG_TSYNC;
  if (flags.spec_allow) bits |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  if (flags.wait_killable) bits |= SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  if (listener) bits |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
  if (listener && flags.tsync) bits |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
  return static_cast<unsigned>(bits);
}

SeccompFilter::SeccompFilter(Program program, FilterFlags flags, bool listener)
    : program_(std::move(program)), flags_(seccomp_flags(flags, listener)), listener_(listener) {}

ConfineResult SeccompFilter::apply() const noexcept {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return {"prctl(PR_SET_NO_NEW_PRIVS)", errno, -1};
  // A length that the kernel's 16 bits cannot hold must not become a short one: the longest that they hold is refused too.
  const sock_fprog filter{static_cast<unsigned short>(std::min<std::size_t>(program_.code.size(), USHRT_MAX)),
                          const_cast<sock_filter*>(program_.code.data())};  // the kernel only reads it
  const long result = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags_, &filter);
  if (result < 0) return {"seccomp(SECCOMP_SET_MODE_FILTER)", errno, -1};
  // With TSYNC and without a listener a positive result is the thread that could not be synchronised.
  if (!listener_ && result > 0) return {"seccomp(SECCOMP_FILTER_FLAG_TSYNC): a thread has filters of its own", 0, -1};
  return {nullptr, 0, listener_ ? static_cast<int>(result) : -1};
}

ConfineResult SeccompStrict::apply() const noexcept {
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, nullptr) != 0)
    return {"seccomp(SECCOMP_SET_MODE_STRICT)", errno, -1};
  return {};
}

}  // namespace sandgauge
