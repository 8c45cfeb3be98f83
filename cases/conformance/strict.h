// Entering strict mode, the first seccomp.
//
//   enter_strict(stage, StrictBy::prctl);
//   raw_syscall(SYS_exit, 5);
#pragma once

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdint>

#include "probe/stage.h"

namespace sandgauge {

enum class StrictBy : std::int64_t { prctl, seccomp };

/// The calling thread. A thread that is under a filter cannot enter it, so where a filter is around the run the scenario is
/// skipped. async-signal-safe.
inline void enter_strict(Stage& stage, StrictBy by) {
  const std::int64_t entered = by == StrictBy::prctl ? raw_syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_STRICT)
                                                     : raw_syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, 0);
  if (entered == -EINVAL && raw_syscall(SYS_prctl, PR_GET_SECCOMP) == SECCOMP_MODE_FILTER)
    stage.skip("a filter is around this run, and who is under one cannot enter strict mode");
  stage.must("entering strict mode", entered);
}

}  // namespace sandgauge
