#include "app/run.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <random>

#include "app/command_line.h"
#include "app/complain.h"
#include "app/job.h"
#include "app/selection.h"
#include "app/supervisor.h"
#include "base/errno_text.h"
#include "base/machine_lock.h"
#include "kernel/host.h"
#include "kernel/tools.h"
#include "observe/audit_session.h"
#include "report/json.h"
#include "report/junit.h"
#include "report/output.h"
#include "report/tap.h"
#include "report/text.h"

namespace sandgauge {
namespace {

int terminal_width(int fd) {
  winsize size{};
  constexpr int kUsualWidth = 100;
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsualWidth;
}

std::string render(const Report& report, const RunOptions& options) {
  switch (options.format) {
    case Format::tap: return to_tap(report);
    case Format::junit: return to_junit(report);
    case Format::json: return to_json(report);
    case Format::text: break;
  }
  const bool terminal = options.output == "-" && ::isatty(STDOUT_FILENO) != 0;
  return to_text(report, terminal && std::getenv("NO_COLOR") == nullptr, terminal_width(STDOUT_FILENO));
}

int list(const std::vector<Case>& cases, const RunOptions& options) {
  std::string text;
  if (options.format == Format::json) {
    text = list_json(cases);
  } else {
    for (const Case& test : cases) text += test.id + "\n";
  }
  const auto written = write_report(options.output, text);
  if (!written) complain(written.error().message);
  return written ? kExitAsExpected : kExitCouldNotRun;
}

/// GoogleTest's protocol: the file's being there says that this program knows how to shard.
Result<void> touch_shard_status_file(const RunOptions& options) {
  if (options.shard_status_file.empty()) return {};
  const UniqueFd fd(::open(options.shard_status_file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
  if (!fd) return fail("GTEST_SHARD_STATUS_FILE {}: {}", options.shard_status_file, errno_text(errno));
  return {};
}

/// Audit records may be out of reach although the capability is there: then it is as if it were not.
Result<Host> look_at_host(std::vector<std::string>& notes) {
  MachineLock lock;  // another run may be changing what the machine logs, for one of its cases
  static_cast<void>(lock.take(MachineLock::Kind::shared, kLockPatience, -1));
  auto host = inspect_host();
  if (!host || !host->capabilities.contains("CAP_AUDIT_READ")) return host;
  if (const auto reader = AuditReader::open(); !reader) {
    host->capabilities.erase("CAP_AUDIT_READ");
    notes.push_back(
        fmt::format("audit records cannot be read, so CAP_AUDIT_READ counts as missing: {}", reader.error().message));
  }
  return host;
}

/// "" if the kernel does not tell.
std::string host_name() {
  struct utsname names {};
  return ::uname(&names) == 0 ? names.nodename : "";
}

Report blank_report(const Host& host) {
  Report report;
  report.version = SANDGAUGE_VERSION;
  report.kernel = host.release;
  report.machine = std::string(abi_name(native_abi()));
  report.hostname = host_name();
  report.started = fmt::format("{:%FT%TZ}", fmt::gmtime(std::time(nullptr)));
  report.user = host.uid == 0 ? "root" : fmt::format("uid {}", host.uid);
  if (host.outer_filters != 0)
    report.notes.push_back(
        host.outer_filters > 0
            ? fmt::format("sandgauge itself runs under {} seccomp filter(s); cases that they disturb are skipped",
                          host.outer_filters)
            : "sandgauge itself runs under seccomp filters; cases that they disturb are skipped");
  return report;
}

/// So that the others need not wait for them again and again.
void run_exclusive_last(std::vector<Job>& jobs) {
  std::ranges::stable_partition(jobs, [](const Job& job) { return !job.test->exclusive; });
}

std::vector<Job> jobs_of(const std::vector<Case>& cases, const RunOptions& options) {
  std::vector<Job> jobs;
  std::mt19937_64 random(options.seed);
  for (int iteration = 1; iteration <= options.repeat; ++iteration) {
    const auto begin = static_cast<std::ptrdiff_t>(jobs.size());
    for (const Case& test : cases) jobs.push_back({&test, iteration, nullptr});
    if (options.shuffle) std::shuffle(jobs.begin() + begin, jobs.end(), random);
  }
  run_exclusive_last(jobs);
  return jobs;
}

SuperviseOptions supervise_options(const RunOptions& options, std::size_t jobs) {
  SuperviseOptions result;
  result.workers = options.jobs;
  result.fail_fast = options.fail_fast;
  struct stat status {};
  if (options.output == "-" && ::fstat(STDOUT_FILENO, &status) == 0 &&
      (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode)))
    result.output_fd = STDOUT_FILENO;
  if (::isatty(STDERR_FILENO) != 0)
    result.progress = [jobs](std::size_t done) {
      if (done == jobs) {
        fmt::print(stderr, "\r\x1b[K");
      } else {
        fmt::print(stderr, "\r{} of {}", done, jobs);
      }
    };
  return result;
}

void take_results(SupervisedRun&& run, Report& report) {
  for (std::optional<CaseResult>& result : run.results) {
    if (result) {
      report.results.push_back(std::move(*result));
    } else {
      ++report.not_run;
    }
  }
  report.interrupted = !run.interrupted_by.empty();
}

/// What a run of a command under its policy cannot see here; empty if it sees all.
std::string blind_spot(const RunOptions& options, const std::vector<Case>& cases, const Host& host) {
  if (options.policy_file.empty() || std::ranges::none_of(cases, may_kill)) return {};
  const auto logged = [&host](const char* action) { return host.actions_logged.contains(action); };
  std::string lacks;
  if (!host.capabilities.contains("CAP_AUDIT_READ")) {
    lacks = "audit records need CAP_AUDIT_READ";
  } else if (!can_begin_audit_session(host.capabilities.contains("CAP_AUDIT_CONTROL"))) {
    lacks = "telling whose audit records they are needs CAP_AUDIT_CONTROL";
  } else if (!logged("kill_process") || !logged("kill_thread")) {
    lacks = "kernel.seccomp.actions_logged leaves kills out of the audit records";
  }
  if (lacks.empty()) return {};
  return "what the filter does to processes that the command starts is not seen: " + lacks;
}

/// The cases that pass are run again under each of their mutants.
Result<void> run_mutants(const std::vector<Case>& cases, const RunContext& context, const RunOptions& options,
                         Report& report) {
  MutationSummary summary;
  std::vector<std::vector<Mutant>> by_case(cases.size());
  std::vector<Job> jobs;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto passed = std::ranges::find_if(report.results, [&](const CaseResult& result) {
      return result.id == cases[i].id && result.verdict.status == Status::pass;
    });
    auto made = mutants(cases[i], passed != report.results.end() ? *passed : CaseResult{});
    if (!made) return fail("{}: {}", cases[i].id, made.error().message);
    by_case[i] = std::move(*made);
    if (passed == report.results.end()) {
      summary.not_run += by_case[i].size();
      continue;
    }
    for (const Mutant& mutant : by_case[i]) jobs.push_back({&cases[i], 1, &mutant});
  }
  run_exclusive_last(jobs);
  auto run = supervise(jobs, context, supervise_options(options, jobs.size()));
  if (!run) return fail(run.error());
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    // A mutant that its backend cannot make is a SKIP. One that is BROKEN, for its program could not even start, is red.
    if (!run->results[i] || run->results[i]->verdict.status == Status::skip) {
      ++summary.not_run;
      continue;
    }
    ++summary.mutants;
    if (run->results[i]->verdict.status == Status::pass) {
      summary.survivors.push_back({jobs[i].test->id, jobs[i].mutant->description});
    } else {
      ++summary.noticed;
    }
  }
  report.interrupted = report.interrupted || !run->interrupted_by.empty();
  report.mutation.push_back(std::move(summary));
  return {};
}

/// Where a kernel departs from its documentation the case checks what it does; the report must still say so.
void note_differences(const std::vector<Case>& cases, Report& report) {
  for (const Case& test : cases) {
    const bool ran = std::ranges::any_of(report.results, [&test](const CaseResult& result) {
      return result.id == test.id && result.verdict.status != Status::skip;
    });
    if (ran && !test.difference.empty())
      report.notes.push_back(fmt::format("known difference: {}: {}", test.id, test.difference));
  }
}

std::vector<std::string> unmet_requirements(const Report& report, const RunOptions& options) {
  std::vector<std::string> unmet;
  for (const CaseResult& result : report.results) {
    const bool required =
        std::ranges::any_of(options.required, [&](const std::string& glob) { return matches_glob(glob, result.id); });
    if (required && result.verdict.status == Status::skip)
      unmet.push_back(fmt::format("required, but skipped: {}: {}", result.id, result.verdict.reason));
  }
  return unmet;
}

int exit_code(const Report& report, bool requirements_met) {
  const Totals sum = totals(report);
  const bool survivors = !report.mutation.empty() && !report.mutation[0].survivors.empty();
  if (report.interrupted) return kExitCouldNotRun;
  if (sum.failed > 0 || sum.broken > 0 || survivors || !requirements_met) return kExitMismatch;
  return sum.passed > 0 ? kExitAsExpected : kExitAllSkipped;
}

}  // namespace

