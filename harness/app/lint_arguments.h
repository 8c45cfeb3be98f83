// Which arguments of which calls have 32 bits to the kernel, although a filter sees 64.
#pragma once

#include <string_view>

#include "model/call.h"

namespace sandgauge {

/// The kernel declares the argument as int, unsigned or narrower (SYSCALL_DEFINE in its sources), and never looks at the
/// upper half. False also for calls that are not in the table.
bool is_narrow(std::string_view name, unsigned argument);
/// The call is in the table: an argument that is not narrow has 64 bits.
bool has_known_widths(std::string_view name);
/// The call as the kernel reads it: without the upper halves of narrow arguments.
Call narrowed(Call call);

}  // namespace sandgauge
