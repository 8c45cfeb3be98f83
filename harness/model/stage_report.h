// What a scenario's child reports through shared memory (probe/stage.h), and how a run changes a scenario to see that it
// notices. Plain words and fixed buffers: it is written under filters that deny everything.
#pragma once

#include <linux/filter.h>

#include <atomic>
#include <cstdint>

#include "model/call.h"

namespace sandgauge {

/// Something expected and something seen, both already as text.
struct StageCheck {
  char what[96];
  char expected[64];
  char seen[64];
  std::uint32_t met;
};

inline constexpr std::uint32_t kMostStageChecks = 256;

/// A filter that the scenario loaded or tried to load.
struct StageFilter {
  std::uint32_t length;  // 0: not kept; it is longer than `code`, or out of reach on purpose
  sock_filter code[64];
};

inline constexpr std::uint32_t kMostStageFilters = 8;

struct StageReport {
  std::atomic<std::uint32_t> checks;   // how many were made; those beyond kMostStageChecks are counted, not kept
  std::atomic<std::uint32_t> filters;  // how many changeable filters were loaded
  std::atomic<std::uint32_t> gave_up;  // 1: `why` says what could not be set up; 2: `why` says what this machine lacks
  char why[160];
  Call last_call;                    // the one raw_call() made last, by whichever process of the scenario
  Call failed_call;                  // the same, when the first check was not met
  std::atomic<std::uint32_t> unmet;  // how many checks were not met
  std::atomic<std::uint32_t> loads;  // how many filters were given to the kernel; the first ones are kept
  StageFilter load[kMostStageFilters];
  StageCheck check[kMostStageChecks];
};

/// A change to a scenario: exactly one of the two is used. A scenario that stays green under one proves too little.
struct StageMutation {
  int expectation = -1;      // the number of a check whose expectation is turned round
  int filter = -1;           // the number of a changeable filter whose answer is replaced
  std::uint32_t answer = 0;  // by this return value
  bool operator==(const StageMutation&) const = default;
};

}  // namespace sandgauge
