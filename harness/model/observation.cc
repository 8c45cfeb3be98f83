#include "model/observation.h"

#include <algorithm>

namespace sandgauge {

void add_call(Observation& observation, Abi abi, std::int32_t number, const Place& place, std::uint64_t count) {
  const auto same = std::ranges::find_if(observation.calls,
                                         [&](const ObservedCall& call) { return call.abi == abi && call.number == number; });
  if (same != observation.calls.end()) {
    same->count += count;
  } else {
    observation.calls.push_back({abi, number, count, place});
  }
}

}  // namespace sandgauge
