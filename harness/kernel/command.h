// Running a program and taking what it prints.
//
//   const CommandResult ended = run_command({"/usr/sbin/apparmor_parser", "--version"});
//   if (ended.exit_code != 0) complain(ended.last_line());
//
// It gets no input, and its standard output and error together. It is killed after five seconds, or when it prints more than
// 64 KiB.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace sandgauge {

struct CommandResult {
  int exit_code = -1;        // -1: it was killed, or could not be started
  bool not_started = false;  // `before_exec` said no, or exec(3) failed
  std::string output;
  /// The last line that is not empty.
  [[nodiscard]] std::string last_line() const;
};

/// words[0] is the path. `before_exec`, in the child, says whether to go on.
CommandResult run_command(const std::vector<std::string>& words, const std::function<bool()>& before_exec = {});

/// The path of apparmor_parser, in PATH, /usr/sbin or /sbin; empty if there is none.
std::string find_parser();

}  // namespace sandgauge
