#include "app/matrix_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "app/guest_command.h"
#include "app/guest_words.h"
#include "app/matrix.h"

namespace sandgauge {
namespace {

constexpr char kMatrixFooter[] = R"(
KERNEL is as for `sandgauge lab`. The command is run or check, without its own --format and -o. Kernels run side by
side, --jobs of them at a time; this one runs before them.

Rows that are the same on all kernels are folded into their number; the others are grouped by their pattern, those with a FAIL
or BROKEN first.

Exit codes
  those of the command, the worst of all kernels
  2  wrong usage; nothing was run
  3  a kernel could not be had, or its guest did not get to its end; the table says which, and has the others

Examples
  sandgauge matrix -k debian:5.10 -k debian:6.1 -k debian:newest -- run conformance
  sandgauge matrix --here -k debian:6.1 --format html -o matrix.html -- check)";

struct RawMatrixOptions {
  GuestWords guest;
  MatrixOptions matrix;
};

Result<void> understand(RawMatrixOptions& raw) {
  if (auto understood = understand_guest_words("matrix", raw.guest); !understood) return understood;
  const auto& words = raw.guest.lab.words;
  if (raw.guest.lab.kernels.empty()) return fail("matrix: expected --kernel, such as --kernel debian:6.1");
  if (!words.empty() && words[0] != "run" && words[0] != "check")
    return fail("matrix: expected run or check after --, found '{}'", words[0]);
  const auto dashes = std::ranges::find(words, "--");
  const bool has_format = std::any_of(words.begin(), dashes, [](const std::string& word) {
    return word.starts_with("--format") || word.starts_with("-o") || word.starts_with("--output") || word == "--list";
  });
  if (has_format) return fail("matrix: the command's report is the matrix's own; leave out its --format, -o and --list");
  raw.matrix.lab = raw.guest.lab;
  return {};
}

}  // namespace

void add_matrix_command(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("matrix", "run cases or a check on several kernels, as one table of differences");
  command->footer(kMatrixFooter);
  const auto raw = std::make_shared<RawMatrixOptions>();
  add_guest_words(*command, raw->guest);
  add_guest_jobs(*command, raw->guest);
  command->add_flag("--here", raw->matrix.here, "the running kernel too, as the first column");
  command->add_flag("--all", raw->matrix.all, "text: also the rows that are the same everywhere");
  command->add_option("--format", raw->matrix.format, "text, json or html (default: text)")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json", "html"}));
  command->add_option("-o,--output", raw->matrix.output, "write the table to this file; - is standard output")
      ->type_name("FILE");
  command->callback([&line, raw] {
    raw->guest.lab.words = line.words_after_dashes;
    if (const auto understood = understand(*raw); !understood)
      line.answer = usage_error(understood.error().message);
    else if (const auto refused = refused_in_guest("matrix", raw->guest.lab.words))
      line.answer = refused;
    else
      line.action = [raw] { return matrix(raw->matrix); };
  });
}

}  // namespace sandgauge
