// SyscallStops: ptrace(2) on a program and all that it starts; counts the calls at their syscall-stops.
//
//   SyscallStops stops(true, nullptr, seen);
//   stops.attach(pid);                                  // a child that waits for it
//   ... each time waitpid(2) says that a process stopped: stops.handle(pid, status) ...
//
// With `every_call` false it counts nothing: it only makes waitpid(2) report each new process. Needs Linux 5.3
// (PTRACE_GET_SYSCALL_INFO).
#pragma once

#include <sys/types.h>

#include <map>

#include "base/result.h"
#include "model/observation.h"
#include "model/preload_sheet.h"

namespace sandgauge {

class SyscallStops {
 public:
  /// Counts into `seen` from the first execve(2) on, or, with a sheet, from when that says that a filter is in force.
  SyscallStops(bool every_call, const PreloadSheet* sheet, Observation& seen)
      : every_call_(every_call), sheet_(sheet), seen_(seen) {}

  /// Fails where PTRACE_SEIZE does. The process stops soon after.
  static Result<void> attach(pid_t pid);
  /// Takes in a stop of a process and lets it go on.
  void handle(pid_t pid, int wait_status);
  void forget(pid_t pid) { entered_.erase(pid); }
  /// A clone(2) was seen whose child does not end with SIGCHLD: a thread.
  [[nodiscard]] bool saw_threads() const { return saw_threads_; }

 private:
  struct Entered {
    Abi abi;
    std::int32_t number;
  };
  void note(pid_t pid);
  [[nodiscard]] bool counts(const Entered& call);

  bool every_call_;
  bool started_ = false;
  bool saw_threads_ = false;
  const PreloadSheet* sheet_;
  Observation& seen_;
  std::map<pid_t, Entered> entered_;  // calls that were counted and have not returned
};

}  // namespace sandgauge
