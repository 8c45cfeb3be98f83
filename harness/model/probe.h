// What watches a case, and how the watchers answer.
//
// One process cannot show everything: in a child with one thread and no watcher, KILL, KILL_PROCESS and TRAP all look like a
// death by SIGSYS. So a case names its probe, or leaves it to the harness to pick the least that tells its action from
// every other (judge/distinguish.h).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "model/abi.h"

namespace sandgauge {

/// How the confined child is made.
enum class Attach : std::uint8_t {
  exec,      // fork, confine, execve(2) a program
  call,      // fork, confine, make one call in the child itself
  scenario,  // fork, run a C++ function in the child, which does all else (probe/stage.h)
};

/// The watchers; all false is the plain probe: wait status, output, files.
struct Probe {
  bool handler = false;   // the child has a SIGSYS handler that records its siginfo (attach call)
  bool threads = false;   // a second thread is confined and makes the call; the first one watches (attach call)
  bool tracer = false;    // a ptrace(2) tracer with PTRACE_O_TRACESECCOMP
  bool listener = false;  // the filter is loaded with SECCOMP_FILTER_FLAG_NEW_LISTENER; the harness answers
  bool audit = false;     // the filter is loaded with SECCOMP_FILTER_FLAG_LOG; audit records are read; needs CAP_AUDIT_READ
  bool operator==(const Probe&) const = default;
};
/// "plain", "tracer", "handler+threads+audit".
std::string to_string(const Probe& probe);

/// What the tracer does at a seccomp stop.
struct TracerPlan {
  enum class Answer : std::uint8_t { proceed, skip } answer = Answer::proceed;
  /// With skip: the value the call returns (the tracer writes -1 over the number and this over the result); -errno fails.
  std::int64_t result = 0;
  bool operator==(const TracerPlan&) const = default;
};

/// What the listener answers a notification.
struct ListenerPlan {
  enum class Answer : std::uint8_t { proceed, reply } answer = Answer::proceed;  // proceed: FLAG_CONTINUE
  std::int32_t error = 0;  // with reply: struct seccomp_notif_resp.error, negative or 0
  std::int64_t value = 0;  // with reply: .val
  bool operator==(const ListenerPlan&) const = default;
};

/// One argument of a call that a probe makes: a number, or something with an address in the child.
struct CallArgument {
  enum class Kind : std::uint8_t {
    number,
    scratch,  // a zeroed buffer of 4096 bytes
    text,     // a NUL-terminated copy of `text`
  } kind = Kind::number;
  std::uint64_t number = 0;
  std::string text;
  bool operator==(const CallArgument&) const = default;
};

/// The call that a case is about: a call probe makes it, and the three answers are compared on it.
struct CallRequest {
  std::string syscall;  // a name, or a decimal number
  Abi abi = native_abi();
  std::vector<CallArgument> args;  // at most 6; the rest are 0
  bool operator==(const CallRequest&) const = default;
};

}  // namespace sandgauge
