#include "execute/child_state.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

namespace sandgauge {

std::string command_name(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/comm", pid));
  std::string name;
  std::getline(file, name);
  return name;
}

std::string process_state(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto command_end = text.rfind(')');
  if (command_end == std::string::npos || command_end + 2 >= text.size()) return "unknown";
  switch (const char letter = text[command_end + 2]) {
    case 'R': return "running (R)";
    case 'S': return "sleeping (S)";
    case 'D': return "in uninterruptible sleep (D)";
    case 'T': return "stopped (T)";
    case 't': return "stopped by its tracer (t)";
    case 'Z': return "a zombie (Z)";
    default: return fmt::format("in state {}", letter);
  }
}

}  // namespace sandgauge
