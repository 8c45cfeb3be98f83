// What an explanation comes to, in words: what costs more than it must, and what would help.
//
//   findings(explanation) -> "futex (x86_64) misses the bitmap: argument rule; 14 instructions (bpf), 212 (libseccomp:1)"
//
// The most expensive first; of many alike only the first few are named. Nothing here fails.
#pragma once

#include <string>
#include <vector>

#include "model/explanation.h"

namespace sandgauge {

std::vector<std::string> findings(const Explanation& explanation);

}  // namespace sandgauge
