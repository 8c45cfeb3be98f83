// execute_in_runtime: runs the program of a container bundle under runc(8) or crun(1), and says what happened.
//
//   RuntimeRequest request{.runtime = {"/usr/sbin/runc", "--root", state}, .bundle = bundle, .id = "sandgauge-1"};
//   Outcome outcome = execute_in_runtime(request);
//
// The container is created, started and deleted in steps: the runtime's `run` would turn a death by signal into an exit
// code. After `create` the container's first process is this process's own child, as for execute(), whose preconditions hold
// here too (execute/execute.h). What the runtime refuses is Outcome::setup, with its last line. When this returns the
// container, its processes and its control groups are gone.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "model/outcome.h"

namespace sandgauge {

struct RuntimeRequest {
  std::vector<std::string> runtime;  // its path, then the options before a command
  std::string bundle;                // a folder with config.json
  std::string id;                    // of the container
  std::string scratch;               // a folder for its log and the number of its process
  std::chrono::milliseconds timeout{10'000};
  std::size_t output_limit = 64 * 1024;
  int interrupt_fd = -1;
  /// Its commands see control groups of version 1 only, where version 2 is mounted beside them: there are runtimes that
  /// refuse to run where they see both, even if they are to use none.
  bool hide_second_cgroups = false;
};

/// Outcome::existing is left to the caller.
Outcome execute_in_runtime(const RuntimeRequest& request);

}  // namespace sandgauge
