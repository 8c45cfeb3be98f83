// Worker: a process of its own that runs jobs one at a time.
//
// A case's descendants are then the worker's descendants and nobody else's, so the worker can end all of them; and a test
// program that kills its parent takes one worker with it and not the run.
//
// The supervisor writes job numbers (4 bytes), the worker answers each with a length (4 bytes) and a result as JSON. The
// worker ends when its socket does. The jobs are in its memory already: it is a fork of the supervisor.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>

#include "app/case_runner.h"
#include "app/job.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace sandgauge {

struct Worker {
  pid_t pid = -1;
  UniqueFd socket;
};

/// Forks a worker. `interrupt_writer` is closed in it: when the supervisor closes or loses its own, the worker's case ends.
Result<Worker> start_worker(std::span<const Job> jobs, const RunContext& context, int interrupt_writer);

/// Asks for a job; false if the worker is gone.
bool send_job(const Worker& worker, std::uint32_t job);

/// One whole answer, or nothing if the worker ended before it was complete. Blocks until one of both.
std::optional<CaseResult> receive_result(const Worker& worker);

}  // namespace sandgauge
