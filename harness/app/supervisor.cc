#include "app/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>

#include "app/worker.h"
#include "base/deadline.h"
#include "base/descendants.h"
#include "base/errno_text.h"
#include "base/temp_dir.h"

namespace sandgauge {
namespace {

constexpr std::array kEndingSignals = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
constexpr std::chrono::seconds kGrace{30};       // beyond a case's own deadline, before its worker counts as hung
constexpr std::chrono::milliseconds kTick{500};  // at which stopped workers are looked for
constexpr std::chrono::seconds kGoodbye{10};     // for workers to end their children after an interrupt

/// Keeps the ending signals blocked and readable while it lives.
class EndingSignals {
 public:
  EndingSignals() {
    sigset_t mask;
    ::sigemptyset(&mask);
    for (const int signal : kEndingSignals) ::sigaddset(&mask, signal);
    ::sigprocmask(SIG_BLOCK, &mask, &before_);
    fd_.reset(::signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC));
  }
  ~EndingSignals() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  EndingSignals(const EndingSignals&) = delete;
  EndingSignals& operator=(const EndingSignals&) = delete;

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] std::string read() const {
    signalfd_siginfo info{};
    if (::read(fd_.get(), &info, sizeof info) != sizeof info) return {};
    return signal_name(static_cast<int>(info.ssi_signo));
  }

 private:
  sigset_t before_{};
  UniqueFd fd_;
};

struct Slot {
  Worker worker;
  std::optional<TempDir> scratch;  // here too, for a worker that is killed cannot remove it
  std::optional<std::size_t> job;  // what it is running
  std::optional<Deadline> deadline;
};

class Supervision {
 public:
  Supervision(std::span<const Job> jobs, RunContext context, const SuperviseOptions& options)
      : jobs_(jobs), context_(std::move(context)), options_(options) {
    run_.results.resize(jobs.size());
  }

