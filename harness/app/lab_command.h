// The words of `sandgauge lab`.
#pragma once

#include "app/command_line.h"

namespace sandgauge {

/// Refuses a command line for the guest that would be refused there.
void add_lab_command(CLI::App& app, CommandLine& line);

}  // namespace sandgauge
