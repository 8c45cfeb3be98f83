// What loading a filter does to a thread's Speculative Store Bypass (SSB).
//
//   const SsbStates states = ssb_around_filter(0);
//   states.before != states.after;   // the filter turned the mitigation on
//
// For a trial's child: a helper of it loads the filter. Before Linux 5.16 a filter without SPEC_ALLOW turns the mitigation
// on where the CPU needs one, and with spec_store_bypass_disable=seccomp it still does.
#pragma once

#include <string>

namespace sandgauge {

struct SsbStates {
  long before = -1;  // PR_SPEC_* bits (prctl(2), PR_GET_SPECULATION_CTRL); negative: -errno
  long after = -1;
  int load_error = 0;  // errno of the load, or 0
};

SsbStates ssb_around_filter(unsigned long flags);

/// "vulnerable", "mitigated for good", ...; Linux Documentation/userspace-api/spec_ctrl.rst.
const char* ssb_state_name(long state);

}  // namespace sandgauge
