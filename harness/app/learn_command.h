// The words of `sandgauge learn`.
#pragma once

#include "app/command_line.h"

namespace sandgauge {

void add_learn_command(CLI::App& app, CommandLine& line);

}  // namespace sandgauge
