#include "execute/execute.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <span>

#include "base/deadline.h"
#include "base/descendants.h"
#include "base/errno_text.h"
#include "base/shared_slot.h"
#include "base/unique_fd.h"
#include "execute/capture.h"
#include "execute/child.h"
#include "execute/child_state.h"
#include "execute/listener.h"
#include "execute/tracer.h"

namespace sandgauge {
namespace {

constexpr std::chrono::milliseconds kEndingTime{5'000};  // for SIGKILL to take effect

/// Output is left in its pipes for so long: most programs have ended by then, and waking up for each line that they write
/// would cost more than they do. One that fills a pipe earlier waits for the rest of it.
constexpr std::chrono::milliseconds kOutputRest{3};

struct SocketPair {
  UniqueFd parent;
  UniqueFd child;
};

/// One run of execute().
class Run {
 public:
  explicit Run(const ExecuteRequest& request)
      : request_(request), deadline_(request.timeout), output_rest_(std::min(kOutputRest, request.timeout)) {}

  Outcome execute() {
    const auto start = Deadline::Clock::now();
    const Result<void> started = this->start();
    if (started) {
      watch();
      collect();
    } else {
      outcome_.setup = SetupFailure{started.error().message, 0};
    }
    end_everything();
    read_output();
    note_existing(request_, outcome_);
    outcome_.duration = std::chrono::duration_cast<std::chrono::microseconds>(Deadline::Clock::now() - start);
    return std::move(outcome_);
  }

 private:
  Result<void> start();
  Result<void> prepare(ChildPlan& plan);
  void watch();
  void watch_once();
  void reap_changes();
  void handle_end(int wait_status);
  void end_early(End::Kind kind);
  void collect();
  void end_everything();
  void read_output();

  const ExecuteRequest& request_;
  Deadline deadline_;
  Deadline output_rest_;
  Outcome outcome_;
  std::optional<Call> call_;
  std::optional<SharedSlot<ChildReport>> report_;
  std::optional<Capture> out_;
  std::optional<Capture> err_;
  std::optional<SocketPair> courier_;
  std::optional<Tracer> tracer_;
  std::optional<Listener> listener_;
  UniqueFd pidfd_;
  UniqueFd child_changes_;  // a signalfd for SIGCHLD, with a tracer
  bool ended_ = false;
  bool ended_early_ = false;
};

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> list;
  for (const std::string& word : words) list.push_back(const_cast<char*>(word.c_str()));
  list.push_back(nullptr);
  return list;
}

StageOutcome stage_outcome(const StageReport& report) {
  StageOutcome outcome;
  outcome.filters = report.filters.load();
  const std::uint32_t count = std::min(report.checks.load(), kMostStageChecks);
  for (std::uint32_t i = 0; i < count; ++i)
    outcome.checks.push_back(
        {report.check[i].what, report.check[i].expected, report.check[i].seen, report.check[i].met != 0});
  outcome.loads = report.loads.load();
  const std::size_t kept = std::min<std::size_t>(outcome.loads, kMostStageFilters);
  for (const StageFilter& filter : std::span(report.load).first(kept)) {
    Program& program = outcome.loaded.emplace_back();
    program.code.assign(filter.code, filter.code + std::min<std::size_t>(filter.length, std::size(filter.code)));
  }
  const Call call = report.unmet.load() != 0 ? report.failed_call : report.last_call;
  if (call != Call{}) outcome.call = call;
  if (report.checks.load() > kMostStageChecks) outcome.broken = "more checks than the report has room for";
  if (report.gave_up.load() == 1) outcome.broken = report.why;
  if (report.gave_up.load() == 2) outcome.lacking = report.why;
  return outcome;
}

Result<UniqueFd> sigchld_fd() {
  sigset_t mask;
  ::sigemptyset(&mask);
  ::sigaddset(&mask, SIGCHLD);
  UniqueFd fd(::signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd) return fail("signalfd: {}", errno_text(errno));
  return fd;
}

Result<void> Run::prepare(ChildPlan& plan) {
  if (request_.call) {
    auto placed = place_call(*request_.call);
    if (!placed) return fail(placed.error());
    call_ = *placed;
    plan.call = *placed;
  }
  auto report = SharedSlot<ChildReport>::make();
  if (!report) return fail(report.error());
  report_ = std::move(*report);
  auto out = Capture::open(request_.output_limit);
  if (!out) return fail(out.error());
  out_ = std::move(*out);
  auto err = Capture::open(request_.output_limit);
  if (!err) return fail(err.error());
  err_ = std::move(*err);
  if (request_.confinement != nullptr && request_.confinement->makes_listener()) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return fail("socketpair: {}", errno_text(errno));
    courier_ = SocketPair{UniqueFd(ends[0]), UniqueFd(ends[1])};
    plan.listener_fd = courier_->child.get();
  }
  if (request_.probe.tracer) {
    auto changes = sigchld_fd();
    if (!changes) return fail(changes.error());
    child_changes_ = std::move(*changes);
  }
  plan.request = &request_;
  plan.report = report_->get();
  plan.out_fd = out_->write_fd();
  plan.err_fd = err_->write_fd();
  return {};
}

Result<void> Run::start() {
  ChildPlan plan;
  if (auto prepared = prepare(plan); !prepared) return prepared;
  const std::vector<char*> argv = pointers(request_.program);
  const std::vector<char*> environment = pointers(request_.environment);
  plan.path = request_.path.empty() ? argv[0] : request_.path.c_str();
  plan.argv = argv.data();
  plan.environment = environment.data();
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!null) return fail("open /dev/null: {}", errno_text(errno));
  plan.null_fd = null.get();
  UniqueFd start_reader;
  UniqueFd start_writer;
  if (request_.probe.tracer) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail("pipe2: {}", errno_text(errno));
    start_reader.reset(ends[0]);
    start_writer.reset(ends[1]);
    plan.start_fd = ends[0];
  }

  const pid_t pid = ::fork();
  if (pid < 0) return fail("fork: {}", errno_text(errno));
  if (pid == 0) run_child(plan);
  outcome_.pid = pid;
  out_->close_writer();
  err_->close_writer();
  if (courier_) courier_->child.reset();
  pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd_) return fail("pidfd_open: {}", errno_text(errno));
  if (request_.probe.tracer) {
    auto tracer = Tracer::attach(pid, request_.tracer, call_);
    if (!tracer) return fail(tracer.error());
    tracer_ = std::move(*tracer);
    const char byte = 'S';
    if (::write(start_writer.get(), &byte, 1) != 1) return fail("write to the child: {}", errno_text(errno));
  }
  return {};
}

