// One sample of one condition: a fresh process that becomes confined, makes the calls, and says how long each took.
//
//   Result<Sampler> sampler = Sampler::make();
//   Specimen specimen{.work = call_work("getppid", SYS_getppid), .confinements = {&filter}, .cpu = 1};
//   Result<Sample> sample = sampler->take(specimen, {.batch = 1000, .stretches = 9, .patience = 10ms});
//   median(sample->nanoseconds);                 // per call
//   sample->disturbed;                           // true: the core was shared with something else all the time
//
// A filter cannot be removed, so every sample is a process. It is pinned, runs at the highest priority it may have, and ends
// by itself or at the deadline. Before it times anything it makes the calls once: `returned` and `traps` tell what became of
// them. With patience, a stretch counts if the core ran at its full rate before and after it (measure/core_rate.h).
// Fails where fork(2) or mmap(2) do. A process that dies is no failure: Sample::problem says what it died of.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/shared_slot.h"
#include "model/confinement.h"

namespace sandgauge {

/// One system call of the timed loop.
struct TimedCall {
  long number = 0;
  std::array<long, 6> args{};
  bool takes_result = false;  // argument 0 is what the call before it returned
};

/// What a sample's process does, again and again.
enum class Work : std::uint8_t {
  calls,    // the calls, in a loop
  install,  // a process that loads the confinements; timed is only that
  life,     // a process that loads the confinements, makes the first call, exits if it still can, and is waited for
};

enum class Supervision : std::uint8_t {
  none,
  handler,   // of SIGSYS, that does nothing
  tracer,    // a process that continues each PTRACE_EVENT_SECCOMP stop
  listener,  // a process that answers each notification with Specimen::answer
};

struct Specimen {
  Work work = Work::calls;
  std::vector<TimedCall> calls;                  // 1 or 2
  std::vector<const Confinement*> confinements;  // in the order in which they are loaded
  Supervision supervision = Supervision::none;
  int cpu = 0;                 // that the calls run on
  int supervisor_cpu = 0;      // that a tracer or listener runs on
  bool continue_calls = true;  // a listener lets the call go on (SECCOMP_USER_NOTIF_FLAG_CONTINUE, Linux 5.5)
};

struct Stretches {
  std::uint64_t batch = 1;  // calls in each timed stretch
  int stretches = 9;        // at most kMostStretches
  /// More than 0: runs at real-time priority where it may, waits this long in all for the core to be its own, and tries up
  /// to `tries` stretches for as many undisturbed ones.
  std::chrono::microseconds patience{0};
  int tries = 0;
  std::uint64_t warm_up = 0;  // calls before each stretch, not timed: what ran between has cooled caches and predictors
};
inline constexpr int kMostStretches = 16;
/// Undisturbed stretches that a sample must have to be an undisturbed one, if it was to have that many.
inline constexpr int kLeastUndisturbed = 3;

struct Sample {
  std::vector<double> nanoseconds;  // per call, one for each stretch: the undisturbed ones, or all if it is disturbed
  bool disturbed = false;           // too few of its stretches had the core for themselves
  double core = 0;                  // the slowest reading of the core's rate around the stretches that count; 0: none taken
  std::array<long, 2> returned{};   // what the calls returned the first time; negative errno
  std::uint64_t traps = 0;          // SIGSYS handled
  std::uint64_t trips = 0;          // stops or notifications answered
  long involuntary_switches = 0;
  std::string problem;  // why there are no times; empty if there are
};

/// What the process and its parent share.
struct SampleReport {
  const char* failed_step;  // a literal; null: none
  int error;
  std::atomic<int> listener;  // the descriptor's number plus 1
  std::atomic<int> ready;     // the target has stopped setting itself up
  std::atomic<int> finished;  // the last stretch is over; one more call follows for the listener to see it
  std::uint64_t traps;
  std::uint64_t trips;
  long returned[2];
  double least_core;  // the least reading of the core's rate, in this sample and all before; 0: none
  double core;        // the slowest around those that are kept
  int kept;           // stretches, of `nanoseconds`
  int disturbed;      // of `disturbed_nanoseconds`
  double nanoseconds[kMostStretches];
  double disturbed_nanoseconds[kMostStretches];
  double installed;     // nanoseconds, of Work::install's last process
  int ended_by_signal;  // of a supervised process
};

class Sampler {
 public:
  static Result<Sampler> make();
  Sampler(Sampler&&) noexcept;
  Sampler& operator=(Sampler&&) noexcept;
  ~Sampler();

  Result<Sample> take(const Specimen& specimen, const Stretches& stretches,
                      std::chrono::milliseconds deadline = std::chrono::seconds(5));

 private:
  explicit Sampler(SharedSlot<SampleReport> report);
  SharedSlot<SampleReport> report_;
  double least_core_ = 0;
};

}  // namespace sandgauge
