#include "lab/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/errno_text.h"

namespace sandgauge {
namespace {

struct Plan {
  std::vector<char*> words;
  std::vector<char*> environment;
  const char* folder = nullptr;
  std::vector<InheritedFd> inherited;  // with `ours` above every `child`
  int report = -1;                     // close-on-exec: an errno is written here if there is no exec
  pid_t parent = -1;
};

/// In the child. Async-signal-safe.
[[noreturn]] void become(const Plan& plan) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != plan.parent) ::_exit(127);  // it had gone before
  ::setpgid(0, 0);
  const rlimit no_core{};
  ::setrlimit(RLIMIT_CORE, &no_core);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_DFL);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null >= 0) ::dup2(null, 0);
  bool ready = null >= 0;
  for (const InheritedFd& fd : plan.inherited) ready = ready && ::dup2(fd.ours, fd.child) >= 0;
  if (ready && (plan.folder == nullptr || ::chdir(plan.folder) == 0)) {
    ::execvpe(plan.words[0], plan.words.data(), plan.environment.data());
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t written = ::write(plan.report, &error, sizeof(error));
  ::_exit(127);
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> result;
  for (const std::string& word : words) result.push_back(const_cast<char*>(word.c_str()));
  result.push_back(nullptr);
  return result;
}

/// Ours and then `added`, of which the first of a name counts.
std::vector<std::string> merged_environment(std::vector<std::string> added) {
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const std::string_view name = text.substr(0, text.find('=') + 1);
    if (std::ranges::none_of(added, [&](const std::string& one) { return one.starts_with(name); })) added.emplace_back(text);
  }
  return added;
}

}  // namespace

Result<PipeEnds> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail("pipe: {}", errno_text(errno));
  PipeEnds made{UniqueFd(ends[0]), UniqueFd(ends[1])};
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return made;
}

Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& words, std::span<const InheritedFd> inherited,
                                         const std::string& folder, const std::vector<std::string>& environment) {
  auto report = make_pipe();
  if (!report) return fail(report.error());
  const std::vector<std::string> variables = merged_environment(environment);
  Plan plan;
  plan.words = pointers(words);
  plan.environment = pointers(variables);
  plan.folder = folder.empty() ? nullptr : folder.c_str();
  plan.report = report->write.get();
  plan.parent = ::getpid();
  // Copies above all numbers that the child uses, so that no dup2(2) overwrites what a later one needs.
  constexpr int kAbove = 64;
  std::vector<UniqueFd> copies;
  for (const InheritedFd& fd : inherited) {
    UniqueFd copy(::fcntl(fd.ours, F_DUPFD_CLOEXEC, kAbove));
    if (!copy) return fail("fcntl(F_DUPFD_CLOEXEC): {}", errno_text(errno));
    plan.inherited.push_back({.child = fd.child, .ours = copy.get()});
    copies.push_back(std::move(copy));
  }
  const pid_t pid = ::fork();
  if (pid < 0) return fail("fork: {}", errno_text(errno));
  if (pid == 0) become(plan);
  // P_PIDFD and pidfd_open(2) are in every kernel that this project runs on (5.3).
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const int opening_error = errno;
  ChildProcess child(pid, std::move(pidfd));
  if (child.pidfd() < 0) return fail("pidfd_open: {}", errno_text(opening_error));
  report->write.reset();
  pollfd wait{.fd = report->read.get(), .events = POLLIN, .revents = 0};
  while (::poll(&wait, 1, -1) < 0 && errno == EINTR) {
  }
  int error = 0;
  if (::read(report->read.get(), &error, sizeof(error)) == sizeof(error))
    return fail("cannot start {}: {}", words[0], errno_text(error));
  return child;
}

ChildProcess::~ChildProcess() {
  if (pid_ < 0) return;
  kill();
  wait();
}

void ChildProcess::kill() const {
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGKILL);  // with what it started itself
  ::kill(pid_, SIGKILL);
}

int ChildProcess::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

}  // namespace sandgauge
