#include "app/run_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <memory>
#include <random>
#include <thread>

#include "app/duration.h"
#include "app/run.h"
#include "base/errno_text.h"

namespace sandgauge {
namespace {

constexpr char kRunFooter[] = R"(
Verdicts
  PASS    everything the case claims was seen, and the policy's rules, the compiled filter and the kernel agree
  FAIL    something else was seen; the report says what, and which of the three differs
  BROKEN  the case could not be set up, or its probe cannot tell the expected action from another
  SKIP    this machine lacks something that the case needs; the report names it

A program of your own (-- CMD)
  It runs in the current directory, with /dev/null as its input and pipes as its outputs; cases of files each have an empty
  directory. With --call a program that shows no sign of the call is run once more, with a listener that refuses it.
  With CAP_AUDIT_READ, every process that comes of it is watched: one that the filter kills is a FAIL, unless --call names the
  call, or --expect-signal SIGSYS or --expect-exit 159 (a shell's word for that death) is given.

Exit codes
  0  all as expected               3  could not run, could not write the report, or was interrupted
  1  a FAIL, a BROKEN, a survivor  4  everything was skipped, or there was nothing to run
     of --mutate, or an unmet --require
  2  wrong usage or bad input; nothing was run

Environment
  GTEST_TOTAL_SHARDS, GTEST_SHARD_INDEX (from 0), GTEST_SHARD_STATUS_FILE   as --shard
  NO_COLOR            no colour on a terminal
  TMPDIR              where the cases' working directories are made
  SANDGAUGE_CASES, SANDGAUGE_PROGRAMS, SANDGAUGE_LIBRARIES   folders to use instead of the installed ones

Examples
  sandgauge run                                     every built-in case
  sandgauge run actions --filter 'mkdir/*'          some of a suite
  sandgauge run my-cases.yaml --format junit -o results.xml
  sandgauge run --policy deny.yaml --expect-exit 2 -- ./my-app --flag
  sandgauge run --mutate actions                    does every case notice a wrong filter?)";

template <class Number>
Result<Number> whole_number(const std::string& text, Number least, Number most, const char* what) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || number < least || number > most)
    return fail("{}: expected a number from {} to {}, found '{}'", what, least, most, text);
  return number;
}

/// What CLI11 reads as plain text, before it is understood.
struct RawOptions {
  std::string timeout;
  std::string shuffle;
  std::string shard;
  std::string format = "text";
  std::string jobs;
  std::string repeat;
  std::string attach;
  std::string expect_exit;
  std::string expect_signal;
};

constexpr int kMostShards = 100'000;

Result<void> read_shard(const std::string& text, RunOptions& run) {
  const auto slash = text.find('/');
  if (slash == std::string::npos) return fail("--shard: expected i/n such as 1/3, found '{}'", text);
  const auto count = whole_number(text.substr(slash + 1), 1, kMostShards, "--shard");
  if (!count) return fail(count.error());
  const auto index = whole_number(text.substr(0, slash), 1, *count, "--shard");
  if (!index) return fail(index.error());
  run.shard_index = *index - 1;
  run.shard_count = *count;
  return {};
}

Result<void> read_gtest_variables(RunOptions& run) {
  const char* total = std::getenv("GTEST_TOTAL_SHARDS");
  const char* index = std::getenv("GTEST_SHARD_INDEX");
  if (total == nullptr && index == nullptr) return {};
  if (total == nullptr || index == nullptr)
    return fail("GTEST_TOTAL_SHARDS and GTEST_SHARD_INDEX need each other; one is not set");
  const auto count = whole_number(total, 1, kMostShards, "GTEST_TOTAL_SHARDS");
  if (!count) return fail(count.error());
  const auto at = whole_number(index, 0, *count - 1, "GTEST_SHARD_INDEX");
  if (!at) return fail(at.error());
  run.shard_count = *count;
  run.shard_index = *at;
  if (const char* file = std::getenv("GTEST_SHARD_STATUS_FILE")) run.shard_status_file = file;
  return {};
}

Result<void> read_expectation(const RawOptions& raw, RunOptions& run) {
  if (!raw.expect_exit.empty()) {
    const auto code = whole_number(raw.expect_exit, 0, 255, "--expect-exit");
    if (!code) return fail(code.error());
    run.expect.exit = *code;
  }
  if (!raw.expect_signal.empty()) {
    run.expect.signal = signal_number(raw.expect_signal);
    if (!run.expect.signal) return fail("--expect-signal: expected a name such as SIGSYS, found '{}'", raw.expect_signal);
  }
  if (run.expect.exit && run.expect.signal) return fail("--expect-exit and --expect-signal exclude each other");
  return {};
}

Result<void> read_attach(const std::string& word, RunOptions& run) {
  if (word.empty()) return {};
  const auto delivery = parse_delivery(word);
  if (!delivery) return fail("--attach: found '{}', expected exec, preload, needed, runc or crun", word);
  if (*delivery != Delivery::direct && run.policy_file.empty()) return fail("--attach {} needs a --policy to bring", word);
  run.delivery = *delivery;
  return {};
}

