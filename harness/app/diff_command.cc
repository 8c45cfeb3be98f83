#include "app/diff_command.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "app/diff.h"
#include "app/profile_input.h"

namespace sandgauge {
namespace {

constexpr char kDiffFooter[] = R"(
Profiles are compared by decision: every call of every architecture, and of calls whose arguments are tested every
combination of values on which a test turns. The text, the format and the order of rules do not matter.

B can be what a program was seen to do: a table of strace -c, a log of strace, audit records, or go-audit's JSON lines. Then
the result is what was seen and is not allowed, and what is allowed and was never seen.

Exit codes
  0  the same                    2  wrong usage or bad input
  1  different                   3  the result could not be written

Examples
  sandgauge diff old.json new.json
  sandgauge diff profile.json policy.yaml --format json
  strace -cfo seen.txt ./app; sandgauge diff profile.json seen.txt)";

struct DiffWords {
  std::string format = "text";
  ProfileWords read;
  DiffOptions options;
};

Result<void> understand_diff(DiffWords& words) {
  auto read = understand(words.read);
  if (!read) return fail(read.error());
  words.options.read = *std::move(read);
  if (words.format != "text" && words.format != "json")
    return fail("--format: found '{}', expected text or json", words.format);
  words.options.json = words.format == "json";
  return {};
}

}  // namespace

void add_diff_command(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("diff", "which calls two profiles answer differently");
  command->footer(kDiffFooter);
  const auto words = std::make_shared<DiffWords>();
  command->add_option("A", words->options.a, "a profile in any format; - is standard input")->required();
  command->add_option("B", words->options.b, "another one, or a log of what a program did")->required();
  command->add_option("--format", words->format, "text or json (default: text)")->type_name("FORMAT");
  command->add_option("-o,--output", words->options.output, "write the result to this file (default: standard output)")
      ->type_name("FILE");
  add_profile_options(*command, words->read);
  command->callback([&line, words] {
    if (const auto understood = understand_diff(*words); !understood) {
      line.answer = usage_error(understood.error().message);
    } else {
      line.action = [words] { return diff(words->options); };
    }
  });
}

}  // namespace sandgauge
