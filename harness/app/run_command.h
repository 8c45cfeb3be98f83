// The words of `sandgauge run`.
//
//   add_run_command(app, line);   // app/command_line.h says how a command joins the command line
#pragma once

#include "app/command_line.h"

namespace sandgauge {

/// Reads the options, and the GTEST_* variables of sharding where no option says otherwise, into line.run.
void add_run_command(CLI::App& app, CommandLine& line);

}  // namespace sandgauge
