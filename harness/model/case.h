// Case: one row of a suite, fully spelled out; a file's matrix is already multiplied.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/expectation.h"
#include "model/host.h"
#include "model/policy.h"
#include "model/probe.h"
#include "model/program.h"

namespace sandgauge {

class Stage;  // probe/stage.h

/// What confines the child.
enum class Mechanism : std::uint8_t {
  filter,  // the policy, compiled by the backend
  strict,  // SECCOMP_SET_MODE_STRICT; attach call only
  none,    // nothing: a control
};

/// Who loads the filter of a case with attach exec.
enum class Delivery : std::uint8_t {
  direct,   // sandgauge, in the child before its execve(2)
  preload,  // libsandgauge-preload.so, which LD_PRELOAD brings into the program
  needed,   // the same library, which a copy of the program lists as needed (patchelf --add-needed)
  runc,     // the container runtimes, from the policy as OCI JSON in a bundle of sandgauge's
  crun,
};
/// "exec", "preload", "needed", "runc", "crun": the words of a case's `attach`.
std::string_view delivery_name(Delivery delivery);
std::optional<Delivery> parse_delivery(std::string_view name);

/// Where a case was read from.
struct Place {
  std::string file;
  int line = 0;
  bool operator==(const Place&) const = default;
};

struct Case {
  std::string id;          // "uname/errno-eperm/libseccomp:2": suite, name and matrix values, joined by '/'
  std::string suite;       // "uname"
  std::string title;       // one sentence
  std::string why;         // why it matters; may be empty
  std::string source;      // the man page section or kernel source that promises it; may be empty
  std::string also;        // other test suites that check it too; may be empty
  std::string difference;  // where this departs from the documentation: what, why and since when; usually empty

  Mechanism mechanism = Mechanism::filter;
  Policy policy;
  Backend backend;
  Attach attach = Attach::exec;
  Delivery delivery = Delivery::direct;  // with attach exec and mechanism filter
  std::string oci_profile;    // the file that the policy was read from, if it is a container runtime's; for runc and crun
  bool by_variables = false;  // delivered as cloudflare/sandbox's variables, as far as they can say the policy
  std::vector<std::string> program;      // attach exec: a program of cases/programs by name, or a path; then its arguments
  std::string executable;                // the file of program[0], if that was looked up already
  std::string directory;                 // where the program runs; empty: in an empty directory of its own
  std::optional<CallRequest> call;       // what the case is about; needed for attach call
  std::optional<Probe> probe;            // unset: the harness picks
  void (*scenario)(Stage&) = nullptr;    // attach scenario
  std::vector<std::int64_t> parameters;  // attach scenario: what tells it from its siblings
  TracerPlan tracer;
  ListenerPlan listener;
  bool core_unlimited = false;           // RLIMIT_CORE unlimited instead of 0
  std::chrono::milliseconds timeout{0};  // 0: the run's own
  bool exclusive = false;                // it changes something of the whole machine: nothing runs beside it

  Expectation expect;
  Requirements needs;
  Place place;
  bool operator==(const Case&) const = default;
};

}  // namespace sandgauge
