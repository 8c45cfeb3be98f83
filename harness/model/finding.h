// LintFinding: something that is wrong with a profile, and the call that shows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/action.h"
#include "model/call.h"

namespace sandgauge {

/// high: a call gets through that the profile means to stop. medium: the profile does something else than it looks.
/// low: part of it does nothing. note: worth knowing.
enum class Severity : std::uint8_t { high, medium, low, note };

constexpr std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::high: return "high";
    case Severity::medium: return "medium";
    case Severity::low: return "low";
    case Severity::note: break;
  }
  return "note";
}

struct LintFinding {
  Severity severity = Severity::note;
  std::string check;    // "open-twin": the same word for every finding of its kind
  std::string message;  // one sentence: what is wrong with this profile
  int line = 0;         // in the profile's file, from 1; 0 is the file as a whole
  int column = 0;
  std::optional<Call> witness;   // a call that shows it
  std::optional<Action> answer;  // what it gets: of the rules, or of the filter that the check is about
  std::optional<Action> live;    // what a filter loaded into the running kernel answered
  bool operator==(const LintFinding&) const = default;
};

/// What a kind of finding means, whatever the profile.
struct LintCheck {
  std::string_view id;
  std::string_view title;        // a sentence
  std::string_view explanation;  // why it matters and what helps
};

}  // namespace sandgauge
