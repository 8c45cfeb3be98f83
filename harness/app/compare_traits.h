// What is true of a sandbox whatever it is used for: who may apply it, and who can be rid of it again. Tried in children.
#pragma once

#include "app/compare_sandboxes.h"
#include "model/comparison.h"

namespace sandgauge {

/// `intent` is one that all of them can express, in a scene of its own.
SandboxTraits find_traits(Sandbox sandbox, const Intent& intent, const Scene& scene, SandboxTools& tools);

}  // namespace sandgauge
