// What the harness adds to running a program: one case against a bare fork, load of the same filter, execve and waitid.
// Wanted: at most 1.3 times. Both are run in turn, so that a noisy machine disturbs them alike; `ratio` is of their medians.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <vector>

#include "app/case_runner.h"
#include "base/temp_dir.h"
#include "compile/compile.h"
#include "confine/seccomp.h"
#include "kernel/host.h"

namespace sandgauge {
namespace {

using Clock = std::chrono::steady_clock;

/// Wall time, and CPU time of this process alone, in microseconds.
struct Cost {
  std::vector<double> wall;
  std::vector<double> cpu;
};

double cpu_microseconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

template <class Body>
void measure(Cost& cost, Body body) {
  const double cpu = cpu_microseconds();
  const auto start = Clock::now();
  body();
  cost.wall.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  cost.cpu.push_back(cpu_microseconds() - cpu);
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// uname under ERRNO(EPERM): it exits with 2, which needs no watcher to tell.
Case denied_uname() {
  Case test;
  test.id = test.suite = "bench";
  test.program = {"uname"};
  test.call = CallRequest{.syscall = "uname"};
  test.policy.rules = {{.syscalls = {"uname"}, .action = errno_action(EPERM), .when = {}}};
  test.expect.exit = 2;
  return test;
}

int bare_run(const std::string& path, const SeccompFilter& filter) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    ::dup2(null, STDOUT_FILENO);
    ::dup2(null, STDERR_FILENO);
    char* const argv[] = {const_cast<char*>(path.c_str()), nullptr};
    if (filter.apply().failed_step == nullptr) ::execve(path.c_str(), argv, environ);
    ::_exit(127);
  }
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED);
  return info.si_status;
}

void ExecCase(benchmark::State& state) {
  auto dir = TempDir::make();
  auto host = inspect_host();
  auto installation = find_installation();
  if (!dir || !host || !installation) return state.SkipWithError("no host, no programs or no directory");
  auto runner = CaseRunner::make({.host = *host, .installation = *installation, .scratch = dir->path()});
  if (!runner) return state.SkipWithError(runner.error().message.c_str());
  const Case test = denied_uname();
  const SeccompFilter filter(*compile(test.policy, test.backend), {}, false);
  const std::string path = *find_program(*installation, "uname", ".");

  Cost bare;
  Cost whole;
  for (auto _ : state) {
    measure(bare, [&] {
      if (bare_run(path, filter) != 2) state.SkipWithError("the bare run did not exit with 2");
    });
    measure(whole, [&] {
      if (runner->run(test).verdict.status != Status::pass) state.SkipWithError("the case did not pass");
    });
  }
  state.counters["bare_us"] = median(bare.wall);
  state.counters["case_us"] = median(whole.wall);
  state.counters["ratio"] = median(whole.wall) / median(bare.wall);
  state.counters["bare_cpu_us"] = median(bare.cpu);
  state.counters["case_cpu_us"] = median(whole.cpu);
}
BENCHMARK(ExecCase)->Iterations(1000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace sandgauge
