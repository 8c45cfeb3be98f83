// The table that `strace -c` prints, as the weights of a workload.
//
//   Result<std::vector<CallCount>> counts = parse_strace_table(text);      // {{"read", 1200}, {"futex", 300}}
//
//   % time     seconds  usecs/call     calls    errors syscall
//   ------ ----------- ----------- --------- --------- ----------------
//    52.17    0.000012           0       120         3 openat
//   100.00    0.000023                  4823        10 total
//
// With -f and several tables the counts of a call are added up. Lines that are not of a table are passed over. Errors name
// the line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sandgauge {

struct CallCount {
  std::string name;
  std::uint64_t count = 0;
  bool operator==(const CallCount&) const = default;
};

/// Fails for a text without such a table, and for a line of it that has no count.
Result<std::vector<CallCount>> parse_strace_table(std::string_view text);

}  // namespace sandgauge
