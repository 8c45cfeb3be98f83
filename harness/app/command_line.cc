#include "app/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "app/bench_command.h"
#include "app/check_command.h"
#include "app/compare_command.h"
#include "app/convert_command.h"
#include "app/diff_command.h"
#include "app/explain_command.h"
#include "app/lab_command.h"
#include "app/learn_command.h"
#include "app/lint_command.h"
#include "app/matrix_command.h"
#include "app/run_command.h"

namespace sandgauge {
namespace {

constexpr char kAbout[] =
    "sandgauge runs programs and single system calls under every seccomp action on the running kernel, and checks\n"
    "exit codes, signals, errno, siginfo, ptrace events, notifications and audit records against what was promised.";

struct Command {
  std::string_view name;
  void (*add)(CLI::App& app, CommandLine& line);
  bool takes_program = false;  // after "--"
};
constexpr Command kCommands[] = {
    {.name = "run", .add = add_run_command, .takes_program = true},
    {.name = "check", .add = add_check_command},
    {.name = "explain", .add = add_explain_command},
    {.name = "bench", .add = add_bench_command},
    {.name = "convert", .add = add_convert_command},
    {.name = "diff", .add = add_diff_command},
    {.name = "learn", .add = add_learn_command, .takes_program = true},
    {.name = "lint", .add = add_lint_command},
    {.name = "matrix", .add = add_matrix_command, .takes_program = true},
    {.name = "compare", .add = add_compare_command},
    {.name = "lab", .add = add_lab_command, .takes_program = true},
};

std::string names_of_commands() {
  std::string names;
  for (const Command& command : kCommands) names += fmt::format("{}{}", names.empty() ? "" : ", ", command.name);
  return names;
}

/// Up to "--". CLI11 would take the next word as the value of "--option=".
std::vector<std::string> option_words(const char* const* begin, const char* const* end) {
  std::vector<std::string> words;
  for (const char* const* at = begin; at != end; ++at) {
    const std::string_view word = *at;
    const bool is_empty_value = word.starts_with("--") && word.ends_with('=') && word.find('=') == word.size() - 1;
    words.emplace_back(is_empty_value ? word.substr(0, word.size() - 1) : word);
    if (is_empty_value) words.emplace_back();
  }
  return words;
}

/// What was typed wrongly: CLI11's own sentence, or which commands there are.
std::string complaint(const CLI::App& app, const std::vector<std::string>& words, const CLI::Error& error) {
  const auto chosen = app.get_subcommands();
  if (!chosen.empty())
    return fmt::format("sandgauge: {}\nSee: sandgauge {} --help\n", error.what(), chosen.front()->get_name());
  const bool has_word = !words.empty() && words[0][0] != '-';
  if (!has_word && dynamic_cast<const CLI::RequiredError*>(&error) == nullptr)
    return fmt::format("sandgauge: {}\nSee: sandgauge --help\n", error.what());
  const std::string what = has_word ? fmt::format("unknown command '{}'", words[0]) : std::string("expected a command");
  return fmt::format("sandgauge: {}; there is: {}\nSee: sandgauge --help\n", what, names_of_commands());
}

}  // namespace

Answer usage_error(std::string_view message) { return {fmt::format("sandgauge: {}\n", message), kExitUsage}; }

void parse_command_line(int argc, const char* const* argv, CommandLine& line) {
  CLI::App app(kAbout, "sandgauge");
  app.set_version_flag("--version", "sandgauge " SANDGAUGE_VERSION);
  app.require_subcommand(1);
  app.allow_extras(false);
  for (const Command& command : kCommands) command.add(app, line);

  const char* const* const begin = argv + std::min(argc, 1);
  const char* const* const end = argv + argc;
  const char* const* const dashes = std::find_if(begin, end, [](std::string_view word) { return word == "--"; });
  const std::vector<std::string> words = option_words(begin, dashes);
  if (dashes != end) line.words_after_dashes.assign(dashes + 1, end);
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));  // CLI11 takes them from the back
  } catch (const CLI::CallForVersion& version) {
    line.answer = Answer{fmt::format("{}\n", version.what()), kExitAsExpected};
  } catch (const CLI::Success&) {
    line.answer = Answer{app.help(), kExitAsExpected};
  } catch (const CLI::Error& error) {
    line.answer = Answer{complaint(app, words, error), kExitUsage};
  }
  if (line.answer || dashes == end) return;
  if (dashes + 1 == end) {
    line.answer = usage_error("nothing behind --, expected a command");
    return;
  }
  const std::string chosen = app.get_subcommands().front()->get_name();
  const auto command = std::ranges::find(kCommands, chosen, &Command::name);
  if (!command->takes_program) line.answer = usage_error(fmt::format("{} takes no program after --", chosen));
}

}  // namespace sandgauge
