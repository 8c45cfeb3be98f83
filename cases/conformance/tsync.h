// The parts of the topic "tsync" that have files of their own, and what they share.
#pragma once

#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <cerrno>
#include <vector>

#include "conformance/scenario.h"

namespace sandgauge {

inline constexpr unsigned kTsync = SECCOMP_FILTER_FLAG_TSYNC;
inline constexpr unsigned kTsyncEsrch = 1U << 4;  // SECCOMP_FILTER_FLAG_TSYNC_ESRCH

/// What TSYNC is to bring to all threads; a sibling's own filter is about another call or has another errno.
inline Filter denied_getppid(int error = EXDEV) {
  return Filter::answer(SYS_getppid, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error));
}

/// A filter that cannot be synchronised: tsync_refused.cc.
std::vector<Scenario> tsync_refused_scenarios();

}  // namespace sandgauge