void Run::watch() {
  while (!ended_) {
    if (!ended_early_ && deadline_.passed()) end_early(End::Kind::deadline);
    if (ended_early_ && deadline_.passed()) return;  // end_everything() goes on
    watch_once();
  }
}

void Run::watch_once() {
  enum Entry { interrupt, child, out, err, courier, listener, changes, count };
  std::array<pollfd, count> polled{};
  polled[interrupt] = {ended_early_ ? -1 : request_.interrupt_fd, POLLIN, 0};
  // With a tracer SIGCHLD says all that the pidfd does, and an exit must not be seen before the stops ahead of it.
  polled[child] = {tracer_ ? -1 : pidfd_.get(), POLLIN, 0};
  const bool resting = !output_rest_.passed();
  polled[out] = {resting ? -1 : out_->read_fd(), POLLIN, 0};
  polled[err] = {resting ? -1 : err_->read_fd(), POLLIN, 0};
  polled[courier] = {courier_ ? courier_->parent.get() : -1, POLLIN, 0};
  polled[listener] = {listener_ ? listener_->fd() : -1, POLLIN, 0};
  polled[changes] = {child_changes_.get(), POLLIN, 0};
  const int timeout = resting ? output_rest_.poll_timeout() : deadline_.poll_timeout();
  if (::poll(polled.data(), polled.size(), timeout) <= 0) return;

  if (polled[interrupt].revents != 0) end_early(End::Kind::interrupted);
  if (polled[out].revents != 0) out_->read_available();
  if (polled[err].revents != 0) err_->read_available();
  if (polled[courier].revents != 0) {
    if (auto received = Listener::receive(courier_->parent.get(), request_.listener, call_))
      listener_ = std::move(*received);
    courier_.reset();
  }
  if ((polled[listener].revents & POLLIN) != 0) {
    listener_->answer(outcome_);
  } else if (polled[listener].revents != 0) {
    listener_.reset();  // POLLHUP: nobody is left under the filter
  }
  if (polled[child].revents != 0 || polled[changes].revents != 0) reap_changes();
}

