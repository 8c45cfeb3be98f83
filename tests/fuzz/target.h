// Fuzz targets: parsers of what others wrote, each with what must hold for any input.
//
//   const Target kafel("kafel", [](std::string_view text) { try_profile(text, ProfileFormat::kafel); });
//
// A target is a static object; main() finds it by its name. There are two of them: libfuzzer.cc makes inputs up, replay.cc
// runs those in corpus/NAME. What does not hold ends the process, so that either sees it as it sees a crash.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"

namespace sandgauge::fuzz {

class Target {
 public:
  using Run = void (*)(std::string_view input);
  Target(std::string_view name, Run run);
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  [[nodiscard]] std::string_view name() const { return name_; }
  void operator()(std::string_view input) const { run_(input); }

 private:
  std::string_view name_;
  Run run_;
};

/// Every target of this program, in no order.
const std::vector<const Target*>& every_target();
/// Null if there is none of this name.
const Target* find_target(std::string_view name);

/// Ends the process with `what` on stderr unless it holds.
void expect(bool holds, std::string_view what);
/// What every message promises: one line of text that a terminal can show, and not without end.
void expect_message(std::string_view message);
/// True if there is a value; the message of an error is looked at.
template <class T>
bool accepted(const Result<T>& result) {
  if (!result) expect_message(result.error().message);
  return result.has_value();
}

}  // namespace sandgauge::fuzz