/// Everything that CLI11 does not check.
Result<void> understand(const RawOptions& raw, RunOptions& run) {
  constexpr int kMostJobs = 1024;
  constexpr int kMostRepeats = 1'000'000;
  const auto cores = static_cast<int>(std::thread::hardware_concurrency());
  auto jobs =
      raw.jobs.empty() ? Result<int>(std::clamp(cores, 1, kMostJobs)) : whole_number(raw.jobs, 1, kMostJobs, "--jobs");
  if (!jobs) return fail(jobs.error());
  run.jobs = *jobs;
  auto repeat = raw.repeat.empty() ? Result<int>(1) : whole_number(raw.repeat, 1, kMostRepeats, "--repeat");
  if (!repeat) return fail(repeat.error());
  run.repeat = *repeat;
  if (!raw.timeout.empty()) {
    auto timeout = parse_duration(raw.timeout);
    if (!timeout) return fail("--timeout: {}", timeout.error().message);
    run.timeout = *timeout;
  }
  if (!raw.shuffle.empty()) {
    run.shuffle = true;
    auto seed = raw.shuffle == "true" ? Result<std::uint64_t>(std::random_device{}())
                                      : whole_number<std::uint64_t>(raw.shuffle, 0, UINT64_MAX, "--shuffle");
    if (!seed) return fail(seed.error());
    run.seed = *seed;
  }
  auto format = parse_format(raw.format);
  if (!format) return fail("--format: {}", format.error().message);
  run.format = *format;
  if (auto sharded = raw.shard.empty() ? read_gtest_variables(run) : read_shard(raw.shard, run); !sharded) return sharded;
  if (auto expected = read_expectation(raw, run); !expected) return expected;

  for (const std::string& name : run.backends)
    if (std::ranges::count(run.backends, name) > 1) return fail("--backend: {} is given twice", name);
  if (std::ranges::find(run.required, "") != run.required.end())
    return fail("--require: expected the id of a case, or a glob");
  if (auto attached = read_attach(raw.attach, run); !attached) return attached;
  const bool describes_command =
      !raw.attach.empty() || !run.policy_file.empty() || !run.call.empty() || run.expect != Expectation{};
  if (std::ranges::find(run.targets, std::string()) != run.targets.end())
    return fail("an empty FILE, DIR or SUITE, expected a name");
  if (run.command.empty() && describes_command)
    return fail("--policy, --attach, --call and --expect-... are for a command: add -- CMD [ARGS]");
  if (!run.targets.empty() && describes_command)
    return fail("a case file has its own policy and expectations: leave out --policy, --attach, --call and --expect-...");
  return {};
}

void add_run_options(CLI::App& command, RunOptions& run, RawOptions& raw) {
  command.add_option("FILE|DIR|SUITE", run.targets,
                     "case files, folders of them, or built-in suites (default: all built-in)");
  const char* which = "Which cases";
  command.add_option("--filter", run.filters, "only ids that match this glob; may be given more than once")
      ->type_name("GLOB")
      ->allow_extra_args(false)
      ->group(which);
  command.add_flag("--list", run.list, "print the ids and run nothing (with --format json: everything about each case)")
      ->group(which);
  command.add_option("--shard", raw.shard, "only every n-th case, beginning with the i-th, counted from 1")
      ->type_name("i/n")
      ->group(which);
  command.add_option("--require", run.required, "ids or globs of cases that must not be skipped; divided by commas")
      ->type_name("ID,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->group(which);

  const char* how = "How they run";
  command.add_option("-j,--jobs", raw.jobs, "cases at a time (default: as many as there are cores)")
      ->type_name("N")
      ->group(how);
  command
      .add_option("--timeout", raw.timeout,
                  "deadline of a case that has none of its own, such as 500ms or 5s (default: 10s)")
      ->type_name("TIME")
      ->group(how);
  command.add_option("--repeat", raw.repeat, "run everything N times")->type_name("N")->group(how);
  command.add_flag("--shuffle{true}", raw.shuffle, "in random order; the report says the seed, --shuffle=SEED repeats it")
      ->group(how);
  command.add_flag("--fail-fast", run.fail_fast, "start no more cases after the first FAIL or BROKEN")->group(how);
  command.add_flag("--mutate", run.mutate, "change each case's filter in every way and demand that the case goes red")
      ->group(how);

  const char* report = "The report";
  command.add_option("--format", raw.format, "text, tap, junit or json (default: text)")->type_name("FORMAT")->group(report);
  command.add_option("-o,--output", run.output, "write the report to this file; - is standard output")
      ->type_name("FILE")
      ->group(report);

  const char* own = "A program of your own: -- CMD [ARGS]";
  command.add_option("--policy", run.policy_file, "the policy that CMD runs under: YAML, or a container runtime's JSON")
      ->type_name("FILE")
      ->group(own);
  command
      .add_option("--attach", raw.attach,
                  "who loads the filter: exec (sandgauge, before execve; the default), preload (a library in LD_PRELOAD), "
                  "needed (the same, linked into a copy), runc, crun (these container runtimes)")
      ->type_name("WAY")
      ->group(own);
  command.add_option("--backend", run.backends, "bpf, libseccomp or libseccomp:2; divided by commas (default: bpf)")
      ->type_name("NAME,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->group(own);
  command.add_option("--call", run.call, "the call that this is about; its action is then identified")
      ->type_name("SYSCALL")
      ->group(own);
  command.add_option("--expect-exit", raw.expect_exit, "CMD exits with this code (default: 0)")
      ->type_name("CODE")
      ->group(own);
  command.add_option("--expect-signal", raw.expect_signal, "CMD dies of this signal")->type_name("SIGNAL")->group(own);
  command.add_option("--expect-stdout", run.expect.out, "CMD writes exactly this")->type_name("TEXT")->group(own);
  command.add_option("--expect-stderr", run.expect.err, "CMD writes exactly this")->type_name("TEXT")->group(own);
}

}  // namespace

void add_run_command(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("run", "run cases and check what the kernel did");
  command->footer(kRunFooter);
  const auto raw = std::make_shared<RawOptions>();
  add_run_options(*command, line.run, *raw);
  command->callback([&line, raw] {
    line.run.command = line.words_after_dashes;
    if (const auto understood = understand(*raw, line.run); !understood)
      line.answer = usage_error(understood.error().message);
    else
      line.action = [&options = line.run] { return run(options); };
  });
}

}  // namespace sandgauge
