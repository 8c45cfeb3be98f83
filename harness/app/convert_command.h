// The words of `sandgauge convert`.
//
//   add_convert_command(app, line);   // app/command_line.h says how a command joins the command line
#pragma once

#include "app/command_line.h"

namespace sandgauge {

void add_convert_command(CLI::App& app, CommandLine& line);

}  // namespace sandgauge
