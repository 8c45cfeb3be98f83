#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <iterator>
#include <vector>

#include "base/shown.h"
#include "base/unique_fd.h"
#include "kernel/apparmor.h"
#include "kernel/text_file.h"
#include "kernel/trial.h"

namespace sandgauge {
namespace {

constexpr const char* kClassNames[kMediationClasses] = {"file",   "network", "capability", "mount",
                                                        "signal", "ptrace",  "userns"};

/// In a child, for it changes the namespaces of its caller. 0 or errno.
int in_child(int (*operation)()) {
  const int status = wait_for(fork_helper([operation] { ::_exit(operation()); }));
  return WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
}

int step_done(bool success) { return success ? 0 : errno; }

int try_mount() {
  // Nothing is mounted: the root of a namespace of its own is made private.
  if (::unshare(CLONE_NEWNS) != 0) return errno;
  return step_done(::mount(nullptr, "/", nullptr, MS_PRIVATE, nullptr) == 0);
}

int try_ptrace() {
  // Where another process works is a ptrace read access (proc(5), /proc/PID/cwd).
  char target[16];
  return step_done(::readlink(fmt::format("/proc/{}/cwd", ::getppid()).c_str(), target, sizeof target) >= 0);
}

int try_operation(MediationClass kind, const std::string& folder) {
  switch (kind) {
    case MediationClass::file:
      return step_done(UniqueFd(::open((folder + "/denied").c_str(), O_RDONLY | O_CLOEXEC)).get() >= 0);
    case MediationClass::network: return step_done(UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)).get() >= 0);
    case MediationClass::capability: return in_child([] { return step_done(::chroot("/") == 0); });
    case MediationClass::mount: return in_child(try_mount);
    case MediationClass::signal: return step_done(::kill(::getppid(), 0) == 0);
    case MediationClass::ptrace: return try_ptrace();
    case MediationClass::userns: return in_child([] { return step_done(::unshare(CLONE_NEWUSER) == 0); });
  }
  return EINVAL;
}

}  // namespace

std::string profile_text(const std::string& name, const std::string& folder) {
  return fmt::format(
      "profile {} flags=(attach_disconnected) {{\n"
      "  file,\n"
      "  deny {}/denied rw,\n"
      "  signal (receive),\n"
      "  ptrace (readby, tracedby),\n"
      "  capability sys_admin,\n"
      "}}\n",
      name, folder);
}

int confined_step(const std::string& folder) {
  auto label = read_setting("/proc/self/attr/apparmor/current");
  if (!label) label = read_setting("/proc/self/attr/current");
  std::string text = (label ? *label : "") + "\n";
  for (int i = 0; i < kMediationClasses; ++i)
    text += fmt::format("{} {}\n", kClassNames[i], try_operation(static_cast<MediationClass>(i), folder));
  const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
  return written == static_cast<ssize_t>(text.size()) ? 0 : 1;
}

Result<StepReport> parse_step_report(const std::string& text) {
  std::vector<std::string_view> lines;
  for (std::string_view rest = text; !rest.empty() && lines.size() <= kMediationClasses + 1;) {
    lines.push_back(rest.substr(0, rest.find('\n')));
    rest.remove_prefix(std::min(lines.back().size() + 1, rest.size()));
  }
  if (lines.size() != kMediationClasses + 1)
    return fail("the confined program printed {} lines instead of {}", lines.size(), kMediationClasses + 1);
  StepReport report;
  report.label = lines[0];
  for (int i = 0; i < kMediationClasses; ++i) {
    std::string_view line = lines[static_cast<std::size_t>(i) + 1];
    const std::string start = fmt::format("{} ", kClassNames[i]);
    constexpr int kHighestErrno = 4095;
    const bool named = line.starts_with(start);
    if (named) line.remove_prefix(start.size());
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), report.errors[i]);
    if (!named || error != std::errc() || end != line.data() + line.size() || report.errors[i] < 0 ||
        report.errors[i] > kHighestErrno)
      return fail("the confined program printed {} instead of '{}' and an errno", shown(line), kClassNames[i]);
  }
  return report;
}

}  // namespace sandgauge
