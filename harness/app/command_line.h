// The command line: words to options, or to what is to be said instead.
//
//   CommandLine line = parse_command_line(argc, argv);
//   if (line.answer) { print(line.answer->text); return line.answer->exit_code; }
#pragma once

#include <optional>
#include <string>

#include "app/run_options.h"

namespace sandgauge {

/// Exit codes of every command.
inline constexpr int kExitAsExpected = 0;
inline constexpr int kExitMismatch = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitCouldNotRun = 3;
inline constexpr int kExitAllSkipped = 4;

/// Help, the version, or an error: there is nothing to run.
struct Answer {
  std::string text;
  int exit_code = kExitAsExpected;  // an error's text goes to stderr
};

struct CommandLine {
  RunOptions run;
  std::optional<Answer> answer;
};

/// Reads the words, and the GTEST_* variables of sharding, filtering and repeating where no option says otherwise.
CommandLine parse_command_line(int argc, const char* const* argv);

}  // namespace sandgauge
