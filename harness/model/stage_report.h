// What a scenario's child reports through shared memory (probe/stage.h), and how a run changes a scenario to see that it
// notices. Plain words and fixed buffers: it is written under filters that deny everything.
#pragma once

#include <atomic>
#include <cstdint>

namespace sandgauge {

/// Something expected and something seen, both already as text.
struct StageCheck {
  char what[96];
  char expected[64];
  char seen[64];
  std::uint32_t met;
};

inline constexpr std::uint32_t kMostStageChecks = 256;

struct StageReport {
  std::atomic<std::uint32_t> checks;   // how many were made; those beyond kMostStageChecks are counted, not kept
  std::atomic<std::uint32_t> filters;  // how many changeable filters were loaded
  std::atomic<std::uint32_t> gave_up;  // 1: `why` says what could not be set up; 2: `why` says what this machine lacks
  char why[160];
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
