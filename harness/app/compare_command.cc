#include "app/compare_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/compare.h"
#include "app/guest_words.h"

namespace sandgauge {
namespace {

constexpr char kCompareFooter[] = R"(
An INTENT is the name of one that comes with sandgauge (cases/intents), or a file of yours; without any, all are tried. Each is
tried under seccomp, AppArmor, Landlock, BPF LSM and seccomp with AppArmor, with other ways to the same end (variants) and
things that must go on working (controls). What this machine lacks is "not here"; with --kernel another kernel is booted.

Exit codes
  0  the comparison was made          2  wrong usage, or a bad INTENT; nothing was tried
  3  could not run, no kernel, or could not write the report

Environment
  NO_COLOR  no colour on a terminal   TMPDIR  where the acts play

Examples
  sandgauge compare --kernel debian:6.1
  sandgauge compare deny-mkdir-below my-intent.yaml --format json -o compared.json
  sandgauge compare --kernel debian:6.12 --format html -o compared.html)";

struct RawCompareOptions {
  GuestWords guest;
  std::string format = "text";
  bool no_cost = false;
  CompareOptions compare;
};

constexpr const char* kFormatNames[] = {"text", "json", "markdown", "html"};

Result<void> understand(RawCompareOptions& raw) {
  if (auto understood = understand_guest_words("compare", raw.guest); !understood) return understood;
  CompareOptions& options = raw.compare;
  for (std::size_t i = 0; i < std::size(kFormatNames); ++i)
    if (raw.format == kFormatNames[i]) options.format = static_cast<CompareFormat>(i);
  options.cost = !raw.no_cost;
  options.lab = raw.guest.lab;
  if (options.lab.kernels.size() > 1) return fail("compare: one --kernel at a time; their reports are separate");
  // In the guest it is the same command, without the guest's own words.
  std::vector<std::string>& words = options.lab.words;
  words = {"compare", "--counted", "--format", raw.format, "-o", options.output};
  if (raw.no_cost) words.emplace_back("--no-cost");
  words.insert(words.end(), options.intents.begin(), options.intents.end());
  options.lab.icount = true;
  return {};
}

}  // namespace

void add_compare_command(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("compare", "hold seccomp, AppArmor, Landlock and BPF LSM against each other");
  command->footer(kCompareFooter);
  const auto raw = std::make_shared<RawCompareOptions>();
  add_guest_words(*command, raw->guest);
  command->get_option("--kernel")->description("the kernel to boot, instead of this one");
  command->add_option("INTENT", raw->compare.intents, "what is wanted of a sandbox: a name, or a file");
  command->add_option("--format", raw->format, "text, json, markdown or html (default: text)")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json", "markdown", "html"}));
  command->add_option("-o,--output", raw->compare.output, "write the report to this file; - is standard output")
      ->type_name("FILE");
  command->add_flag("--no-cost", raw->no_cost, "do not measure what they cost");
  command->add_flag("--counted", raw->compare.counted)->group("");  // for sandgauge itself
  command->callback([&line, raw] {
    if (const auto understood = understand(*raw); !understood)
      line.answer = usage_error(understood.error().message);
    else
      line.action = [raw] { return compare(raw->compare); };
  });
}

}  // namespace sandgauge
