#include "app/check_command.h"

#include <CLI/CLI.hpp>
#include <iterator>
#include <memory>

#include "app/check.h"

namespace sandgauge {
namespace {

constexpr char kCheckFooter[] = R"(
Columns
  claimed     what the kernel's configuration and version promise
  advertised  what the running kernel says when it is asked
  works       what a child saw when it tried
  yes, no     as it says               -         the column has nothing to say of it
  unknown     it could not be asked    untested  it could not be tried; -v says why. It does not mean no.

Exit codes
  0  the report was written            2  wrong usage, or a bad FILE; nothing was tried
  1  an unmet --require, or a drift    3  could not run, or could not write the report

Environment
  NO_COLOR  no colour on a terminal    TMPDIR  where files are made to be tried on

Examples
  sandgauge check                                     what works here
  sandgauge check -v                                  with all the evidence
  sandgauge check --require seccomp.notify,'landlock.*'
  sandgauge check --format json -o before.json        then, after an update of the kernel:
  sandgauge check --against before.json
  sandgauge check --format nfd -o /etc/kubernetes/node-feature-discovery/features.d/sandgauge)";

struct FormatName {
  const char* name;
  CheckFormat format;
};
constexpr FormatName kFormats[] = {{"text", CheckFormat::text},
                                   {"json", CheckFormat::json},
                                   {"nfd", CheckFormat::nfd},
                                   {"tap", CheckFormat::tap},
                                   {"junit", CheckFormat::junit}};

}  // namespace

void add_check_command(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("check", "what this kernel claims, advertises and really does");
  command->footer(kCheckFooter);
  const auto options = std::make_shared<CheckOptions>();
  const auto format = std::make_shared<std::string>("text");
  command->add_option("--format", *format, "text, json, nfd (node-feature-discovery), tap or junit (default: text)")
      ->type_name("FORMAT");
  command->add_option("-o,--output", options->output, "write the report to this file; - is standard output")
      ->type_name("FILE");
  command->add_flag("-v,--verbose", options->verbose, "with the evidence of every column");
  command->add_flag("--list", options->list, "print all ids and try nothing (with --format json: what each is)");
  command->add_option("--require", options->required, "ids or globs of capabilities that must work; divided by commas")
      ->type_name("ID,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--against", options->against, "an earlier report (JSON) that nothing may differ from; - is stdin")
      ->type_name("FILE");
  command->add_option("--confined-step", options->confined_step)->group("");  // for sandgauge itself
  command->callback([&line, options, format] {
    const auto* const found =
        std::ranges::find(kFormats, *format, [](const FormatName& one) { return std::string(one.name); });
    if (found == std::end(kFormats)) {
      line.answer = usage_error(fmt::format("--format: expected text, json, nfd, tap or junit, found '{}'", *format));
      return;
    }
    options->format = found->format;
    line.action = [options] { return check(*options); };
  });
}

}  // namespace sandgauge
