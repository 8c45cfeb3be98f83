#include "app/bench_command.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <memory>

#include "app/bench.h"
#include "app/duration.h"
#include "measure/gate.h"

namespace sandgauge {
namespace {

constexpr char kBenchFooter[] = R"(
How it measures
  Each sample is a new process, pinned to one CPU, that checks the outcome of the calls before it times them. Conditions take turns in
  shuffled rounds. The report gives the median of the differences within rounds, with a 95% interval; what the control (the same thing
  twice) shows as well is "below the noise floor". If a control differs from its twin, the whole run is invalid.

Exit codes
  0  measured                      2  wrong usage or bad input; nothing was measured
  1  with --baseline: a row is     3  could not measure, could not write the report, was interrupted,
     slower, or is missing            or the run is invalid

Examples
  sandgauge bench                                              the standard report: what filters cost on this machine
  sandgauge bench --policy profile.json --calls read,openat    what a profile costs its calls
  sandgauge bench --policy profile.json --weights strace.txt   and a workload, by the table of strace -c
  sandgauge bench --format json -o new.json --baseline old.json --max-regression 5%
  sandgauge bench --from new.json --format html -o new.html    the same run in another format)";

struct RawBenchOptions {
  std::string budget;
  std::string max_regression;
  std::string cpu;
  std::string seed;
};

template <class Number>
Result<Number> whole_number_of(const std::string& text, Number least, Number most, const char* what) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || number < least || number > most)
    return fail("{}: expected a number from {} to {}, found '{}'", what, least, most, text);
  return number;
}

Result<void> understand(const RawBenchOptions& raw, BenchOptions& options) {
  if (!raw.budget.empty()) {
    const auto budget = parse_duration(raw.budget);
    if (!budget) return fail("--budget: {}", budget.error().message);
    options.budget = *budget;
  }
  if (!raw.max_regression.empty()) {
    const auto limit = parse_percent(raw.max_regression);
    if (!limit) return fail("--max-regression: {}", limit.error().message);
    options.max_regression = *limit;
    if (options.baseline.empty()) return fail("--max-regression needs --baseline");
  }
  if (!raw.cpu.empty()) {
    constexpr int kMostCpus = 1023;
    const auto cpu = whole_number_of(raw.cpu, 0, kMostCpus, "--cpu");
    if (!cpu) return fail(cpu.error());
    options.cpu = *cpu;
  }
  if (!raw.seed.empty()) {
    const auto seed = whole_number_of<std::uint64_t>(raw.seed, 0, UINT64_MAX, "--seed");
    if (!seed) return fail(seed.error());
    options.seed = *seed;
  }
  if (!options.from.empty() && (!options.policy.empty() || !options.calls.empty() || !options.weights.empty() ||
                                !raw.budget.empty() || !raw.cpu.empty()))
    return fail("--from reports an earlier run: leave out --policy, --calls, --weights, --budget and --cpu");
  if (options.policy.empty() && (!options.calls.empty() || !options.weights.empty()))
    return fail("--calls and --weights are about a profile: add --policy FILE");
  return {};
}

}  // namespace

void add_bench_command(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("bench", "measure what filters cost on this machine, or what a profile costs");
  command->footer(kBenchFooter);
  const auto options = std::make_shared<BenchOptions>();
  const auto raw = std::make_shared<RawBenchOptions>();
  const char* what = "What is measured";
  command
      ->add_option("--policy", options->policy, "a profile, in any format that explain reads (default: the standard report)")
      ->type_name("FILE")
      ->group(what);
  command
      ->add_option("--calls", options->calls,
                   "the profile's calls to measure; divided by commas (default: those that cost most)")
      ->type_name("SYSCALL,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->group(what);
  command->add_option("--weights", options->weights, "the table of strace -c: what the profile costs that workload")
      ->type_name("FILE")
      ->group(what);
  command
      ->add_option("--backend", options->backend, "who compiles the profile: bpf, libseccomp or libseccomp:2 (default: bpf)")
      ->type_name("NAME")
      ->group(what);
  command->add_option("--from", options->from, "report this run, of --format json, instead of measuring")
      ->type_name("FILE")
      ->group(what);
  const char* how = "How";
  command
      ->add_option("--budget", raw->budget,
                   "the time it may take, such as 10s (default: 30s); less if all intervals are narrow")
      ->type_name("TIME")
      ->group(how);
  command->add_option("--cpu", raw->cpu, "the CPU that the calls run on (default: the last)")->type_name("N")->group(how);
  command->add_option("--seed", raw->seed, "of the order in the rounds and of the statistics (default: 1)")
      ->type_name("N")
      ->group(how);
  const char* gate = "Against an older run";
  command->add_option("--baseline", options->baseline, "an older run of --format json")->type_name("FILE")->group(gate);
  command
      ->add_option("--max-regression", raw->max_regression,
                   "how much slower a row may be, relative to its own baseline row (default: 5%)")
      ->type_name("PERCENT")
      ->group(gate);
  const char* report = "The report";
  command->add_option("--format", options->format, "text, json, google, markdown or html (default: text)")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json", "google", "markdown", "html"}))
      ->group(report);
  command->add_option("-o,--output", options->output, "write to this file; - is standard output")
      ->type_name("FILE")
      ->group(report);
  // An unset shell variable must not turn a gate off.
  for (CLI::Option* option : command->get_options())
    if (option->get_items_expected_max() > 0)
      option->check(
          CLI::Validator([](std::string& text) { return text.empty() ? "expected a value, found nothing" : ""; }, ""));
  command->callback([&line, options, raw] {
    if (const auto understood = understand(*raw, *options); !understood) {
      line.answer = usage_error(understood.error().message);
    } else {
      line.action = [options] { return bench(*options); };
    }
  });
}

}  // namespace sandgauge
