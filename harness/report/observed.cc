#include "report/observed.h"

#include <nlohmann/json.hpp>

#include "model/syscalls.h"
#include "report/escape.h"

namespace sandgauge {
namespace {

using nlohmann::ordered_json;

std::string name_of(const ObservedCall& call) {
  const std::string_view name = syscall_name(call.abi, call.number);
  return name.empty() ? fmt::format("syscall({})", call.number) : std::string(name);
}

}  // namespace

std::string observed_text(const std::vector<Unallowed>& unallowed, const std::vector<Unseen>& unseen) {
  std::string text;
  if (!unallowed.empty()) text += "seen and not allowed:\n";
  for (const Unallowed& one : unallowed)
    text += fmt::format("    {}, {}: {}; {} time{}, first at {}:{}\n", name_of(one.call), abi_name(one.call.abi),
                        to_string(one.answer), one.call.count, one.call.count == 1 ? "" : "s", visible(one.call.first.file),
                        one.call.first.line);
  bool headed = false;
  for (const Unseen& part : unseen) {
    if (part.names.empty() && !part.everything) continue;
    if (!headed) text += "allowed and never seen:\n";
    headed = true;
    text += fmt::format("    {}:", abi_name(part.abi));
    if (part.everything) {
      text += " every other call, by default\n";
      continue;
    }
    std::size_t column = 12;
    for (const std::string& name : part.names) {
      constexpr std::size_t kWidth = 100;
      if (column + name.size() > kWidth) {
        text += "\n       ";
        column = 8;
      }
      text += " " + name;
      column += name.size() + 1;
    }
    text += "\n";
  }
  return text;
}

std::string observed_json(std::string_view profile, std::string_view observation, const std::vector<Unallowed>& unallowed,
                          const std::vector<Unseen>& unseen) {
  ordered_json seen = ordered_json::array();
  for (const Unallowed& one : unallowed)
    seen.push_back({{"abi", abi_name(one.call.abi)},
                    {"number", one.call.number},
                    {"syscall", name_of(one.call)},
                    {"count", one.call.count},
                    {"line", one.call.first.line},
                    {"answer", to_string(one.answer)}});
  ordered_json never = ordered_json::array();
  bool same = unallowed.empty();
  for (const Unseen& part : unseen) {
    same = same && part.names.empty() && !part.everything;
    never.push_back({{"abi", abi_name(part.abi)}, {"everyOther", part.everything}, {"syscalls", part.names}});
  }
  const ordered_json json = {{"profile", visible(profile)},
                             {"observation", visible(observation)},
                             {"same", same},
                             {"seenNotAllowed", std::move(seen)},
                             {"allowedNeverSeen", std::move(never)}};
  return json.dump(2) + "\n";
}

}  // namespace sandgauge
