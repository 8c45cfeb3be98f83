// What `sandgauge check` found, as a feature file of Kubernetes' node-feature-discovery (its customization guide, "Local
// feature source", "Feature files").
//
//   # sandgauge 0.1.0, Linux 6.1.0 x86_64, root
//   sandgauge.feature.node.kubernetes.io/seccomp.notify=true
//   sandgauge.feature.node.kubernetes.io/landlock.abi.value=2
//
// A label "ID" is true, false, untested or unknown, by the capability's conclusion. Of those with a value another one,
// "ID.value", has it, in the characters that a label may have and cut to 63. Nothing here fails.
#pragma once

#include <string>

#include "model/capability.h"

namespace sandgauge {

std::string to_nfd(const CapabilityReport& report);

}  // namespace sandgauge
