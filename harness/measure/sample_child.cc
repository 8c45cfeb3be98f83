#include "measure/sample_child.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>

#include "measure/core_rate.h"

#ifndef SECCOMP_USER_NOTIF_FLAG_CONTINUE
#define SECCOMP_USER_NOTIF_FLAG_CONTINUE (1UL << 0)
#endif

namespace sandgauge {
namespace {

SampleReport* traps_of = nullptr;
void count_trap(int) { traps_of->traps = traps_of->traps + 1; }

/// Whatever the filter says about exiting: a trap instruction is no system call.
[[noreturn]] void end_process(int code) {
  ::_exit(code);
  __builtin_trap();
}

[[noreturn]] void fail_step(SampleReport& report, const char* step) {
  report.error = errno;
  report.failed_step = step;
  end_process(1);
}

void pin(SampleReport& report, int cpu, const Stretches& stretches) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  if (::sched_setaffinity(0, sizeof set, &set) != 0) fail_step(report, "sched_setaffinity");
  // Between a stop and its answer a process of normal priority would get the CPU, and keep it for milliseconds.
  const sched_param first{.sched_priority = 1};
  if (stretches.patience.count() > 0 && ::sched_setscheduler(0, SCHED_FIFO, &first) == 0) return;
  constexpr int kHighest = -20;
  ::setpriority(PRIO_PROCESS, 0, kHighest);  // where it may not, the paired differences must do alone
}

void confine(const Specimen& specimen, SampleReport& report) {
  for (const Confinement* confinement : specimen.confinements) {
    const ConfineResult result = confinement->apply();
    if (result.failed_step != nullptr) {
      errno = result.error;
      fail_step(report, result.failed_step);
    }
    if (result.listener >= 0) report.listener.store(result.listener + 1);
  }
}

#if defined(__x86_64__)
inline long make_call(long number, const std::array<long, 6>& args, long first) {
  long result = number;
  register long r10 __asm__("r10") = args[3];
  register long r8 __asm__("r8") = args[4];
  register long r9 __asm__("r9") = args[5];
  __asm__ volatile("syscall"
                   : "+a"(result)
                   : "D"(first), "S"(args[1]), "d"(args[2]), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory", "cc");
  return result;
}
#else
inline long make_call(long number, const std::array<long, 6>& args, long first) {
  const long result = ::syscall(number, first, args[1], args[2], args[3], args[4], args[5]);
  return result == -1 ? -errno : result;
}
#endif

long make_calls(const std::vector<TimedCall>& calls, SampleReport* report) {
  long result = 0;
  std::size_t at = 0;
  for (const TimedCall& call : calls) {
    result = make_call(call.number, call.args, call.takes_result ? result : call.args[0]);
    if (report != nullptr) report->returned[at++] = result;
  }
  return result;
}

/// A reading of the core's rate.
double read_core(SampleReport& report) {
  const double reading = time_core();
  if (report.least_core == 0 || reading < report.least_core) report.least_core = reading;
  return reading;
}

/// Keeps what `stretch` says that a call took: as many times as are wanted, or, with patience, until as many were
/// undisturbed.
template <class Stretch>
void time_stretches(const Stretches& stretches, SampleReport& report, Stretch stretch) {
  stretch();  // warms caches and predictors
  const bool patient = stretches.patience.count() > 0;
  const double until = clock_nanoseconds() + static_cast<double>(stretches.patience.count()) * 1e3;
  const int tries = std::max(stretches.stretches, stretches.tries);
  double before = patient ? read_core(report) : 0;
  for (int tried = 0; tried < tries && report.kept < stretches.stretches; ++tried) {
    const bool late = clock_nanoseconds() >= until;
    if (patient && late && (report.kept >= kLeastUndisturbed || tried >= stretches.stretches)) return;
    while (patient && !at_full_rate(before, report.least_core) && clock_nanoseconds() < until) before = read_core(report);
    const double nanoseconds = stretch();
    const double after = patient ? read_core(report) : 0;
    const double slower = std::max(before, after);
    if (at_full_rate(slower, report.least_core)) {
      report.core = std::max(report.core, slower);
      report.nanoseconds[report.kept++] = nanoseconds;
    } else if (report.disturbed < kMostStretches) {
      report.disturbed_nanoseconds[report.disturbed++] = nanoseconds;
    }
    before = after;
  }
}

void repeat(const TimedCall& call, std::uint64_t count) {
  const TimedCall one = call;  // stays in registers: whatever has an address is read again after each call
  for (std::uint64_t i = 0; i < count; ++i) make_call(one.number, one.args, one.args[0]);
}

void time_calls(const Specimen& specimen, const Stretches& stretches, SampleReport& report) {
  make_calls(specimen.calls, &report);
  const bool single = specimen.calls.size() == 1;
  const double clock = clock_cost();
  const auto make = [&](std::uint64_t count) {
    if (single) {
      repeat(specimen.calls[0], count);
    } else {
      for (std::uint64_t i = 0; i < count; ++i) make_calls(specimen.calls, nullptr);
    }
  };
  time_stretches(stretches, report, [&] {
    make(stretches.warm_up);
    const double start = clock_nanoseconds();
    make(stretches.batch);
    return (clock_nanoseconds() - start - clock) / static_cast<double>(stretches.batch);
  });
}

/// The calls of a process that may be supervised.
[[noreturn]] void run_target(const Specimen& specimen, const Stretches& stretches, SampleReport& report) {
  pin(report, specimen.cpu, stretches);
  if (specimen.supervision == Supervision::handler) {
    traps_of = &report;
    struct sigaction action {};
    action.sa_handler = count_trap;
    if (::sigaction(SIGSYS, &action, nullptr) != 0) fail_step(report, "sigaction");
  }
  if (specimen.supervision == Supervision::tracer) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) fail_step(report, "ptrace(PTRACE_TRACEME)");
    ::raise(SIGSTOP);  // until the tracer has set its options
  }
  confine(specimen, report);
  report.ready.store(1);
  time_calls(specimen, stretches, report);
  report.finished.store(1);
  if (specimen.supervision == Supervision::listener) make_calls(specimen.calls, nullptr);
  end_process(0);
}

