#include "app/explain_command.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "app/explain.h"

namespace sandgauge {
namespace {

constexpr char kExplainFooter[] = R"(
What the columns mean
  instructions  executed for the call: one number, or from-to where it depends on the arguments
  hit           the kernel (5.11 and later) answers the call without running the filter
  miss          it runs the filter each time, and why: "argument rule" names the instruction that reads an argument

Exit codes
  0  explained                     3  the report could not be written
  2  wrong usage or bad input; nothing was written

Examples
  sandgauge explain profile.yaml                       findings, all calls, and the filters themselves
  sandgauge explain profile.yaml futex socket@i386     these calls, whatever their arguments
  sandgauge explain profile.yaml 'socket(16)'          with these arguments; the listing marks the way with >
  sandgauge explain profile.yaml --show summary --backend bpf,libseccomp:2
  sandgauge explain profile.yaml --format json -o explained.json)";

}  // namespace

void add_explain_command(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("explain", "say what a policy costs for each call, and why; needs no kernel");
  command->footer(kExplainFooter);
  const auto options = std::make_shared<ExplainOptions>();
  command->add_option("POLICY", options->policy, "the policy; - is standard input")->required()->type_name("FILE");
  command->add_option("CALL", options->calls, "calls to explain, such as read or socket(16)@i386 (default: all)")
      ->type_name("SYSCALL");
  command->add_option("--backend", options->backends, "bpf, libseccomp:1, libseccomp:2; divided by commas (default: all)")
      ->type_name("NAME,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  command
      ->add_option("--show", options->parts, "parts of the text: summary, calls, listing; divided by commas (default: all)")
      ->type_name("PART,...")
      ->delimiter(',')
      ->check(CLI::IsMember({"summary", "calls", "listing"}))
      ->allow_extra_args(false);
  command->add_option("--format", options->format, "text or json (default: text)")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json"}));
  command->add_option("-o,--output", options->output, "write to this file; - is standard output")->type_name("FILE");
  command->callback([&line, options] { line.action = [options] { return explain(*options); }; });
}

}  // namespace sandgauge
