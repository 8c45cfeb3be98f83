#include "conformance/watched_call.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/shared_slot.h"

namespace sandgauge {
namespace {

struct Scene {
  Stage* stage;
  const WatchPlan* plan;
  WatchedCall* seen;  // shared with the watcher
  int pipe_ends[2];   // first the watcher's leave to begin, then the listener's number
};

/// For the handler, which gets no argument of ours.
WatchedCall* handler_notes = nullptr;

void note_sigsys(int, siginfo_t* info, void*) {
  ++handler_notes->handler_runs;
  handler_notes->handler_error = info->si_errno;
  handler_notes->call_address = reinterpret_cast<std::uintptr_t>(info->si_call_addr);
}

void* call_under_filters(void* argument) {
  const Scene& scene = *static_cast<Scene*>(argument);
  Stage& stage = *scene.stage;
  int listener = -1;
  for (const StackedFilter& layer : scene.plan->filters) {
    const std::int64_t loaded =
        layer.changeable ? stage.load(layer.filter, layer.flags) : stage.load_as_it_is(layer.filter, layer.flags);
    if ((layer.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0) listener = static_cast<int>(loaded);
  }
  stage.must("write to a pipe", ::write(scene.pipe_ends[1], &listener, sizeof listener) < 0 ? -errno : 0);
  scene.seen->result = raw_syscall(SYS_getppid);
  ++scene.seen->returned;
  return nullptr;
}

/// Answers until nobody is left under the filter (POLLHUP, since Linux 5.9).
void serve(int listener, ListenerReply reply, WatchedCall& seen) {
  for (;;) {
    pollfd waiting{.fd = listener, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, -1) < 0 && errno != EINTR) return;
    if ((waiting.revents & POLLIN) == 0) {
      if (waiting.revents != 0) return;
      continue;
    }
    // The kernel's structs may be longer than those of the headers (SECCOMP_GET_NOTIF_SIZES); no kernel's need 1 KiB.
    alignas(seccomp_notif) char request[1024] = {};
    alignas(seccomp_notif_resp) char response[1024] = {};
    auto* const asked = reinterpret_cast<seccomp_notif*>(request);
    auto* const answer = reinterpret_cast<seccomp_notif_resp*>(response);
    if (::ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, asked) != 0) continue;
    ++seen.notifications;
    answer->id = asked->id;
    if (reply == ListenerReply::value) answer->val = kRepliedValue;
    if (reply == ListenerReply::go_on) answer->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    ::ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, answer);
  }
}

void be_watched(Scene& scene) {
  Stage& stage = *scene.stage;
  int word = 0;
  stage.must("read from a pipe", ::read(scene.pipe_ends[0], &word, sizeof word) < 0 ? -errno : 0);
  handler_notes = scene.seen;
  struct sigaction action {};
  action.sa_sigaction = note_sigsys;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGSYS, &action, nullptr);
  pthread_t thread;
  stage.must("pthread_create", -::pthread_create(&thread, nullptr, call_under_filters, &scene));
  stage.must("read from a pipe", ::read(scene.pipe_ends[0], &word, sizeof word) < 0 ? -errno : 0);
  if (word >= 0) serve(word, scene.plan->reply, *scene.seen);
  ::pthread_join(thread, nullptr);
  stage.end(kSurvived);
}

/// Lets a stopped tracee run on; it may be dead already.
void let_run(pid_t tracee, int wait_status, WatchedCall& seen) {
  const auto event = static_cast<unsigned>(wait_status) >> 16;
  int signal = event == 0 ? WSTOPSIG(wait_status) : 0;
  if (event == PTRACE_EVENT_SECCOMP) {
    ++seen.traces;
    unsigned long message = 0;
    ::ptrace(PTRACE_GETEVENTMSG, tracee, nullptr, &message);
    seen.trace_message = message;
  }
  ::ptrace(PTRACE_CONT, tracee, nullptr, static_cast<std::intptr_t>(signal));
}

/// The wait status of the process, whose threads are all tracees.
int trace_until_end(Stage& stage, pid_t pid, WatchedCall& seen) {
  for (;;) {
    int status = 0;
    const pid_t changed = ::waitpid(-1, &status, __WALL);
    if (changed < 0 && errno != EINTR) stage.broken("waitpid", errno);
    if (changed > 0 && WIFSTOPPED(status)) let_run(changed, status, seen);
    if (changed == pid && !WIFSTOPPED(status)) return status;
  }
}

void trace(Stage& stage, pid_t pid) {
  const std::intptr_t options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
  if (::ptrace(PTRACE_SEIZE, pid, nullptr, options) != 0) stage.broken("ptrace(PTRACE_SEIZE)", errno);
}

}  // namespace

WatchedCall watch_call(Stage& stage, const WatchPlan& plan) {
  auto slot = SharedSlot<WatchedCall>::make();
  if (!slot) stage.broken("mmap");
  Scene scene{&stage, &plan, slot->get(), {-1, -1}};
  if (::pipe2(scene.pipe_ends, O_CLOEXEC) != 0) stage.broken("pipe2", errno);
  const pid_t pid = stage.start_child([&scene] { be_watched(scene); });
  if (plan.tracer) trace(stage, pid);
  const int leave = 0;
  stage.must("write to a pipe", ::write(scene.pipe_ends[1], &leave, sizeof leave) < 0 ? -errno : 0);
  const int status = plan.tracer ? trace_until_end(stage, pid, **slot) : stage.wait_for(pid);
  ::close(scene.pipe_ends[0]);
  ::close(scene.pipe_ends[1]);
  WatchedCall seen = **slot;
  seen.pid = pid;
  seen.wait_status = status;
  return seen;
}

void check_action(Stage& stage, const WatchPlan& plan, const WatchedCall& call, Action action) {
  const ActionKind kind = action.kind;
  if (kind == ActionKind::kill_process) {
    stage.killed("the process", SIGSYS, call.wait_status);
  } else {
    stage.exited("the process, by its other thread", kSurvived, call.wait_status);
  }
  const bool kills = kind == ActionKind::kill_process || kind == ActionKind::kill_thread;
  stage.equal("times the call came back", kills ? 0 : 1, call.returned);
  stage.equal("runs of the SIGSYS handler", kind == ActionKind::trap ? 1 : 0, call.handler_runs);
  if (kind == ActionKind::trap) stage.equal("si_errno", action.data, call.handler_error);
  const bool traced = kind == ActionKind::trace && plan.tracer;
  stage.equal("stops for the tracer", traced ? 1 : 0, call.traces);
  if (traced) stage.equal("the tracer's message", action.data, static_cast<std::int64_t>(call.trace_message));
  stage.equal("notifications", kind == ActionKind::notify ? 1 : 0, call.notifications);

  const bool replied = kind == ActionKind::notify && plan.reply == ListenerReply::value;
  if (kind == ActionKind::error || (kind == ActionKind::trace && !traced)) {
    stage.fails_with("the call", kind == ActionKind::error ? action.data : ENOSYS, call.result);
  } else if (replied) {
    stage.equal("the call's result is the listener's", kRepliedValue, call.result);
  } else if (kind >= ActionKind::notify) {
    stage.equal("the call's result is its parent's pid", ::getpid(), call.result);
  }
}

}  // namespace sandgauge
