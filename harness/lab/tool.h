// Runs a program of the host - apt-get, dpkg-deb, the dynamic loader - and gives what it printed.
//
//   Result<ToolRun> run = run_tool({"dpkg-deb", "--field", file}, {}, interrupts);
//   if (!run) ...               // not there, interrupted, or too slow
//   if (run->exit != 0) ...     // its own words are in run->err
//
// Stdin is /dev/null. The program dies with the thread that started it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "lab/interrupts.h"

namespace sandgauge {

struct ToolOptions {
  std::string folder;                    // its working directory; empty: ours
  std::vector<std::string> environment;  // NAME=VALUE, on top of ours
  std::chrono::milliseconds timeout{600'000};
};

struct ToolRun {
  int exit = 0;  // 128 + the signal, if one killed it
  std::string out;
  std::string err;
};

/// Output is kept to 16 MiB each; the rest is read and dropped. Fails if the program is not there, if it did not end in time
/// or an interrupt came; it is killed then.
Result<ToolRun> run_tool(const std::vector<std::string>& words, const ToolOptions& options, const Interrupts& interrupts);

/// What a tool complained of, as one line for an error message: its last lines on stderr, or its exit code.
std::string complaint_of(const ToolRun& run);

}  // namespace sandgauge
