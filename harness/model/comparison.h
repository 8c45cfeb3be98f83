// Comparison: what became of each intent under each sandbox. Observed in children, never derived.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/sandbox.h"

namespace sandgauge {

enum class ActRole : std::uint8_t { act, variant, control };

enum class ActEnd : std::uint8_t {
  done,       // it succeeded
  denied,     // with an errno
  killed,     // by a signal
  not_here,   // it fails without any sandbox too: this kernel or machine does not have it
  not_tried,  // the sandbox could not be applied; or the trial broke
};

/// One act under one sandbox.
struct ActSeen {
  ActRole role = ActRole::act;
  std::string name;
  ActEnd end = ActEnd::not_tried;
  int error = 0;
  int signal = 0;
  bool left = false;    // its effect is there
  std::string record;   // what the kernel says of it; empty: nothing
  bool named = true;    // the record names what it has to
  std::string trouble;  // of not_tried
  bool operator==(const ActSeen&) const = default;
};

enum class Fit : std::uint8_t {
  absent,  // this machine lacks the sandbox, or what the intent needs of it
  no,      // it cannot be said, or the act is done all the same
  partly,  // a variant gets through, or a control does not
  yes,
};
/// "absent", "no", "partly", "yes".
constexpr std::string_view fit_name(Fit fit) {
  constexpr std::string_view kNames[] = {"absent", "no", "partly", "yes"};
  return kNames[static_cast<std::size_t>(fit)];
}

struct Pairing {
  Sandbox sandbox = Sandbox::none;
  Fit fit = Fit::no;
  std::string why;                  // the mechanism's limits, in words
  std::string trouble;              // of absent
  double install_microseconds = 0;  // from text or data to something that a process can enter; 0: nothing to do
  std::vector<ActSeen> acts;        // the act is the first; empty if there was nothing to try
  bool operator==(const Pairing&) const = default;
};

struct IntentSeen {
  std::string id;
  std::string sentence;
  bool record = false;
  std::vector<Pairing> pairings;  // in the order of kEverySandbox
  bool operator==(const IntentSeen&) const = default;
};

/// What is true of a sandbox whatever the intent, tried on one of them.
struct SandboxTraits {
  Sandbox sandbox = Sandbox::none;
  bool here = false;
  std::string trouble;         // why it is not
  std::string unprivileged;    // what becomes of applying it as nobody
  std::string lifted_inside;   // what the process itself can do to be rid of it
  std::string lifted_outside;  // what root can do
  bool operator==(const SandboxTraits&) const = default;
};

/// What one kind of call costs under one sandbox.
struct SandboxCost {
  Sandbox sandbox = Sandbox::none;
  std::string setting;  // "100 rules", "path of 8 folders"
  std::string call;     // "getppid", "open+close"
  double base = 0;      // without the sandbox
  double extra = 0;     // with it, more than that
  double install = 0;   // of making it ready, once: compiling, loading
  double enter = 0;     // of becoming confined, for each process: seccomp(2), landlock_restrict_self(2), ...
  std::string trouble;
  bool operator==(const SandboxCost&) const = default;
};

struct Comparison {
  std::string version;  // sandgauge's
  std::string kernel;   // uname -r
  std::string user;
  bool counted = false;  // the clock counts instructions
  std::vector<std::string> notes;
  std::vector<SandboxTraits> traits;
  std::vector<IntentSeen> intents;
  std::vector<SandboxCost> costs;
};

}  // namespace sandgauge
