// Tracer: the harness as the ptrace(2) tracer of a child and of what it forks.
//
//   Result<Tracer> tracer = Tracer::attach(pid, plan, call);
//   ... each time SIGCHLD arrives: tracer->handle_stops(outcome) ...
//
// It records PTRACE_EVENT_SECCOMP stops and answers them by the plan, and records SIGSYS on its way to a tracee. Everything
// else goes on as if nobody watched: signals are delivered, group-stops last (PTRACE_LISTEN).
// Needs Linux 5.3 (PTRACE_GET_SYSCALL_INFO). attach() fails where PTRACE_SEIZE does.
#pragma once

#include <sys/types.h>

#include <optional>

#include "base/result.h"
#include "model/call.h"
#include "model/outcome.h"
#include "model/probe.h"

namespace sandgauge {

class Tracer {
 public:
  /// The plan answers stops of `call` (its ABI and number), or every stop when there is none; others proceed.
  static Result<Tracer> attach(pid_t pid, TracerPlan plan, std::optional<Call> call);

  /// Handles one stop of a tracee, as waitpid(2) reported it, and lets it go on.
  void handle_stop(pid_t pid, int wait_status, Outcome& outcome) const;

 private:
  Tracer(TracerPlan plan, std::optional<Call> call) : plan_(plan), call_(call) {}
  void handle_seccomp_stop(pid_t pid, Outcome& outcome) const;

  TracerPlan plan_;
  std::optional<Call> call_;
};

}  // namespace sandgauge
