// What `sandgauge explain` says of a policy: every call's decision and what it costs under each filter made of the policy.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/abi.h"
#include "model/action.h"

namespace sandgauge {

/// One call under one filter.
struct CallCost {
  std::uint64_t instructions = 0;  // with the call's arguments as asked for, or all arguments 0
  std::uint64_t least = 0;         // over all arguments
  std::uint64_t most = 0;
  bool exact = true;            // false: least and most only enclose the truth
  std::string worst;            // arguments that cost the most, "socket(16, 0)"; empty if all arguments cost the same
  bool bitmap_hit = false;      // answered without running the filter, Linux 5.11 and later
  std::string bitmap_reason;    // why, or why not
  std::vector<Action> actions;  // what it can come to, each once; the first is that of `instructions`
  bool operator==(const CallCost&) const = default;
};

struct ExplainedCall {
  Abi abi = native_abi();
  std::int32_t number = 0;
  std::string name;                // as in the kernel's table; empty if it has none
  std::string asked;               // the call as it was asked for on the command line, with its arguments; usually empty
  std::string decision;            // "ALLOW", "ALLOW or ERRNO(EPERM), by argument"
  std::vector<std::size_t> rules;  // of the policy, from 1, that name this call
  std::vector<CallCost> costs;     // by backend, in the order of Explanation::backends; a failed backend's is empty
  bool differs = false;            // the backends' filters answer some arguments differently: an example was tried
  bool operator==(const ExplainedCall&) const = default;
};

struct ExplainedBackend {
  std::string name;   // "bpf", "libseccomp:1", "libseccomp:2", or "cbpf" for a filter that was given as it is
  std::string error;  // why it cannot compile the policy; then nothing else is filled in
  std::size_t length = 0;
  std::vector<std::string> listing;  // a line per instruction, and one per label
  std::vector<std::size_t> unreachable;
  std::uint64_t worst = 0;     // most instructions of a call
  std::size_t worst_call = 0;  // into Explanation::calls
  std::uint64_t median = 0;    // of the most instructions of the native ABI's calls that run the filter; 0: none does
  std::size_t median_call = 0;
  std::size_t hits = 0;
  std::size_t misses = 0;
  std::vector<std::size_t> path;  // the instructions that the one call that was asked for executes, with all arguments given
  bool operator==(const ExplainedBackend&) const = default;
};

struct Explanation {
  std::string source;   // the file
  std::string summary;  // "358 rules, default ERRNO(EPERM), x86_64 i386 x32"
  std::vector<std::string> findings;
  std::vector<std::string> notes;
  std::vector<ExplainedBackend> backends;
  std::vector<ExplainedCall> calls;
  bool operator==(const Explanation&) const = default;
};

}  // namespace sandgauge
