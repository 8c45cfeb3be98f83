// `sandgauge explain`: from options to an exit code.
#pragma once

#include <string>
#include <vector>

namespace sandgauge {

struct ExplainOptions {
  std::string policy;              // a file, or "-"
  std::vector<std::string> calls;  // "read", "socket(16)@i386"; empty: all
  std::vector<std::string> backends = {"bpf", "libseccomp:1", "libseccomp:2"};
  std::vector<std::string> parts;  // "summary", "calls", "listing"; empty: all
  std::string format = "text";     // or "json"
  std::string output = "-";
};

/// Reads, explains, writes. Returns the process's exit code (app/command_line.h); messages go to stderr.
int explain(const ExplainOptions& options);

}  // namespace sandgauge
