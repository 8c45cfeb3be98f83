#include "target.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace sandgauge::fuzz {
namespace {

std::vector<const Target*>& registered() {
  static std::vector<const Target*> targets;
  return targets;
}

}  // namespace

Target::Target(std::string_view name, Run run) : name_(name), run_(run) { registered().push_back(this); }

const std::vector<const Target*>& every_target() { return registered(); }

const Target* find_target(std::string_view name) {
  const auto found = std::ranges::find(registered(), name, &Target::name);
  return found == registered().end() ? nullptr : *found;
}

void expect(bool holds, std::string_view what) {
  if (holds) return;
  fmt::print(stderr, "does not hold: {}\n", what);
  std::abort();
}

void expect_message(std::string_view message) {
  constexpr std::size_t kLongest = 1000;
  if (!message.empty() && message.size() <= kLongest &&
      std::ranges::none_of(message, [](unsigned char c) { return c < ' ' || c == 0x7f; }))
    return;
  fmt::print(stderr, "no message for one line: {} bytes: '{}'\n", message.size(), message.substr(0, kLongest));
  std::abort();
}

}  // namespace sandgauge::fuzz
