#include "report/changes.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "model/syscalls.h"
#include "report/escape.h"

namespace sandgauge {
namespace {

using nlohmann::ordered_json;

bool one_group(const Change& a, const Change& b) {
  return a.call.abi == b.call.abi && a.before == b.before && a.after == b.after && a.some_arguments == b.some_arguments;
}

/// How many calls the ABI has, and one for all numbers that it does not use.
std::size_t every_call_of(Abi abi) {
  std::set<std::int32_t> numbers{-1};
  for (const SyscallEntry& entry : every_syscall()) numbers.insert(entry.number[static_cast<std::size_t>(abi)]);
  return numbers.size();
}

std::string name_of(const Call& call) {
  const std::string_view name = syscall_name(call.abi, call.number);
  return name.empty() ? fmt::format("syscall({})", call.number) : std::string(name);
}

/// The words wrapped into lines.
std::string wrapped(const std::vector<std::string>& words) {
  constexpr std::size_t kWidth = 100;
  std::string text;
  std::string line = "   ";
  for (const std::string& word : words) {
    if (line.size() + word.size() > kWidth) text += std::exchange(line, "   ") + "\n";
    line += " " + word;
  }
  return text + line + "\n";
}

}  // namespace

std::string call_text(const Call& call) {
  std::size_t count = call.args.size();
  while (count > 0 && call.args.at(count - 1) == 0) --count;
  std::string arguments;
  for (std::size_t i = 0; i < count; ++i) arguments += fmt::format("{}{:#x}", i == 0 ? "" : ", ", call.args.at(i));
  const std::string_view name = syscall_name(call.abi, call.number);
  if (!name.empty()) return fmt::format("{}({})", name, arguments);
  return fmt::format("syscall({}{}{})", call.number, arguments.empty() ? "" : ", ", arguments);
}

std::string changes_text(const std::vector<Change>& changes) {
  std::string text;
  std::vector<bool> done(changes.size());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (done[i]) continue;
    const Change& first = changes[i];
    std::vector<std::string> calls;
    bool unnamed = false;
    for (std::size_t j = i; j < changes.size(); ++j) {
      if (!one_group(first, changes[j])) continue;
      done[j] = true;
      unnamed = unnamed || changes[j].unnamed;
      if (!changes[j].unnamed) calls.push_back(first.some_arguments ? call_text(changes[j].call) : name_of(changes[j].call));
    }
    if (unnamed && calls.size() + 1 >= every_call_of(first.call.abi))
      calls = {"every call"};
    else if (unnamed)
      calls.emplace_back(calls.empty() ? "every number without a name" : "and every number without a name");
    text += fmt::format("{}: {} -> {}{}\n{}", abi_name(first.call.abi), to_string(first.before), to_string(first.after),
                        first.some_arguments ? ", for some arguments" : "", wrapped(calls));
  }
  return text;
}

std::string changes_json(const std::vector<Change>& changes, std::string_view name_a, std::string_view name_b) {
  ordered_json list = ordered_json::array();
  for (const Change& change : changes) {
    ordered_json entry = {{"abi", abi_name(change.call.abi)}, {"number", change.call.number}};
    entry["syscall"] = change.unnamed ? ordered_json(nullptr) : ordered_json(name_of(change.call));
    entry["args"] = change.call.args;
    entry["before"] = to_string(change.before);
    entry["after"] = to_string(change.after);
    entry["someArguments"] = change.some_arguments;
    list.push_back(std::move(entry));
  }
  const ordered_json json = {{"a", visible(name_a)}, {"b", visible(name_b)}, {"same", changes.empty()}, {"changes", list}};
  return json.dump(2) + "\n";
}

}  // namespace sandgauge
