// `sandgauge run`: from options to an exit code.
#pragma once

#include "app/run_options.h"

namespace sandgauge {

/// Selects, runs, reports. Returns the process's exit code (app/command_line.h); messages go to stderr.
int run(const RunOptions& options);

}  // namespace sandgauge
