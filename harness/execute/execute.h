// execute: makes one confined child, watches it until it has ended, and says what happened.
//
//   ExecuteRequest request{.program = {"/usr/bin/true"}, .working_directory = dir.path()};
//   request.confinement = &filter;
//   Outcome outcome = execute(request);
//   outcome.end.kind == End::Kind::exited && outcome.end.exit_code == 0
//
// The caller is a single-threaded child subreaper with SIGCHLD blocked (prepare_executor() makes it so), has no other
// children, and runs one case at a time. When execute() returns, the child and all of its descendants are gone.
// Nothing here sleeps: one poll(2) waits for output, exits, ptrace stops, notifications, the interrupt and the deadline.
// What goes wrong before the program runs is Outcome::setup; it never throws and never ends the caller.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/call.h"
#include "model/confinement.h"
#include "model/host.h"
#include "model/outcome.h"
#include "model/probe.h"
#include "model/stage_report.h"

namespace sandgauge {

class Stage;  // probe/stage.h

/// The command name of a child before its execve(2); a child that dies with it never ran its program.
inline constexpr char kUnstartedName[] = "sg-unstarted";

struct ExecuteRequest {
  Attach attach = Attach::exec;
  std::vector<std::string> program;      // attach exec: argv
  std::string path;                      // attach exec: the file to execute; empty: program[0], an absolute path then
  std::vector<std::string> environment;  // attach exec: "NAME=value" words
  std::optional<CallRequest> call;  // attach call: what to call; attach exec: whose stops and notifications the plans answer
  void (*scenario)(Stage&) = nullptr;  // attach scenario: what the child runs, with the three below
  std::vector<std::int64_t> parameters;
  StageMutation mutation;
  const Host* host = nullptr;
  const Confinement* confinement = nullptr;  // null: not confined
  Probe probe;
  TracerPlan tracer;
  ListenerPlan listener;
  int handed_fd = -1;  // attach exec: the program inherits this descriptor too, under the same number
  bool core_unlimited = false;
  std::chrono::milliseconds timeout{10'000};
  std::string working_directory;         // an absolute path
  std::vector<std::string> asked_paths;  // Outcome::existing answers, relative to the working directory
  std::size_t output_limit = 64 * 1024;  // bytes kept of each of stdout and stderr; more is read and dropped
  int interrupt_fd = -1;                 // readable: end the child now
};

/// Makes the calling process fit for execute(). Fails where prctl(2) or sigprocmask(2) do.
Result<void> prepare_executor();

Outcome execute(const ExecuteRequest& request);
/// Fills in Outcome::existing; execute() does.
void note_existing(const ExecuteRequest& request, Outcome& outcome);

/// The call with addresses as the child will see them: scratch and text arguments live in memory that is the same in the
/// caller and the child, below 4 GiB. Fails for an unknown name or more than six arguments.
Result<Call> place_call(const CallRequest& request);

}  // namespace sandgauge
