// One act in a child that is confined first, and what was seen of it.
//
//   ActSeen seen = try_act(intent.act, *scene, {&profile, &filter}, records);
//
// The child has a process group of its own, and all of it is killed at the end.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/compare_scene.h"
#include "confine/bpf_lsm.h"
#include "model/comparison.h"
#include "model/confinement.h"
#include "model/intent.h"
#include "observe/audit.h"

namespace sandgauge {

/// Where the kernel's words on an act are looked for; either may be null.
struct Witnesses {
  AuditReader* audit = nullptr;
  BpfLsm* bpf = nullptr;
};

ActSeen try_act(const Act& act, const Scene& scene, const std::vector<const Confinement*>& confinements,
                const Witnesses& witnesses);

/// In a child: makes the steps, and gives the result of the last one that was made, -errno if it failed. An "exec" step
/// writes its facts to `facts_fd` and does not come back. Neither does execve(2), before which `executing` becomes 1.
long perform(const std::vector<std::string>& steps, const Scene& scene, int facts_fd, int& executing);

}  // namespace sandgauge
