// The words of `sandgauge bench`.
//
//   add_bench_command(app, line);   // app/command_line.h says how a command joins the command line
#pragma once

#include "app/command_line.h"

namespace sandgauge {

void add_bench_command(CLI::App& app, CommandLine& line);

}  // namespace sandgauge
