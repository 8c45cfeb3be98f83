// The words of `sandgauge compare`.
#pragma once

#include "app/command_line.h"

namespace sandgauge {

void add_compare_command(CLI::App& app, CommandLine& line);

}  // namespace sandgauge
