// `sandgauge bench`: from options to an exit code.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sandgauge {

struct BenchOptions {
  std::string policy;              // empty: the standard report
  std::vector<std::string> calls;  // of the policy report
  std::string weights;             // an strace -c table
  std::string backend = "bpf";
  std::string from;  // a run of earlier, to be reported again instead of measuring
  std::string baseline;
  double max_regression = 0.05;
  std::chrono::milliseconds budget{30'000};
  std::optional<int> cpu;
  std::uint64_t seed = 1;
  std::string format = "text";  // json, google, markdown, html
  std::string output = "-";
};

/// Measures (or reads), compares, writes. Returns the process's exit code (app/command_line.h); messages go to stderr.
int bench(const BenchOptions& options);

}  // namespace sandgauge