[[noreturn]] void trace(pid_t target, SampleReport& report) {
  int status = 0;
  if (::waitpid(target, &status, 0) != target || !WIFSTOPPED(status)) fail_step(report, "waitpid");
  if (::ptrace(PTRACE_SETOPTIONS, target, 0, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL) != 0)
    fail_step(report, "ptrace(PTRACE_SETOPTIONS)");
  ::ptrace(PTRACE_CONT, target, 0, 0);
  while (::waitpid(target, &status, 0) == target && WIFSTOPPED(status)) {
    const bool of_filter = status >> 8 == (SIGTRAP | (PTRACE_EVENT_SECCOMP << 8));
    if (of_filter) report.trips = report.trips + 1;
    ::ptrace(PTRACE_CONT, target, 0, of_filter ? 0 : WSTOPSIG(status));
  }
  report.ended_by_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  end_process(0);
}

[[noreturn]] void listen(const Specimen& specimen, pid_t target, SampleReport& report) {
  constexpr timespec kWait{0, 50'000};
  int status = 0;
  while (report.listener.load() == 0) {
    if (::waitpid(target, &status, WNOHANG) == target) {
      report.ended_by_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
      end_process(0);
    }
    ::nanosleep(&kWait, nullptr);
  }
  const int fd = report.listener.load() - 1;
  for (;;) {
    seccomp_notif request{};
    if (::ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) {
      if (errno == EINTR || errno == ENOENT) continue;
      fail_step(report, "ioctl(SECCOMP_IOCTL_NOTIF_RECV)");
    }
    const bool last = report.finished.load() != 0;
    seccomp_notif_resp answer{};
    answer.id = request.id;
    if (specimen.continue_calls) answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    ::ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    report.trips = report.trips + 1;
    if (last) break;
  }
  ::close(fd);  // a call that would still wait for an answer goes on
  ::waitpid(target, &status, 0);
  report.ended_by_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  end_process(0);
}

/// A supervisor and its target share the table of descriptors: that is how the listener gets across.
[[noreturn]] void supervise(const Specimen& specimen, const Stretches& stretches, SampleReport& report) {
  const long target = ::syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
  if (target < 0) fail_step(report, "clone");
  if (target == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    run_target(specimen, stretches, report);
  }
  pin(report, specimen.supervisor_cpu, stretches);
  if (specimen.supervision == Supervision::tracer) trace(static_cast<pid_t>(target), report);
  listen(specimen, static_cast<pid_t>(target), report);
}

/// Nanoseconds of one process: of its life, or of what it took it to become confined.
double time_process(const Specimen& specimen, SampleReport& report) {
  const bool install = specimen.work == Work::install;
  const double start = clock_nanoseconds();
  const pid_t pid = ::fork();
  if (pid < 0) fail_step(report, "fork");
  if (pid == 0) {
    const double before = clock_nanoseconds();
    confine(specimen, report);
    report.installed = clock_nanoseconds() - before;
    if (!install && !specimen.calls.empty())
      make_call(specimen.calls[0].number, specimen.calls[0].args, specimen.calls[0].args[0]);
    end_process(0);
  }
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid) fail_step(report, "waitpid");
  report.ended_by_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  if (report.failed_step != nullptr) end_process(1);
  return install ? report.installed : clock_nanoseconds() - start;
}

/// A process for each timed event.
[[noreturn]] void time_processes(const Specimen& specimen, const Stretches& stretches, SampleReport& report) {
  pin(report, specimen.cpu, stretches);
  time_stretches(stretches, report, [&] {
    double spent = 0;
    for (std::uint64_t i = 0; i < stretches.batch; ++i) spent += time_process(specimen, report);
    return spent / static_cast<double>(stretches.batch);
  });
  end_process(0);
}

}  // namespace

void run_sample(const Specimen& specimen, const Stretches& stretches, SampleReport& report) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setpgid(0, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGSYS, SIGCHLD}) ::signal(signal, SIG_DFL);
  if (specimen.work != Work::calls) time_processes(specimen, stretches, report);
  if (specimen.supervision == Supervision::tracer || specimen.supervision == Supervision::listener)
    supervise(specimen, stretches, report);
  run_target(specimen, stretches, report);
}

}  // namespace sandgauge
