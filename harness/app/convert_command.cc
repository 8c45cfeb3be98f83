#include "app/convert_command.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "app/convert.h"
#include "app/profile_input.h"

namespace sandgauge {
namespace {

constexpr char kConvertFooter[] = R"(
Formats
  yaml      a policy of sandgauge, docs/case-files.md
  oci       a container runtime's or Docker's profile, JSON
  kafel     the language of nsjail
  minijail  the lines of minijail0 -S
  env       the variables of cloudflare/sandbox
  bpf, hex, c   the compiled filter: bytes, hexadecimal, a C array

What the target cannot say is listed on stderr. What is written is read again, and every call that is then answered
otherwise is listed too.

Exit codes
  0  every call is answered as before   2  wrong usage or bad input; nothing was written
  1  some calls are answered otherwise  3  it could not be written

Examples
  sandgauge convert default.json --to yaml
  sandgauge convert default.json --caps CAP_SYS_ADMIN --kernel 5.10 --to yaml -o admin.yaml
  sandgauge convert policy.yaml --to oci | docker run --security-opt seccomp=/dev/stdin ...)";

struct ConvertWords {
  std::string to;
  ProfileWords read;
  ConvertOptions options;
};

Result<void> understand_convert(ConvertWords& words) {
  auto read = understand(words.read);
  if (!read) return fail(read.error());
  words.options.read = *std::move(read);
  const auto to = parse_profile_format(words.to);
  if (!to) return fail("--to: {}", to.error().message);
  words.options.to = *to;
  return {};
}

}  // namespace

void add_convert_command(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("convert", "write a profile in another format");
  command->footer(kConvertFooter);
  const auto words = std::make_shared<ConvertWords>();
  command->add_option("PROFILE", words->options.input, "a file in any of the formats; - is standard input")->required();
  command->add_option("--to", words->to, "the format to write")->type_name("FORMAT")->required();
  command->add_option("-o,--output", words->options.output, "write it to this file (default: standard output)")
      ->type_name("FILE");
  add_profile_options(*command, words->read);
  command->callback([&line, words] {
    if (const auto understood = understand_convert(*words); !understood) {
      line.answer = usage_error(understood.error().message);
    } else {
      line.action = [words] { return convert(words->options); };
    }
  });
}

}  // namespace sandgauge