  Result<SupervisedRun> run() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail("pipe2: {}", errno_text(errno));
    interrupt_reader_.reset(ends[0]);
    interrupt_writer_.reset(ends[1]);
    context_.interrupt_fd = interrupt_reader_.get();
    // What a dead worker's case has left is reparented here.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    const std::size_t count =
        std::clamp<std::size_t>(static_cast<std::size_t>(options_.workers), 1, std::max<std::size_t>(jobs_.size(), 1));
    slots_.resize(count);
    for (Slot& slot : slots_)
      if (auto started = start(slot); !started) return fail(started.error());
    give_jobs();
    while (any_running()) wait_once();
    say_goodbye();
    return std::move(run_);
  }

 private:
  Result<void> start(Slot& slot) {
    auto scratch = TempDir::make();
    if (!scratch) return fail(scratch.error());
    slot.scratch = std::move(*scratch);
    context_.scratch = slot.scratch->path();
    auto worker = start_worker(jobs_, context_, interrupt_writer_.get());
    if (!worker) return fail(worker.error());
    slot.worker = std::move(*worker);
    return {};
  }

  [[nodiscard]] bool any_running() const {
    return std::ranges::any_of(slots_, [](const Slot& slot) { return slot.job.has_value(); });
  }

  /// An exclusive case starts when nothing else runs, and nothing starts beside it.
  [[nodiscard]] bool may_start_next() const {
    if (stopping_ || next_ >= jobs_.size()) return false;
    const bool exclusive_runs =
        std::ranges::any_of(slots_, [this](const Slot& slot) { return slot.job && jobs_[*slot.job].test->exclusive; });
    return !exclusive_runs && (!jobs_[next_].test->exclusive || !any_running());
  }

  void give_jobs() {
    for (Slot& slot : slots_)
      if (!slot.job && slot.worker.socket && may_start_next()) give_job(slot);
  }

  void give_job(Slot& slot) {
    slot.job = next_++;
    const Case& test = *jobs_[*slot.job].test;
    slot.deadline.emplace((test.timeout.count() > 0 ? test.timeout : context_.timeout) + kGrace);
    send_job(slot.worker, static_cast<std::uint32_t>(*slot.job));  // a dead worker shows when its answer is read
  }

  void wait_once() {
    std::vector<pollfd> polled;
    for (const Slot& slot : slots_) polled.push_back({slot.job ? slot.worker.socket.get() : -1, POLLIN, 0});
    polled.push_back({stopping_ ? -1 : signals_.fd(), POLLIN, 0});
    polled.push_back({stopping_ ? -1 : options_.output_fd, 0, 0});  // POLLERR: the reader is gone
    int timeout = static_cast<int>(kTick.count());
    for (const Slot& slot : slots_)
      if (slot.deadline) timeout = std::min(timeout, slot.deadline->poll_timeout());
    ::poll(polled.data(), polled.size(), timeout);

    for (std::size_t i = 0; i < slots_.size(); ++i)
      if (polled[i].revents != 0) take_result(slots_[i]);
    if (polled[slots_.size()].revents != 0) interrupt(signals_.read());
    if ((polled[slots_.size() + 1].revents & POLLERR) != 0) interrupt("SIGPIPE");
    for (const Slot& slot : slots_) wake(slot);
    for (Slot& slot : slots_)
      if (slot.deadline && slot.deadline->passed()) ::kill(slot.worker.pid, SIGKILL);  // its end shows as a result
  }

  /// A program may stop its parent, and nobody else would let that go on.
  static void wake(const Slot& slot) {
    siginfo_t info{};
    if (slot.worker.pid <= 0 || ::waitid(P_PID, static_cast<id_t>(slot.worker.pid), &info, WSTOPPED | WNOHANG) != 0) return;
    if (info.si_pid != 0) ::kill(slot.worker.pid, SIGCONT);
  }

  void take_result(Slot& slot) {
    const std::size_t job = *slot.job;
    std::optional<CaseResult> result = receive_result(slot.worker);
    if (!result) result = result_of_dead_worker(slot);
    const bool unfinished = result->verdict.cause == Cause::interrupted;
    const bool red = result->verdict.status == Status::fail || result->verdict.status == Status::broken;
    if (!unfinished) {
      run_.results[job] = std::move(*result);
      ++done_;
      if (options_.progress) options_.progress(done_);
      if (red && options_.fail_fast) stopping_ = true;
    }
    slot.job.reset();
    slot.deadline.reset();
    give_jobs();
  }

  CaseResult result_of_dead_worker(Slot& slot) {
    const Job& job = jobs_[*slot.job];
    CaseResult result = blank_result(*job.test);
    result.iteration = job.iteration;
    int status = 0;
    ::waitpid(slot.worker.pid, &status, 0);
    const std::string how = WIFSIGNALED(status) ? fmt::format("was killed by {}", signal_name(WTERMSIG(status)))
                                                : fmt::format("exited with {}", WEXITSTATUS(status));
    const bool hung = slot.deadline && slot.deadline->passed();
    result.verdict = {
        Status::broken,
        Cause::harness,
        hung ? fmt::format("the worker process did not end this case within its deadline and {} s of grace", kGrace.count())
             : fmt::format("the worker process {} while it ran this case: does the program kill its parent?", how),
        {}};
    slot.worker = Worker{};
    std::vector<pid_t> workers;
    for (const Slot& other : slots_)
      if (other.worker.pid > 0) workers.push_back(other.worker.pid);
    if (auto ended = end_descendants(kGoodbye, workers); !ended) result.verdict.reason += "; " + ended.error().message;
    if (!stopping_) {
      if (auto started = start(slot); !started)
        result.verdict.reason += "; no other could be started: " + started.error().message;
    }
    return result;
  }

  void interrupt(const std::string& by) {
    if (by.empty()) return;
    run_.interrupted_by = by;
    stopping_ = true;
    interrupt_writer_.reset();  // every running case ends
  }

  void say_goodbye() {
    interrupt_writer_.reset();
    for (Slot& slot : slots_) slot.worker.socket.reset();
    const Deadline deadline(kGoodbye);
    for (const Slot& slot : slots_) {
      const UniqueFd pidfd(slot.worker.pid > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, slot.worker.pid, 0)) : -1);
      pollfd entry{pidfd.get(), POLLIN, 0};
      if (pidfd) ::poll(&entry, 1, deadline.poll_timeout());
    }
    (void)end_descendants(kGoodbye);
  }

  std::span<const Job> jobs_;
  RunContext context_;
  const SuperviseOptions& options_;
  EndingSignals signals_;
  UniqueFd interrupt_reader_;
  UniqueFd interrupt_writer_;
  std::vector<Slot> slots_;
  SupervisedRun run_;
  std::size_t next_ = 0;
  std::size_t done_ = 0;
  bool stopping_ = false;
};

}  // namespace

Result<SupervisedRun> supervise(std::span<const Job> jobs, RunContext context, const SuperviseOptions& options) {
  return Supervision(jobs, std::move(context), options).run();
}

}  // namespace sandgauge
