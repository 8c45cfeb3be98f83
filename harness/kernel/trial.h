// A trial: something that is tried in a child, and what the child saw of it.
//
//   Finding works = attempt([](Witness& witness) {
//     if (::unshare(CLONE_NEWUSER) != 0) return witness.no("unshare(CLONE_NEWUSER): %s", error_name(errno));
//     witness.yes("unshare(CLONE_NEWUSER) succeeds");
//   });
//
// The child reports through shared memory, so what it does to itself - a filter that denies everything, a death - cannot
// take the report away. It has a process group of its own, which is killed when it ends, and it dies with its parent: no
// process is left behind. It leaves no core file.
//
// A child that dies, returns or runs out of time without a word makes the finding "untested", never "no". So does a "no"
// where a call that trials rely on does not work (kernel/tools.h). No filter around this process makes it wait for ever: the
// child has an alarm(2) of its own.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>

#include "model/capability.h"

namespace sandgauge {

/// What the child says; the last word counts. All of it is async-signal-safe apart from what snprintf(3) makes of it.
class Witness {
 public:
  /// Shared memory: fixed size, no pointers.
  struct Note {
    Standing standing;
    char evidence[240];
    char value[64];
  };
  explicit Witness(Note& note) : note_(note) {}

  void yes(const char* format, ...) __attribute__((format(printf, 2, 3)));
  void no(const char* format, ...) __attribute__((format(printf, 2, 3)));
  void untested(const char* format, ...) __attribute__((format(printf, 2, 3)));
  void value(const char* format, ...) __attribute__((format(printf, 2, 3)));

 private:
  Note& note_;
};

inline constexpr std::chrono::seconds kTrialDeadline{2};

/// Runs `trial` in a child. `value`, if given, takes what the witness said the value is. The calling process has one thread,
/// so that the child may allocate. Whatever handler the caller has for SIGCHLD is not called meanwhile.
Finding attempt(const std::function<void(Witness&)>& trial, std::string* value = nullptr,
                std::chrono::milliseconds deadline = kTrialDeadline);

/// The same, without asking whether the calls that trials rely on work.
Finding attempt_plainly(const std::function<void(Witness&)>& trial, std::string* value = nullptr,
                        std::chrono::milliseconds deadline = kTrialDeadline);

/// Makes one call in a child, because a filter around this process may kill its caller. `call` gives its result or -errno;
/// so does this, or -kKilled.
long ask(const std::function<long()>& call);
inline constexpr int kKilled = 4096;  // one beyond the last errno

/// "EPERM"; says in words what kKilled is. async-signal-safe.
const char* error_name(int error);

// For use in the child.

/// Forks a child of the trial's own, which dies with the trial and exits with 0 once `work` returns. -1 where fork(2) fails.
/// Not under a filter that denies getppid(2) by killing.
pid_t fork_helper(const std::function<void()>& work);
/// The wait status, or -1; also -1 for the -1 of a fork that failed.
int wait_for(pid_t pid);
/// SIGKILL, by whichever of kill(2), pidfd_send_signal(2) and tgkill(2) works. async-signal-safe.
void kill_by_any_call(pid_t pid);

}  // namespace sandgauge
