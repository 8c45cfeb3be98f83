// Confinement by seccomp(2): a filter, or strict mode.
//
//   SeccompFilter filter(program, FilterFlags{.log = true}, /*listener=*/false);
//   // in the child: ConfineResult result = filter.apply();
//
// apply() sets NO_NEW_PRIVS first, also as root, so that a filter is loaded in the same way by everyone.
#pragma once

#include "model/confinement.h"
#include "model/policy.h"
#include "model/program.h"

namespace sandgauge {

class SeccompFilter : public Confinement {
 public:
  SeccompFilter(Program program, FilterFlags flags, bool listener);
  ConfineResult apply() const noexcept override;
  bool makes_listener() const noexcept override { return listener_; }

 private:
  Program program_;
  unsigned flags_;
  bool listener_;
};

class SeccompStrict : public Confinement {
 public:
  ConfineResult apply() const noexcept override;
};

/// SECCOMP_FILTER_FLAG_* bits (linux/seccomp.h). NEW_LISTENER together with TSYNC also needs TSYNC_ESRCH, which is added.
unsigned seccomp_flags(FilterFlags flags, bool listener);

}  // namespace sandgauge
