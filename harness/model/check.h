// Check: one expectation held against one observation, both as text.
#pragma once

#include <string>

namespace sandgauge {

struct Check {
  std::string what;  // "exit", "stdout", "siginfo.errno"
  std::string expected;
  std::string observed;
  bool met = false;
  bool operator==(const Check&) const = default;
};

}  // namespace sandgauge
