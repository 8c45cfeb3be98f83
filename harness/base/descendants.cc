#include "base/descendants.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/unique_fd.h"

namespace sandgauge {
namespace {

std::optional<std::string> read_small_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  std::string text;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(fd.get(), buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(n));
  return text;
}

/// The children of every thread of this process, by the parent in stat: the second word after the command (proc(5)).
/// /proc/PID/task/TID/children would be faster, but needs CONFIG_PROC_CHILDREN.
std::vector<pid_t> children() {
  std::vector<pid_t> pids;
  DIR* proc = ::opendir("/proc");
  if (proc == nullptr) return pids;
  while (const dirent* entry = ::readdir(proc)) {
    const pid_t pid = std::atoi(entry->d_name);
    if (pid <= 0) continue;
    const auto stat = read_small_file(fmt::format("/proc/{}/stat", pid));
    const auto command_end = stat ? stat->rfind(')') : std::string::npos;
    if (command_end == std::string::npos || command_end + 4 > stat->size()) continue;
    if (std::atoi(stat->c_str() + command_end + 4) == ::getpid()) pids.push_back(pid);
  }
  ::closedir(proc);
  return pids;
}

enum class Left { none, some };

Left reap() {
  for (;;) {
    const pid_t pid = ::waitpid(-1, nullptr, __WALL | WNOHANG);
    if (pid == 0) return Left::some;
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) return Left::none;
  }
}

/// Waits for the death of one of them, so that the loop does not spin. For one only: the first process of a pid namespace is
/// not dead before the others in it are reaped.
void wait_for_one(const std::vector<pid_t>& pids, const Deadline& deadline) {
  constexpr std::size_t kMost = 256;
  std::vector<UniqueFd> pidfds;
  std::vector<pollfd> polled;
  for (const pid_t pid : pids) {
    if (polled.size() == kMost) break;
    UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!pidfd) {  // reaped already, or a filter denies the call: look again soon
      ::poll(nullptr, 0, 1);
      return;
    }
    polled.push_back({.fd = pidfd.get(), .events = POLLIN, .revents = 0});
    pidfds.push_back(std::move(pidfd));
  }
  ::poll(polled.data(), polled.size(), deadline.poll_timeout());
}

}  // namespace

Result<std::size_t> end_descendants(std::chrono::milliseconds allowed, std::span<const pid_t> keep) {
  std::set<pid_t> ended;
  if (reap() == Left::none) return ended.size();
  for (const Deadline deadline(allowed); !deadline.passed();) {
    std::vector<pid_t> running = children();
    std::erase_if(running, [keep](pid_t pid) { return std::ranges::find(keep, pid) != keep.end(); });
    if (!keep.empty() && running.empty()) return ended.size();
    for (const pid_t pid : running) ::kill(pid, SIGKILL);
    ended.insert(running.begin(), running.end());
    wait_for_one(running, deadline);
    if (reap() == Left::none) return ended.size();
  }
  return fail("some child processes are still there {} ms after SIGKILL", allowed.count());
}

}  // namespace sandgauge
