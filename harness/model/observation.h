// Observation: which calls a program was seen to make, how often, and how many failed: what a profile is held against, or
// made of.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/abi.h"
#include "model/case.h"

namespace sandgauge {

struct ObservedCall {
  Abi abi = native_abi();
  std::int32_t number = 0;
  std::uint64_t count = 0;
  Place first;               // where it was first seen: a line of a log; the line 0 if there is no file
  std::uint64_t errors = 0;  // how many of them failed
  bool operator==(const ObservedCall&) const = default;
};

struct Observation {
  std::vector<ObservedCall> calls;  // each call once, in the order in which they were first seen
  bool errors_known = false;        // false: the way they were seen does not tell
  bool ends_uncounted = false;      // by a table of strace -c, which counts calls as they return: never exit, exit_group
  bool operator==(const Observation&) const = default;
};

/// The calls that an observation with ends_uncounted says nothing of: no program goes without one of them.
inline constexpr std::array<std::string_view, 2> kUncountedEnds{"exit", "exit_group"};

/// Counts one more call, or `count` of them.
void add_call(Observation& observation, Abi abi, std::int32_t number, const Place& place, std::uint64_t count = 1);
/// Counts failures of a call that was added before.
void add_errors(Observation& observation, Abi abi, std::int32_t number, std::uint64_t count);

}  // namespace sandgauge
