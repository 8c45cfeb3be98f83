// PreloadSheet: what libsandgauge-preload.so and whoever runs a program with it tell each other, in memory that both map.
//
// It is a file without a name (memfd_create(2)); its descriptor's number stands in the program's environment:
//   SANDGAUGE_PRELOAD_SHEET=5
// The library maps it, closes the descriptor and takes the variable away before it loads the filter. What it found it stores
// here, because a store is no system call and no filter can answer it. A sheet that still says `untouched` in the end was
// never seen by the library: the program is static, or its loader ignored LD_PRELOAD.
#pragma once

#include <linux/filter.h>

#include <atomic>
#include <cstdint>

namespace sandgauge {

inline constexpr char kPreloadSheetVariable[] = "SANDGAUGE_PRELOAD_SHEET";
inline constexpr std::uint32_t kPreloadMagic = 0x53475031;  // "SGP1"
inline constexpr std::uint32_t kMostPreloadInstructions = BPF_MAXINSNS;

enum class PreloadStage : std::uint32_t {
  untouched,  // the library never ran
  nothing,    // it ran, and neither the sheet nor a variable asked for a filter
  loaded,     // the filter is in force
  failed,     // PreloadSheet::error has the errno; 0 if a variable was wrong
};

struct PreloadSheet {
  std::uint32_t magic;
  std::uint32_t flags;   // SECCOMP_FILTER_FLAG_*, also for a filter that the variables ask for
  std::uint32_t length;  // of `code`; 0: the variables say what to load
  std::atomic<std::uint32_t> stage;
  std::atomic<std::int32_t> error;
  std::atomic<std::int32_t> listener;  // the descriptor's number in the program, plus 1
  sock_filter code[kMostPreloadInstructions];
};

}  // namespace sandgauge
