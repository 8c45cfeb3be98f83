#include "measure/sample.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>

#include "base/deadline.h"
#include "base/errno_text.h"
#include "base/unique_fd.h"
#include "measure/sample_child.h"

namespace sandgauge {
namespace {

/// False at the deadline. The pipe's other end is open in the sample's processes only, and breaks when the last has ended.
bool wait_for_end(int fd, std::chrono::milliseconds deadline) {
  const Deadline until(deadline);
  pollfd ended{.fd = fd, .events = POLLIN, .revents = 0};
  for (;;) {
    const int ready = ::poll(&ended, 1, until.poll_timeout());
    if (ready > 0) return true;
    if (ready == 0 && until.passed()) return false;
    if (ready < 0 && errno != EINTR) return false;
  }
}

std::string death_words(int signal) {
  return signal == SIGSYS ? std::string("the filter killed the process (SIGSYS)")
                          : fmt::format("the process was killed by {}", signal_name(signal));
}

}  // namespace

Result<Sampler> Sampler::make() {
  auto report = SharedSlot<SampleReport>::make();
  if (!report) return fail(report.error());
  return Sampler(*std::move(report));
}

Sampler::Sampler(SharedSlot<SampleReport> report) : report_(std::move(report)) {}
Sampler::Sampler(Sampler&&) noexcept = default;
Sampler& Sampler::operator=(Sampler&&) noexcept = default;
Sampler::~Sampler() = default;

Result<Sample> Sampler::take(const Specimen& specimen, const Stretches& stretches, std::chrono::milliseconds deadline) {
  SampleReport& report = *new (report_.get()) SampleReport{};
  report.least_core = least_core_;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail("pipe2: {}", errno_text(errno));
  const UniqueFd end_seen(ends[0]);
  UniqueFd child_end(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return fail("fork: {}", errno_text(errno));
  if (pid == 0) run_sample(specimen, stretches, report);
  ::setpgid(pid, pid);  // in both, whoever is first
  child_end.reset();
  const bool in_time = wait_for_end(end_seen.get(), deadline);
  if (!in_time) ::kill(-pid, SIGKILL);
  int status = 0;
  rusage usage{};
  while (::wait4(pid, &status, 0, &usage) < 0)
    if (errno != EINTR) return fail("wait4: {}", errno_text(errno));

  Sample sample;
  sample.traps = report.traps;
  sample.trips = report.trips;
  sample.returned = {report.returned[0], report.returned[1]};
  sample.involuntary_switches = usage.ru_nivcsw;
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : report.ended_by_signal;
  least_core_ = report.least_core;
  const int wanted = std::min(kLeastUndisturbed, stretches.stretches);
  const bool done = report.kept >= wanted || report.kept + report.disturbed >= stretches.stretches;
  if (report.failed_step != nullptr) {
    sample.problem = fmt::format("{}: {}", report.failed_step, errno_text(report.error));
  } else if (!in_time) {
    sample.problem = fmt::format("did not end within {} ms", deadline.count());
  } else if (!done) {
    sample.problem = signal != 0 ? death_words(signal) : "ended before it was done";
  } else {
    sample.disturbed = report.kept < wanted;
    sample.core = report.core;
    sample.nanoseconds.assign(report.nanoseconds, report.nanoseconds + report.kept);
    if (sample.disturbed)
      sample.nanoseconds.insert(sample.nanoseconds.end(), report.disturbed_nanoseconds,
                                report.disturbed_nanoseconds + report.disturbed);
  }
  return sample;
}

}  // namespace sandgauge
