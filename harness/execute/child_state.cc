#include "execute/child_state.h"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
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

End end_of(int wait_status) {
  End end;
  if (WIFEXITED(wait_status)) {
    end.kind = End::Kind::exited;
    end.exit_code = WEXITSTATUS(wait_status);
  } else {
    end.kind = End::Kind::signaled;
    end.signal = WTERMSIG(wait_status);
    end.core = WCOREDUMP(wait_status);
  }
  return end;
}

void kill_early(Outcome& outcome, End::Kind why, int pidfd) {
  outcome.end.kind = why;
  outcome.end.state = process_state(outcome.pid);
  ::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
}

}  // namespace sandgauge
