// What a program was seen to call, as a table like that of strace -c, most calls first:
//
//       calls    errors syscall
//   --------- --------- ----------------
//          12         1 openat
//   --------- --------- ----------------
//          12         1 total
//
// Where it is not known which calls failed there is "-". Each ABI has a table of its own, under strace's heading if there
// are several. parse_observation() (observe/observation_text.h) reads it.
#pragma once

#include <string>

#include "model/observation.h"

namespace sandgauge {

std::string learned_table(const Observation& seen);

}  // namespace sandgauge
