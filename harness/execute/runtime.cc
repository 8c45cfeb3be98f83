#include "execute/runtime.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>

#include "base/deadline.h"
#include "base/descendants.h"
#include "base/errno_text.h"
#include "base/unique_fd.h"
#include "execute/capture.h"
#include "execute/child_state.h"

namespace sandgauge {
namespace {

constexpr std::chrono::seconds kRuntimeEndingTime{5};  // for SIGKILL to take effect

/// Descriptors that a step of the runtime, and the container that it makes, have as 0, 1 and 2.
struct StandardFds {
  int in = -1;
  int out = -1;
  int err = -1;
};

/// The runtime's own account of what went wrong: the last line of its log, or what is in its msg="...".
std::string last_line_of(const std::string& path) {
  std::ifstream file(path);
  std::string last;
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) last = line;
  constexpr std::string_view kMessage = " msg=\"";
  if (const auto start = last.find(kMessage); start != std::string::npos)
    last = last.substr(start + kMessage.size(), last.rfind('"') - start - kMessage.size());
  constexpr std::size_t kLongest = 500;
  return last.substr(0, kLongest);
}

/// In a mount namespace of this process's own, so that nobody else loses them. Without success the runtime says what it
/// refuses. Async-signal-safe.
void hide_second_cgroups() {
  constexpr const char* kSecond = "/sys/fs/cgroup/unified";
  if (::access(kSecond, F_OK) == 0 && ::unshare(CLONE_NEWNS) == 0 &&
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0)
    ::umount2(kSecond, MNT_DETACH);
}

class RuntimeRun {
 public:
  explicit RuntimeRun(const RuntimeRequest& request) : request_(request), deadline_(request.timeout) {}

  Outcome execute() {
    const auto start = Deadline::Clock::now();
    if (auto ran = run(); !ran) {
      outcome_.setup = SetupFailure{ran.error().message, 0};
    }
    clean_up();
    if (const auto left = end_descendants(kRuntimeEndingTime)) outcome_.leftovers = *left;
    take(out_, outcome_.out, outcome_.out_cut);
    take(err_, outcome_.err, outcome_.err_cut);
    outcome_.duration = std::chrono::duration_cast<std::chrono::microseconds>(Deadline::Clock::now() - start);
    return std::move(outcome_);
  }

 private:
  static Result<UniqueFd> open_null() {
    UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null) return fail("open /dev/null: {}", errno_text(errno));
    return null;
  }
  static void take(std::optional<Capture>& capture, std::string& text, bool& cut) {
    if (!capture) return;
    capture->read_available();
    text = capture->take();
    cut = capture->cut();
  }

  Result<void> run();
  Result<void> step(const std::vector<std::string>& words, StandardFds fds);
  void clean_up();
  void watch();
  void end_early(End::Kind kind);

  const RuntimeRequest& request_;
  Deadline deadline_;
  Outcome outcome_;
  std::optional<Capture> out_;
  std::optional<Capture> err_;
  UniqueFd container_;  // a pidfd
  bool ended_early_ = false;
};

/// One command of the runtime, to its end.
Result<void> RuntimeRun::step(const std::vector<std::string>& words, StandardFds fds) {
  const std::string log = request_.scratch + "/runtime.log";
  std::vector<std::string> all = request_.runtime;
  all.insert(all.end(), {"--log", log});
  all.insert(all.end(), words.begin(), words.end());
  std::vector<char*> argv;
  for (const std::string& word : all) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) return fail("fork: {}", errno_text(errno));
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setsid();
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (request_.hide_second_cgroups) hide_second_cgroups();
    if (::dup2(fds.in, STDIN_FILENO) >= 0 && ::dup2(fds.out, STDOUT_FILENO) >= 0 && ::dup2(fds.err, STDERR_FILENO) >= 0)
      ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  std::array<pollfd, 2> polled{{{pidfd.get(), POLLIN, 0}, {request_.interrupt_fd, POLLIN, 0}}};
  const bool slow = ::poll(polled.data(), polled.size(), deadline_.poll_timeout()) <= 0;
  const bool in_time = polled[0].revents != 0;
  // What kills a runtime in mid-step leaves what no later step of it finds again. One that still works is nearly done.
  if (!in_time && !slow) ::poll(polled.data(), 1, Deadline(kRuntimeEndingTime).poll_timeout());
  if (!in_time) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  const std::string why = in_time ? last_line_of(log) : slow ? "it did not end in time" : "interrupted";
  return fail("{} {}: {}", request_.runtime[0], words[0], why.empty() ? "it failed without a word" : why);
}

