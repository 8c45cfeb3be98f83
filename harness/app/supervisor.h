// Supervisor: hands jobs to worker processes and collects what they find.
//
//   SupervisedRun run = supervise(jobs, context, {.workers = 2});
//   run.results[i]   // of jobs[i]; nothing if the run was ended before it
//
// Ended early by SIGINT, SIGTERM, SIGHUP or SIGPIPE, by a reader of the output that went away, or by fail_fast: running
// children are ended, what was finished is kept. A worker that dies is a BROKEN case and is replaced.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/case_runner.h"
#include "app/job.h"

namespace sandgauge {

struct SuperviseOptions {
  int workers = 1;
  bool fail_fast = false;                          // no new jobs after the first FAIL or BROKEN
  int output_fd = -1;                              // a pipe whose reader's going away ends the run; -1: none
  std::function<void(std::size_t done)> progress;  // may be empty
};

struct SupervisedRun {
  std::vector<std::optional<CaseResult>> results;  // as the jobs
  std::string interrupted_by;                      // "SIGINT"; empty if it was not
};

/// Fails if no worker can be started.
Result<SupervisedRun> supervise(std::span<const Job> jobs, RunContext context, const SuperviseOptions& options);

}  // namespace sandgauge
