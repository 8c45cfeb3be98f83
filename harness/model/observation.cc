#include "model/observation.h"

#include <algorithm>

namespace sandgauge {
namespace {

auto find_call(Observation& observation, Abi abi, std::int32_t number) {
  return std::ranges::find_if(observation.calls,
                              [&](const ObservedCall& call) { return call.abi == abi && call.number == number; });
}

}  // namespace

void add_call(Observation& observation, Abi abi, std::int32_t number, const Place& place, std::uint64_t count) {
  const auto same = find_call(observation, abi, number);
  if (same != observation.calls.end()) {
    same->count += count;
  } else {
    observation.calls.push_back({.abi = abi, .number = number, .count = count, .first = place});
  }
}

void add_errors(Observation& observation, Abi abi, std::int32_t number, std::uint64_t count) {
  const auto same = find_call(observation, abi, number);
  if (same != observation.calls.end()) same->errors += count;
}

}  // namespace sandgauge
