// What goes wrong is told on stderr, with the program's name before it.
//
//   if (!read) return complain(read.error().message, kExitUsage);
#pragma once

#include <fmt/format.h>

#include <string>

namespace sandgauge {

inline void complain(const std::string& message) { fmt::print(stderr, "sandgauge: {}\n", message); }
inline int complain(const std::string& message, int exit_code) { return complain(message), exit_code; }

}  // namespace sandgauge