/// Removes the container and its control groups, whatever was made of them before the end, a deadline or an interrupt.
void RuntimeRun::clean_up() {
  deadline_ = Deadline(kRuntimeEndingTime);
  // A container that was never made cannot be deleted, and that is no fault.
  if (const auto null = open_null()) (void)step({"delete", "--force", request_.id}, {null->get(), null->get(), null->get()});
  // The runtime does not find what it had not yet written down when it was killed.
  const std::filesystem::path root = "/sys/fs/cgroup";
  ::rmdir((root / request_.id).c_str());
  std::error_code error;
  for (const auto& controller : std::filesystem::directory_iterator(root, error))
    ::rmdir((controller.path() / request_.id).c_str());
  // It makes them within this process's own: "4:memory:/some/group".
  std::ifstream own("/proc/self/cgroup");
  for (std::string line; std::getline(own, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controller = line.substr(first + 1, second - first - 1);
    ::rmdir((root / controller / line.substr(second + 2) / request_.id).c_str());
  }
}

Result<void> RuntimeRun::run() {
  auto out = Capture::open(request_.output_limit);
  if (!out) return fail(out.error());
  out_ = std::move(*out);
  auto err = Capture::open(request_.output_limit);
  if (!err) return fail(err.error());
  err_ = std::move(*err);
  const auto null = open_null();
  if (!null) return fail(null.error());
  const std::string pid_file = request_.scratch + "/pid";
  const StandardFds fds{null->get(), out_->write_fd(), err_->write_fd()};
  if (auto made = step({"create", "--bundle", request_.bundle, "--pid-file", pid_file, request_.id}, fds); !made)
    return made;
  std::ifstream(pid_file) >> outcome_.pid;
  if (outcome_.pid <= 0) return fail("{} create: it named no process", request_.runtime[0]);
  container_.reset(static_cast<int>(::syscall(SYS_pidfd_open, outcome_.pid, 0)));
  if (!container_) return fail("pidfd_open: {}", errno_text(errno));
  if (auto started = step({"start", request_.id}, {null->get(), null->get(), null->get()}); !started) return started;
  out_->close_writer();
  err_->close_writer();
  watch();
  return {};
}

void RuntimeRun::end_early(End::Kind kind) {
  kill_early(outcome_, kind, container_.get());
  ended_early_ = true;
  deadline_ = Deadline(kRuntimeEndingTime);
}

void RuntimeRun::watch() {
  for (;;) {
    if (deadline_.passed()) {
      if (ended_early_) return;
      end_early(End::Kind::deadline);
    }
    std::array<pollfd, 4> polled{{{container_.get(), POLLIN, 0},
                                  {out_->read_fd(), POLLIN, 0},
                                  {err_->read_fd(), POLLIN, 0},
                                  {ended_early_ ? -1 : request_.interrupt_fd, POLLIN, 0}}};
    ::poll(polled.data(), polled.size(), deadline_.poll_timeout());
    if (polled[1].revents != 0) out_->read_available();
    if (polled[2].revents != 0) err_->read_available();
    if (polled[3].revents != 0) end_early(End::Kind::interrupted);
    if (polled[0].revents != 0) break;
  }
  int status = 0;
  if (::waitpid(outcome_.pid, &status, __WALL) != outcome_.pid) {
    outcome_.setup = SetupFailure{"the container's process is not this process's child", errno};
    return;
  }
  if (ended_early_) return;
  outcome_.end = end_of(status);
}

}  // namespace

Outcome execute_in_runtime(const RuntimeRequest& request) { return RuntimeRun(request).execute(); }

}  // namespace sandgauge
