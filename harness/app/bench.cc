#include "app/bench.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <ctime>

#include "app/bench_findings.h"
#include "app/bench_plan.h"
#include "app/bench_policy.h"
#include "app/command_line.h"
#include "app/complain.h"
#include "base/errno_text.h"
#include "base/unique_fd.h"
#include "compile/libseccomp.h"
#include "confine/seccomp.h"
#include "kernel/environment.h"
#include "kernel/host.h"
#include "measure/gate.h"
#include "measure/summary.h"
#include "report/bench_report.h"
#include "report/output.h"

namespace sandgauge {
namespace {

std::atomic<int> stop_signal{0};
void stop(int signal) { stop_signal.store(signal); }

/// While it lives, signals that would end this process end the measuring instead.
class StopSignals {
 public:
  StopSignals() {
    struct sigaction action {};
    action.sa_handler = stop;
    for (std::size_t i = 0; i < std::size(kSignals); ++i) ::sigaction(kSignals[i], &action, &before_[i]);
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals() {
    for (std::size_t i = 0; i < std::size(kSignals); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
  }

 private:
  static constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
  struct sigaction before_[std::size(kSignals)]{};
};

std::vector<int> allowed_cpus() {
  cpu_set_t set;
  std::vector<int> cpus;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) cpus.push_back(cpu);
  return cpus;
}

/// The last CPU, which fewer interrupts use than the first; a supervisor on the one before.
Result<Placement> place(const std::optional<int>& wanted) {
  const std::vector<int> cpus = allowed_cpus();
  if (cpus.empty()) return fail("no CPU that this process may run on can be found");
  const int cpu = wanted.value_or(cpus.back());
  if (std::ranges::find(cpus, cpu) == cpus.end())
    return fail("--cpu: this process may not run on CPU {}, only on {}", cpu, fmt::join(cpus, ", "));
  const auto other = std::ranges::find_if(cpus, [cpu](int each) { return each != cpu; });
  return Placement{cpu, other != cpus.end() ? *other : cpu};
}

/// Where the calls on files are made.
std::string place_of(const std::string& scratch) {
  struct statfs system {};
  const bool in_memory = ::statfs(scratch.c_str(), &system) == 0 && system.f_type == TMPFS_MAGIC;
  return scratch.substr(0, scratch.rfind('/')) + (in_memory ? " (tmpfs)" : "");
}

Facts environment(const Placement& placement, const Plan& plan) {
  Facts facts = measured_environment();
  const SeccompFilter filter(Program{{BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}}, {}, false);
  facts.emplace_back("store bypass before a filter", store_bypass_state(nullptr));
  facts.emplace_back("store bypass under a filter", store_bypass_state(&filter));
  facts.emplace_back("libseccomp", libseccomp_version());
  facts.emplace_back("measured on",
                     fmt::format("CPU {}; other supervisors on CPU {}", placement.cpu, placement.supervisor_cpu));
  facts.emplace_back("files", place_of(plan.scratch->path()));
  utsname names{};
  if (::uname(&names) == 0) facts.emplace_back("host", names.nodename);
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  char date[32] = "";
  if (::gmtime_r(&now, &parts) != nullptr) std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S+00:00", &parts);
  facts.emplace_back("date", date);
  return facts;
}

std::function<void(const RoundsProgress&)> progress() {
  if (::isatty(STDERR_FILENO) == 0) return {};
  return [](const RoundsProgress& now) {
    fmt::print(stderr, "\r\x1b[K{} rounds, {:.0f} s left at most, {} of {} conditions narrow enough", now.rounds,
               now.seconds_left, now.narrow, now.all);
    std::fflush(stderr);
  };
}

constexpr std::size_t kLargestRun = 64 << 20;

Result<Measurement> read_run(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail("{}: cannot open it: {}", path, errno_text(errno));
  std::string text;
  char block[65536];
  for (;;) {
    const ssize_t count = ::read(fd.get(), block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail("{}: cannot read it: {}", path, errno_text(errno));
    if (count == 0) break;
    text.append(block, static_cast<std::size_t>(count));
    if (text.size() > kLargestRun) return fail("{}: more than {} MiB, expected less", path, kLargestRun >> 20);
  }
  auto run = read_measurement(text);
  if (!run) return fail("{}: {}", path, run.error().message);
  return run;
}

Result<Measurement> measure(const BenchOptions& options, Plan plan, const Placement& placement) {
  Measurement measurement{.version = SANDGAUGE_VERSION, .environment = environment(placement, plan), .seed = options.seed};
  measurement.budget = std::chrono::duration<double>(options.budget).count();
  measurement.rows = plan.rows;
  if (clock_is_a_call())
    return fail("reading the clock is a system call here (clock source {}), which a filter would answer",
                "of /sys/devices/system/clocksource");
  const auto start = std::chrono::steady_clock::now();
  const auto [stolen_before, all_before] = stolen_ticks();
  auto rounds =
      run_rounds(plan.conditions, {.budget = options.budget, .seed = options.seed, .stop = &stop_signal}, progress());
  if (::isatty(STDERR_FILENO) != 0) fmt::print(stderr, "\r\x1b[K");
  if (!rounds) return fail(rounds.error());
  measurement.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const auto [stolen, all] = stolen_ticks();
  if (all > all_before)
    measurement.steal_percent = 100.0 * static_cast<double>(stolen - stolen_before) / static_cast<double>(all - all_before);
  summarise(measurement, plan.fitted, *rounds);
  return measurement;
}

int exit_code(const Measurement& measurement) {
  if (measurement.interrupted) return complain("interrupted; the report is of the rounds until then", kExitCouldNotRun);
  if (!measurement.invalid.empty()) return complain("the run is invalid: " + measurement.invalid, kExitCouldNotRun);
  const bool any =
      std::ranges::any_of(measurement.rows, [](const BenchRow& row) { return row.problem.empty() && !row.control; });
  if (!any) return complain("no condition could be measured", kExitCouldNotRun);
  const Gate& gate = measurement.gate;
  for (const GateRow& row : gate.rows)
    if (row.regression)
      fmt::print(stderr,
                 "sandgauge: regression: {} was {:.3f} times its baseline row, is {:.3f}: {:+.1f}% [{:+.1f}, {:+.1f}]\n",
                 row.row, row.before, row.now, row.change.median * 100, row.change.low * 100, row.change.high * 100);
  for (const std::string& missing : gate.missing) fmt::print(stderr, "sandgauge: missing: {}\n", missing);
  const bool worse = std::ranges::any_of(gate.rows, &GateRow::regression);
  return worse || !gate.missing.empty() ? kExitMismatch : kExitAsExpected;
}

std::string render(const Measurement& measurement, const std::string& format) {
  if (format == "json") return to_json(measurement);
  if (format == "google") return to_google(measurement);
  if (format == "markdown") return to_markdown(measurement);
  if (format == "html") return to_html(measurement);
  return to_text(measurement);
}

/// What is to be measured, and what is known of it without a kernel.
Result<Measurement> measure_new(const BenchOptions& options, int& code) {
  code = kExitUsage;
  const StopSignals held;
  const auto placement = place(options.cpu);
  if (!placement) return fail(placement.error());
  auto policy = options.policy.empty() ? Result<PolicyReport>(PolicyReport{}) : read_policy_report(options);
  if (!policy) return fail(policy.error());
  auto plan = options.policy.empty() ? standard_plan(*placement) : policy_plan(*policy, *placement);
  if (!plan) return fail(plan.error());
  code = kExitCouldNotRun;
  auto measurement = measure(options, *std::move(plan), *placement);
  if (!measurement) return measurement;
  measurement->title = options.policy.empty() ? "the standard report" : options.policy;
  if (!options.policy.empty()) finish_policy_report(*policy, *measurement);
  measurement->findings = bench_findings(*measurement, policy->explanation);
  return measurement;
}

}  // namespace

int bench(const BenchOptions& options) {
  // What is wrong with the input is said before anything is measured.
  std::vector<Measurement> baseline;
  if (!options.baseline.empty()) {
    auto before = read_run(options.baseline);
    if (!before) return complain("--baseline: " + before.error().message, kExitUsage);
    baseline.push_back(*std::move(before));
  }
  if (const auto place = check_report_path(options.output); !place) return complain(place.error().message, kExitCouldNotRun);
  int code = kExitUsage;
  auto measurement = options.from.empty() ? measure_new(options, code) : read_run(options.from);
  if (!measurement) return complain((options.from.empty() ? "" : "--from: ") + measurement.error().message, code);
  if (!baseline.empty() && measurement->invalid.empty()) {
    auto gate = compare(*measurement, baseline[0], options.max_regression);
    if (!gate) return complain(fmt::format("--baseline: {}: {}", options.baseline, gate.error().message), kExitUsage);
    measurement->gate = *std::move(gate);
    measurement->gate.baseline = options.baseline;
  }
  if (const auto written = write_report(options.output, render(*measurement, options.format)); !written)
    return complain(written.error().message, kExitCouldNotRun);
  return exit_code(*measurement);
}

}  // namespace sandgauge
