#include "app/lint_command.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "app/lint.h"
#include "app/profile_input.h"

namespace sandgauge {
namespace {

constexpr char kLintFooter[] = R"(
Severities
  high    a call gets through that the profile means to stop
  medium  the profile does something else than it looks
  low     part of it does nothing
  note    worth knowing

A finding has a call as witness wherever there is one; the answer beside it is what the rules, or the filter, give that call.

Exit codes
  0  nothing as grave as --fail-on   2  wrong usage or bad input
  1  something was found             3  --live could not run, or the report could not be written

Examples
  sandgauge lint profile.json
  sandgauge lint --live profile.json
  sandgauge lint --format sarif -o lint.sarif default.json)";

struct LintWords {
  std::string format = "text";
  std::string fail_on = "medium";
  ProfileWords read;
  LintOptions options;
};

Result<void> understand_lint(LintWords& words) {
  auto read = understand(words.read);
  if (!read) return fail(read.error());
  words.options.read = *std::move(read);
  if (words.format != "text" && words.format != "json" && words.format != "sarif")
    return fail("--format: found '{}', expected text, json or sarif", words.format);
  words.options.format = words.format == "json"    ? LintFormat::json
                         : words.format == "sarif" ? LintFormat::sarif
                                                   : LintFormat::text;
  for (const Severity severity : {Severity::high, Severity::medium, Severity::low, Severity::note}) {
    if (words.fail_on != severity_name(severity)) continue;
    words.options.fail_on = severity;
    return {};
  }
  return fail("--fail-on: found '{}', expected high, medium, low or note", words.fail_on);
}

}  // namespace

void add_lint_command(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("lint", "what is wrong with a profile, each with a call that shows it");
  command->footer(kLintFooter);
  const auto words = std::make_shared<LintWords>();
  command->add_option("PROFILE", words->options.input, "a profile in any format; - is standard input")->required();
  command->add_flag("--live", words->options.live,
                    "put each witness to the running kernel too; none of the calls is carried out");
  command->add_option("--fail-on", words->fail_on, "exit with 1 from this severity on (default: medium)")
      ->type_name("SEVERITY");
  command->add_option("--format", words->format, "text, json or sarif (default: text)")->type_name("FORMAT");
  command->add_option("-o,--output", words->options.output, "write the report to this file (default: standard output)")
      ->type_name("FILE");
  add_profile_options(*command, words->read);
  command->callback([&line, words] {
    if (const auto understood = understand_lint(*words); !understood) {
      line.answer = usage_error(understood.error().message);
    } else {
      line.action = [words] { return lint(words->options); };
    }
  });
}

}  // namespace sandgauge
