#include "observe/follow.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <map>
#include <optional>
#include <set>

#include "base/deadline.h"
#include "base/descendants.h"
#include "base/errno_text.h"
#include "base/shared_slot.h"
#include "model/call.h"
#include "observe/audit.h"
#include "observe/notices.h"
#include "observe/syscall_stops.h"

namespace sandgauge {
namespace {

constexpr int kEndingSignals[] = {SIGINT, SIGTERM, SIGHUP};
constexpr std::chrono::seconds kFollowGrace{3};        // after a signal, for the program to end by itself
constexpr std::chrono::seconds kKillTime{5};           // for SIGKILL to take effect
constexpr std::chrono::seconds kLastRecords{20};       // for audit records, however loaded the machine is
constexpr std::chrono::milliseconds kListenerRest{1};  // between two looks for a listener

/// What the child says before its execve(2); a step is a string literal, the same in both.
struct FollowReport {
  const char* failed_step;
  int error;
  std::atomic<int> listener;  // its number, plus 1
};

/// Blocks the signals that follow() waits for, and puts the mask back.
class BlockedSignals {
 public:
  BlockedSignals() {
    ::sigemptyset(&mask_);
    ::sigaddset(&mask_, SIGCHLD);
    for (const int signal : kEndingSignals) ::sigaddset(&mask_, signal);
    ::sigprocmask(SIG_BLOCK, &mask_, &before_);
  }
  ~BlockedSignals() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

  [[nodiscard]] const sigset_t& mask() const { return mask_; }
  [[nodiscard]] const sigset_t& before() const { return before_; }

 private:
  sigset_t mask_{};
  sigset_t before_{};
};

std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> list;
  for (const std::string& word : words) list.push_back(const_cast<char*>(word.c_str()));
  list.push_back(nullptr);
  return list;
}

struct FollowedChild {
  const FollowRequest* request;
  FollowReport* report;
  char* const* argv;
  char* const* environment;
  const sigset_t* mask;
  int start_fd;
};

[[noreturn]] void give_up(const FollowedChild& child, const char* step, int error) {
  child.report->error = error;
  child.report->failed_step = step;
  ::_exit(127);
}

/// Async-signal-safe.
[[noreturn]] void run_followed(const FollowedChild& child) {
  const FollowRequest& request = *child.request;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::sigprocmask(SIG_SETMASK, child.mask, nullptr);
  if (request.handed_fd >= 0 && ::fcntl(request.handed_fd, F_SETFD, 0) != 0) give_up(child, "fcntl", errno);
  char byte = 0;
  while (::read(child.start_fd, &byte, 1) < 0 && errno == EINTR) {
  }
  if (request.confinement != nullptr) {
    const ConfineResult result = request.confinement->apply();
    if (result.failed_step != nullptr) give_up(child, result.failed_step, result.error);
    child.report->listener = result.listener + 1;
  }
  ::execve(request.path.c_str(), child.argv, child.environment);
  give_up(child, "execve", errno);
}

class Following {
 public:
  explicit Following(const FollowRequest& request)
      : request_(request), stops_(request.by == FollowBy::ptrace, request.sheet, followed_.seen) {}
  ~Following() { (void)end_descendants(kKillTime); }
  Following(const Following&) = delete;
  Following& operator=(const Following&) = delete;

  Result<Followed> run() {
    followed_.seen.errors_known = request_.by == FollowBy::ptrace;
    if (auto started = start(); !started) return fail(started.error());
    while (!all_ended_) {
      if (auto watched = watch_once(); !watched) return fail(watched.error());
    }
    if (report_->get()->failed_step != nullptr)
      return fail("{}: {}: {}", request_.path, report_->get()->failed_step, errno_text(report_->get()->error));
    if (audit_)
      if (auto taken = take_records(); !taken) return fail(taken.error());
    followed_.threads = stops_.saw_threads();
    followed_.processes = request_.by == FollowBy::notify ? 0 : pids_.size();
    return std::move(followed_);
  }

 private:
  Result<void> start();
  Result<void> watch_once();
  Result<void> find_listener();
  void reap();
  void take_signal();
  void kill_all();
  void count_records();
  Result<void> take_records();
  [[nodiscard]] int rest() const;

