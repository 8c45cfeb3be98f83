// What goes wrong is told on stderr, with the program's name before it.
//
//   if (!read) return complain(read.error().message, kExitUsage);
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>

namespace sandgauge {

/// As it is, to stderr. A reader that has gone is nobody to tell; fmt::print() would throw.
inline void say(const std::string& text) { std::fputs(text.c_str(), stderr); }
inline void complain(const std::string& message) { say(fmt::format("sandgauge: {}\n", message)); }
inline int complain(const std::string& message, int exit_code) { return complain(message), exit_code; }

}  // namespace sandgauge
