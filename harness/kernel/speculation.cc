#include "kernel/speculation.h"

#include <linux/prctl.h>
#include <sys/prctl.h>

#include <cerrno>

#include "base/shared_slot.h"
#include "kernel/filter_call.h"
#include "kernel/trial.h"

namespace sandgauge {
namespace {

long ssb_state() {
  const long state = ::prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, 0, 0, 0);
  return state < 0 ? -errno : state;
}

}  // namespace

SsbStates ssb_around_filter(unsigned long flags) {
  const auto shared = SharedSlot<SsbStates>::make();
  if (!shared) return {};
  wait_for(fork_helper([&] {
    (*shared)->before = ssb_state();
    const long loaded = load_filter(answer(kTrialCall, SECCOMP_RET_ERRNO | EACCES), flags);
    (*shared)->load_error = loaded < 0 ? static_cast<int>(-loaded) : 0;
    (*shared)->after = ssb_state();
  }));
  return **shared;
}

const char* ssb_state_name(long state) {
  if (state < 0) return "not known";
  if (state == PR_SPEC_NOT_AFFECTED) return "not affected";
  if ((state & PR_SPEC_FORCE_DISABLE) != 0) return "mitigated for good";
  if ((state & PR_SPEC_DISABLE) != 0) return "mitigated";
  return (state & PR_SPEC_PRCTL) != 0 ? "not mitigated, and prctl(2) can change it" : "not mitigated";
}

}  // namespace sandgauge