  const FollowRequest& request_;
  Followed followed_;
  SyscallStops stops_;
  BlockedSignals blocked_;
  UniqueFd signals_;
  UniqueFd pidfd_;
  pid_t pid_ = 0;
  std::optional<SharedSlot<FollowReport>> report_;
  std::optional<AuditReader> audit_;
  std::vector<AuditRecord> records_;
  std::map<pid_t, Observation> logged_;  // by process, for a record may come before the process is known
  std::optional<Notices> notices_;
  bool awaits_listener_ = false;
  std::set<pid_t> pids_;
  std::optional<Deadline> patience_;  // after a signal
  bool all_ended_ = false;
};

Result<void> Following::start() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) return fail("prctl(PR_SET_CHILD_SUBREAPER): {}", errno_text(errno));
  signals_.reset(::signalfd(-1, &blocked_.mask(), SFD_NONBLOCK | SFD_CLOEXEC));
  if (!signals_) return fail("signalfd: {}", errno_text(errno));
  auto report = SharedSlot<FollowReport>::make();
  if (!report) return fail(report.error());
  report_ = std::move(*report);
  if (request_.by == FollowBy::log) {
    auto audit = AuditReader::open();
    if (!audit) return fail(audit.error());
    audit_ = std::move(*audit);
  }
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail("pipe2: {}", errno_text(errno));
  const UniqueFd reader(ends[0]);
  const UniqueFd writer(ends[1]);
  const std::vector<char*> argv = pointers_to(request_.words);
  const std::vector<char*> environment = pointers_to(request_.environment);
  pid_ = ::fork();
  if (pid_ < 0) return fail("fork: {}", errno_text(errno));
  if (pid_ == 0)
    run_followed({&request_, report_->get(), argv.data(), environment.data(), &blocked_.before(), reader.get()});
  pids_.insert(pid_);
  pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!pidfd_) return fail("pidfd_open: {}", errno_text(errno));
  if (request_.by != FollowBy::notify)
    if (auto attached = SyscallStops::attach(pid_); !attached) return attached;
  awaits_listener_ = request_.by == FollowBy::notify;
  const char byte = 'S';
  if (::write(writer.get(), &byte, 1) != 1) return fail("write to the child: {}", errno_text(errno));
  return {};
}

/// How long poll(2) may wait.
int Following::rest() const {
  const int patience = patience_ ? patience_->poll_timeout() : -1;
  return awaits_listener_ ? static_cast<int>(kListenerRest.count()) : patience;
}

Result<void> Following::watch_once() {
  std::array<pollfd, 3> polled{};
  polled[0] = {signals_.get(), POLLIN, 0};
  polled[1] = {notices_ ? notices_->fd() : -1, POLLIN, 0};
  polled[2] = {audit_ ? audit_->fd() : -1, POLLIN, 0};
  ::poll(polled.data(), polled.size(), rest());
  if ((polled[1].revents & POLLIN) != 0) {
    notices_->answer(followed_.seen);
  } else if (polled[1].revents != 0) {
    notices_.reset();  // nobody is left under the filter
  }
  if (polled[2].revents != 0) {
    if (auto drained = audit_->drain(records_); !drained) return drained;
    count_records();
  }
  if (polled[0].revents != 0) take_signal();
  if (awaits_listener_)
    if (auto found = find_listener(); !found) return found;
  reap();
  if (patience_ && patience_->passed()) kill_all();
  return {};
}

Result<void> Following::find_listener() {
  const int own = report_->get()->listener;
  const int number = own > 0 ? own : request_.sheet != nullptr ? request_.sheet->listener.load() : 0;
  if (number <= 0) return {};
  awaits_listener_ = false;
  auto notices = Notices::take(pidfd_.get(), number - 1);
  if (!notices) return fail(notices.error());
  notices_ = std::move(*notices);
  return {};
}

void Following::take_signal() {
  for (signalfd_siginfo info{}; ::read(signals_.get(), &info, sizeof info) == sizeof info;) {
    const auto signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGCHLD) continue;
    if (patience_) return kill_all();
    followed_.interrupted_by = signal_name(signal);
    patience_ = Deadline(kFollowGrace);
    // A terminal's Ctrl-C has reached the program already.
    if (info.ssi_code != SI_KERNEL) ::kill(pid_, signal);
  }
}

void Following::reap() {
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG | __WALL);
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) all_ended_ = true;
    if (pid <= 0) return;
    pids_.insert(pid);
    if (WIFSTOPPED(status)) {
      stops_.handle(pid, status);
      continue;
    }
    stops_.forget(pid);
    if (pid != pid_) continue;
    awaits_listener_ = false;
    followed_.end.kind = WIFEXITED(status) ? End::Kind::exited : End::Kind::signaled;
    if (WIFEXITED(status)) followed_.end.exit_code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) followed_.end.signal = WTERMSIG(status);
    if (WIFSIGNALED(status)) followed_.end.core = WCOREDUMP(status);
  }
}

void Following::kill_all() {
  followed_.end.kind = End::Kind::interrupted;
  (void)end_descendants(kKillTime);
  all_ended_ = true;
}

/// Puts what has arrived to its process. Keeps numbers only, for a program can make millions of calls.
void Following::count_records() {
  for (const AuditRecord& record : records_) {
    Call call;
    const seccomp_data data{.nr = record.syscall, .arch = record.arch, .instruction_pointer = 0, .args = {}};
    const bool logged = action_of_return_value(record.code).kind == ActionKind::log;
    if (logged && from_seccomp_data(data, call)) add_call(logged_[record.pid], call.abi, call.number, {});
  }
  records_.clear();
}

Result<void> Following::take_records() {
  const auto complete = audit_->catch_up(records_, kLastRecords);
  if (!complete) return fail(complete.error());
  followed_.records_lost = !*complete;
  count_records();
  for (const auto& [pid, seen] : logged_) {
    if (!pids_.contains(pid)) continue;
    for (const ObservedCall& call : seen.calls) add_call(followed_.seen, call.abi, call.number, {}, call.count);
  }
  return {};
}

}  // namespace

Result<Followed> follow(const FollowRequest& request) { return Following(request).run(); }

}  // namespace sandgauge
