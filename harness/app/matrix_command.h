// The words of `sandgauge matrix`.
#pragma once

#include "app/command_line.h"

namespace sandgauge {

void add_matrix_command(CLI::App& app, CommandLine& line);

}  // namespace sandgauge
