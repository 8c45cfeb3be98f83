// `sandgauge check`: looks at this kernel, writes the report, and holds it against what was required.
#pragma once

#include "app/check_options.h"

namespace sandgauge {

/// Returns the exit code (app/command_line.h). Nothing is tried if the options name a capability that does not exist or a
/// file that cannot be read.
int check(const CheckOptions& options);

}  // namespace sandgauge
