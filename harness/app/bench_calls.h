// How a call is made a million times without doing anything: with a descriptor that is none, or with no pointers.
//
//   std::optional<TimedCall> call = harmless_call("openat");    // openat(-1, NULL, 0, 0): EBADF or EFAULT
//
// The kernel then fails after little work, which is what a measurement of the filter before it wants. Calls that would wait,
// end the process, or use something up (eventfd2, select, exit) are not known; nothing is returned for them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "measure/sample.h"

namespace sandgauge {

std::optional<TimedCall> harmless_call(std::string_view name);
/// "read(-1, 0, 0)".
std::string words_of(std::string_view name, const TimedCall& call);

}  // namespace sandgauge
