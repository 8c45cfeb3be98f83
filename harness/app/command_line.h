// The command line: words to what is to be done, or to what is to be said instead.
//
//   CommandLine line;
//   parse_command_line(argc, argv, line);
//   if (line.answer) { print(line.answer->text); return line.answer->exit_code; }
//   return line.action();
//
// A command is a file <name>_command.cc with one function, listed in command_line.cc:
//
//   void add_check_command(CLI::App& app, CommandLine& line) {
//     CLI::App* command = app.add_subcommand("check", "what this kernel claims, advertises and really does");
//     const auto options = std::make_shared<CheckOptions>();
//     command->add_option("--format", options->format, "text or json");
//     command->callback([&line, options] {                       // its words were given, and CLI11 understood them
//       if (bad(*options)) line.answer = usage_error("...");     // where, what, what was expected
//       else line.action = [options] { return check(*options); };
//     });
//   }
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/run_options.h"

namespace CLI {
class App;
}

namespace sandgauge {

/// Exit codes of every command.
inline constexpr int kExitAsExpected = 0;
inline constexpr int kExitMismatch = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitCouldNotRun = 3;
inline constexpr int kExitAllSkipped = 4;

/// Help, the version, or an error: there is nothing to do.
struct Answer {
  std::string text;
  int exit_code = kExitAsExpected;  // an error's text goes to stderr
};

/// What every command says of wrong words: "sandgauge: MESSAGE", and exit code 2.
Answer usage_error(std::string_view message);

struct CommandLine {
  std::vector<std::string> words_after_dashes;  // behind "--": a program of the user's; empty also without "--"
  RunOptions run;
  std::function<int()> action;  // does it, and gives the exit code; may refer to this CommandLine
  std::optional<Answer> answer;
};

/// Sets `line.action` or `line.answer`. Commands that take no program refuse words after "--".
void parse_command_line(int argc, const char* const* argv, CommandLine& line);

}  // namespace sandgauge
