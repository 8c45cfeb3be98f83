#include "app/reproducer.h"

#include <algorithm>
#include <sstream>

#include "compile/listing.h"

namespace sandgauge {
namespace {

std::string shell_quoted(const std::string& word) {
  const bool plain = !word.empty() && word.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                          "_-+./:=,@%") == std::string::npos;
  if (plain) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string argument_text(const CallArgument& argument) {
  switch (argument.kind) {
    case CallArgument::Kind::number: return fmt::format("{:#x}", argument.number);
    case CallArgument::Kind::scratch: return "scratch";
    case CallArgument::Kind::text: return fmt::format("\"{}\"", argument.text);
  }
  return "?";
}

void add_filter(std::vector<std::string>& lines, const std::string& which, const Program& program) {
  lines.push_back(fmt::format("filter ({}, {} instructions):", which, program.code.size()));
  std::istringstream listed(listing(program));
  for (std::string line; std::getline(listed, line);) lines.push_back("  " + line);
  lines.push_back("hex: " + to_hex(program));
}

std::string command_of(const Case& test, const std::string& target) {
  return fmt::format("run: sandgauge run --filter {} {}", shell_quoted(test.id), shell_quoted(target));
}

}  // namespace

std::string describe_call(const CallRequest& call) {
  std::string text = call.syscall + "(";
  for (std::size_t i = 0; i < call.args.size(); ++i) text += (i == 0 ? "" : ", ") + argument_text(call.args[i]);
  return text + fmt::format("), {}", abi_name(call.abi));
}

std::string describe_call(const Call& call) {
  if (std::ranges::all_of(call.args, [](std::uint64_t argument) { return argument == 0; })) return to_string(call);
  std::string text = to_string(call) + ", arguments";
  for (const std::uint64_t argument : call.args) text += fmt::format(" {:#x}", argument);
  return text;
}

std::vector<std::string> reproducer(const Case& test, const StageOutcome& stage) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < stage.loaded.size(); ++i)
    if (!stage.loaded[i].code.empty()) add_filter(lines, fmt::format("load {}", i + 1), stage.loaded[i]);
  if (const auto kept = std::ranges::count_if(stage.loaded, [](const Program& each) { return !each.code.empty(); });
      stage.loads > static_cast<std::size_t>(kept))
    lines.push_back(fmt::format("filters that are not shown, being long or late: {}", stage.loads - kept));
  if (stage.call) lines.push_back("last call: " + describe_call(*stage.call));
  lines.push_back(command_of(test, test.suite));
  return lines;
}

std::vector<std::string> reproducer(const Case& test, const Program* program) {
  std::vector<std::string> lines;
  if (program != nullptr) add_filter(lines, to_string(test.backend), *program);
  if (test.call) lines.push_back("call: " + describe_call(*test.call));
  if (test.suite != "command") lines.push_back(command_of(test, test.place.file));
  return lines;
}

}  // namespace sandgauge