int run(const RunOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const auto installation = find_installation();
  if (!installation) return complain(installation.error().message, kExitCouldNotRun);
  const auto cases = select_cases(options, *installation);
  if (!cases) return complain(cases.error().message, kExitUsage);
  if (auto touched = touch_shard_status_file(options); !touched) return complain(touched.error().message, kExitCouldNotRun);
  if (options.list) return list(*cases, options);

  // Without these no end of a case would ever be seen or brought about.
  if (const std::string broken = find_broken_tool({"poll(2)", "kill(2)", "waitid(2)", "wait4(2)"}); !broken.empty())
    return complain("no case can be run: " + broken, kExitCouldNotRun);
  std::vector<std::string> notes;
  const auto host = look_at_host(notes);
  if (!host) return complain(host.error().message, kExitCouldNotRun);
  Report report = blank_report(*host);
  report.notes.insert(report.notes.end(), notes.begin(), notes.end());
  if (std::string blind = blind_spot(options, *cases, *host); !blind.empty()) report.notes.push_back(std::move(blind));
  if (options.shuffle) report.notes.push_back(fmt::format("shuffled with seed {}", options.seed));

  const RunContext context{.host = *host, .installation = *installation, .timeout = options.timeout};
  const std::vector<Job> jobs = jobs_of(*cases, options);
  auto supervised = supervise(jobs, context, supervise_options(options, jobs.size()));
  if (!supervised) return complain(supervised.error().message, kExitCouldNotRun);
  if (!supervised->interrupted_by.empty()) report.notes.push_back("ended early by " + supervised->interrupted_by);
  take_results(std::move(*supervised), report);
  if (options.mutate && !report.interrupted) {
    if (auto mutated = run_mutants(*cases, context, options, report); !mutated)
      return complain(mutated.error().message, kExitCouldNotRun);
  }
  note_differences(*cases, report);
  const std::vector<std::string> unmet = unmet_requirements(report, options);
  for (const std::string& line : unmet) complain(line);
  report.duration = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);

  if (auto written = write_report(options.output, render(report, options)); !written)
    return complain(written.error().message, kExitCouldNotRun);
  return exit_code(report, unmet.empty());
}

}  // namespace sandgauge