/// Takes in exits of the child and, with a tracer, stops of every tracee.
void Run::reap_changes() {
  if (tracer_) {
    signalfd_siginfo ignored[8];
    while (::read(child_changes_.get(), ignored, sizeof ignored) > 0) {
    }
  }
  while (!ended_) {
    siginfo_t change{};
    const idtype_t whose = tracer_ ? P_ALL : P_PID;
    const int kinds = WEXITED | WNOHANG | WNOWAIT | __WALL | (tracer_ ? WSTOPPED : 0);
    if (::waitid(whose, static_cast<id_t>(outcome_.pid), &change, kinds) != 0 || change.si_pid == 0) return;
    const bool is_stop = change.si_code == CLD_STOPPED || change.si_code == CLD_TRAPPED;
    // A zombie still has its command name, so look before it is reaped.
    if (!is_stop && change.si_pid == outcome_.pid && change.si_code != CLD_EXITED && request_.attach == Attach::exec &&
        command_name(outcome_.pid) == kUnstartedName && !report_->get()->failed_step && !ended_early_)
      outcome_.setup = SetupFailure{"execve: the child died of it", 0};
    int wait_status = 0;
    if (::waitpid(change.si_pid, &wait_status, __WALL) != change.si_pid) return;
    if (WIFSTOPPED(wait_status)) {
      if (tracer_) tracer_->handle_stop(change.si_pid, wait_status, outcome_);
    } else if (change.si_pid == outcome_.pid) {
      handle_end(wait_status);
    }
  }
}

void Run::handle_end(int wait_status) {
  ended_ = true;
  if (ended_early_) return;
  outcome_.end = end_of(wait_status);
}

void Run::end_early(End::Kind kind) {
  kill_early(outcome_, kind, pidfd_.get());
  ended_early_ = true;
  deadline_ = Deadline(kEndingTime);
}

void Run::collect() {
  const ChildReport& report = *report_->get();
  if (report.failed_step != nullptr) outcome_.setup = SetupFailure{report.failed_step, report.error};
  if (request_.attach == Attach::call && !outcome_.setup) outcome_.call = report.call;
  if (request_.attach == Attach::scenario) outcome_.stage = stage_outcome(report.stage);
}

void Run::end_everything() {
  if (outcome_.pid == 0) return;
  if (!ended_ && pidfd_) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
  listener_.reset();
  const auto leftovers = end_descendants(kEndingTime);
  if (leftovers) {
    outcome_.leftovers = *leftovers;
  } else if (!outcome_.setup) {
    outcome_.setup = SetupFailure{leftovers.error().message, 0};
  }
}

void Run::read_output() {
  const auto take = [](std::optional<Capture>& capture, std::string& text, bool& cut) {
    if (!capture) return;
    capture->read_available();
    text = capture->take();
    cut = capture->cut();
  };
  take(out_, outcome_.out, outcome_.out_cut);
  take(err_, outcome_.err, outcome_.err_cut);
}

}  // namespace

void note_existing(const ExecuteRequest& request, Outcome& outcome) {
  struct stat ignored {};
  for (const std::string& path : request.asked_paths) {
    const std::string whole = path.starts_with('/') ? path : request.working_directory + "/" + path;
    if (::lstat(whole.c_str(), &ignored) == 0) outcome.existing.push_back(path);
  }
}

Result<void> prepare_executor() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) return fail("prctl(PR_SET_CHILD_SUBREAPER): {}", errno_text(errno));
  sigset_t mask;
  ::sigemptyset(&mask);
  ::sigaddset(&mask, SIGCHLD);
  if (::sigprocmask(SIG_BLOCK, &mask, nullptr) != 0) return fail("sigprocmask: {}", errno_text(errno));
  return {};
}

Outcome execute(const ExecuteRequest& request) { return Run(request).execute(); }

}  // namespace sandgauge
