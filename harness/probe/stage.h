// Stage: what a scenario works with. A scenario is a case whose child is a C++ function; it loads filters, makes calls,
// forks and starts threads as it likes, and says what it expected and what it saw.
//
//   void stacked_errno(Stage& stage) {
//     stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_ERRNO | 1));
//     stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_ERRNO | 2));
//     stage.equal("the errno of the filter that came last", 2, -raw_syscall(SYS_getppid));
//   }
//
// The child is a fork of a process with one thread, in a session and an empty directory of its own; whatever it leaves is
// ended after it, and a deadline ends it if it hangs. When the function returns the process ends with exit code 0.
// Checks go to shared memory, so they are kept when the process is killed the next moment, and processes that the scenario
// forks make theirs in the same report. At least one check, or a death that the case claims, makes a scenario more than
// a run.
//
// Proof that it notices: --mutate turns each check round, and gives each filter that was loaded by load() other answers.
// What is loaded by load_as_it_is() stays: use that where the answer is not what the scenario is about.
//
// All of it is async-signal-safe but child(), thread() and broken_with(), which are as safe as fork(2) is there.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>

#include "model/host.h"
#include "model/stage_report.h"
#include "probe/filter.h"

namespace sandgauge {

/// A system call of this machine's own ABI; -errno on failure, and the C library's errno stays as it was.
std::int64_t raw_syscall(long number, std::int64_t a = 0, std::int64_t b = 0, std::int64_t c = 0, std::int64_t d = 0,
                         std::int64_t e = 0, std::int64_t f = 0);

class Stage {
 public:
  Stage(StageReport& report, const StageMutation& mutation, const Host& host, const std::int64_t* parameters)
      : report_(report), mutation_(mutation), host_(host), parameters_(parameters) {}

  // Filters. Each returns what seccomp(2) did: -errno, or 0, or with flags a thread or a listener.
  /// Sets NO_NEW_PRIVS and loads the filter for the calling thread. Ends the scenario as broken if that fails.
  std::int64_t load(const Filter& filter, unsigned flags = 0);
  /// As load(), but --mutate leaves the filter alone.
  std::int64_t load_as_it_is(const Filter& filter, unsigned flags = 0);
  /// Only tries, and sets nothing before: for scenarios about loading itself. --mutate leaves it alone.
  std::int64_t try_load(const Filter& filter, unsigned flags = 0);
  std::int64_t try_load(const sock_filter* code, unsigned length, unsigned flags = 0);
  void set_no_new_privs();

  // Expectations.
  void equal(std::string_view what, std::int64_t expected, std::int64_t seen);
  void equal_hex(std::string_view what, std::uint64_t expected, std::uint64_t seen);
  /// `result` is -errno of this name; any other result is shown as it is.
  void fails_with(std::string_view what, int expected_errno, std::int64_t result);
  /// `result` is not negative.
  void succeeds(std::string_view what, std::int64_t result);
  void holds(std::string_view what, bool seen);
  /// A wait status: exited with this code.
  void exited(std::string_view what, int expected_code, int wait_status);
  /// A wait status: killed by this signal, whatever the core bit.
  void killed(std::string_view what, int expected_signal, int wait_status);
  /// Poison: the code that calls this must never run.
  void never(std::string_view what);

  // Processes and threads.
  /// Runs `body` in a child process, which then ends with exit code 0, and returns its wait status.
  template <class Body>
  int child(Body body) {
    const pid_t pid = start_child(body);
    return wait_for(pid);
  }
  /// Starts the child and does not wait.
  template <class Body>
  pid_t start_child(Body body) {
    const pid_t pid = fork_child();
    if (pid != 0) return pid;
    body();
    end(0);
  }
  /// The wait status of a child; ends the scenario as broken if there is no such child.
  int wait_for(pid_t pid);
  /// Ends the calling process whatever its filters say.
  [[noreturn]] void end(int exit_code);

  // The scene.
  [[nodiscard]] const Host& host() const { return host_; }
  [[nodiscard]] bool kernel_since(int major, int minor) const { return host_.kernel >= KernelVersion{major, minor}; }
  /// Of the case: Case::parameters.
  [[nodiscard]] std::int64_t parameter(std::size_t index) const { return parameters_[index]; }

  // Giving up: the process ends, and the case is BROKEN or SKIP with this reason.
  [[noreturn]] void broken(std::string_view step, std::int64_t error = 0);
  [[noreturn]] void skip(std::string_view reason);
  /// `result`, unless it is negative: then broken(step, -result).
  std::int64_t must(std::string_view step, std::int64_t result);

 private:
  pid_t fork_child();
  std::int64_t try_as_it_is(const sock_filter* code, unsigned length, unsigned flags);
  /// For the report; null: only that there was one.
  void keep(unsigned length, const sock_filter* code);
  void record(std::string_view what, bool met, std::string_view expected, std::string_view seen);

  StageReport& report_;
  const StageMutation& mutation_;
  const Host& host_;
  const std::int64_t* parameters_;
};

}  // namespace sandgauge
