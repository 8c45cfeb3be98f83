#include "kernel/command.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <sstream>

#include "base/deadline.h"
#include "base/unique_fd.h"
#include "kernel/trial.h"

namespace sandgauge {
namespace {

constexpr int kNotStarted = 121;
constexpr std::size_t kMostOutput = 64 << 10;
constexpr std::chrono::seconds kPatience{5};

[[noreturn]] void become(const std::vector<std::string>& words, int output, const std::function<bool()>& before_exec) {
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, STDIN_FILENO);
  // Never with our own standard output: what the program says would stand in the report.
  if (::dup2(output, STDOUT_FILENO) < 0 || ::dup2(output, STDERR_FILENO) < 0) ::_exit(kNotStarted);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  if (!before_exec || before_exec()) ::execv(arguments[0], arguments.data());
  ::_exit(kNotStarted);
}

}  // namespace

std::string CommandResult::last_line() const {
  const std::size_t end = output.find_last_not_of(" \n");
  if (end == std::string::npos) return exit_code < 0 ? "it did not end by itself" : "no message";
  const std::size_t begin = output.rfind('\n', end);
  return output.substr(begin == std::string::npos ? 0 : begin + 1, end - (begin == std::string::npos ? 0 : begin + 1) + 1);
}

CommandResult run_command(const std::vector<std::string>& words, const std::function<bool()>& before_exec) {
  CommandResult result;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return result;
  const UniqueFd own(ends[0]);
  UniqueFd other(ends[1]);
  const pid_t pid = fork_helper([&] { become(words, other.get(), before_exec); });
  other.reset();
  if (pid < 0) return result;
  const Deadline deadline(kPatience);
  bool ended = false;
  while (!ended && !deadline.passed() && result.output.size() <= kMostOutput) {
    pollfd readable{.fd = own.get(), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&readable, 1, deadline.poll_timeout());
    if (ready < 0 && errno != EINTR) break;
    if (ready < 1) continue;
    char buffer[4096];
    const ssize_t length = ::read(own.get(), buffer, sizeof buffer);
    if (length > 0) result.output.append(buffer, static_cast<std::size_t>(length));
    ended = length == 0 || (length < 0 && errno != EINTR);
  }
  if (!ended) kill_by_any_call(pid);
  const int status = wait_for(pid);
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  result.not_started = result.exit_code == kNotStarted;
  return result;
}

std::string find_parser() {
  const char* search = std::getenv("PATH");
  std::istringstream parts((search != nullptr ? std::string(search) : std::string()) + ":/usr/sbin:/sbin");
  for (std::string part; std::getline(parts, part, ':');) {
    const std::string path = part + "/apparmor_parser";
    if (!part.empty() && ::access(path.c_str(), X_OK) == 0) return path;
  }
  return "";
}

}  // namespace sandgauge
