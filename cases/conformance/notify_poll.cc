// poll(2) and epoll(7) of a listener.
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "conformance/asked_listener.h"
#include "conformance/notify.h"

namespace sandgauge {
namespace {

constexpr std::int64_t kReply = 0x5EC0;

void expect_call_replied(Stage& stage) { stage.equal("the call", kReply, raw_syscall(SYS_getppid)); }

bool reply_to(const AskedListener& listener, const seccomp_notif& request) {
  const std::int64_t sent = listener.reply({.id = request.id, .val = kReply});
  listener.stage().equal("the reply", 0, sent);
  return sent == 0;
}

void nothing_yet(Stage& stage) {
  const AskedListener listener(stage, {.as_it_is = true});
  stage.equal("the events", 0, listener.events());
}

void one_call(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] { expect_call_replied(stage); });
  seccomp_notif request{};
  if (!caller.pending()) return;
  stage.equal_hex("the events of a call that waits", POLLIN, static_cast<std::uint64_t>(listener.events()));
  if (!caller.notifies(request)) return;
  stage.equal_hex("the events when it was received", POLLOUT, static_cast<std::uint64_t>(listener.events()));
  if (!reply_to(listener, request)) return;
  stage.exited("the caller", 0, caller.end());
  stage.equal_hex("the events when it was answered", 0, static_cast<std::uint64_t>(listener.events()));
}

void two_calls(Stage& stage) {
  AskedListener listener(stage);
  const Caller first(listener, [&] { expect_call_replied(stage); });
  seccomp_notif request{};
  if (!first.notifies(request)) return;
  const Caller second(listener, [&] { expect_call_replied(stage); });
  seccomp_notif other{};
  if (!second.pending()) return;
  stage.equal_hex("the events of one that was received and one that waits", POLLIN | POLLOUT,
                  static_cast<std::uint64_t>(listener.events()));
  if (!second.notifies(other) || !reply_to(listener, request) || !reply_to(listener, other)) return;
  stage.exited("the first caller", 0, first.end());
  stage.exited("the second caller", 0, second.end());
}

void killed_before_receiving(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] {
    raw_syscall(SYS_getppid);
    stage.never("the call came back");
  });
  if (!caller.pending()) return;
  caller.send(SIGKILL);
  stage.killed("the caller", SIGKILL, caller.end());
  stage.equal("the events", 0, listener.events());
}

/// Waits for the end of the process, without reaping it.
void wait_for_zombie(Stage& stage, pid_t pid) {
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) != 0) stage.broken("waitid", errno);
}

void hangs_up(Stage& stage) {
  Pipe end(stage);
  const Confined confined(stage, {.as_it_is = true}, [&] { heard(end.out.get()); });
  stage.equal_hex("the events while it lives", 0, static_cast<std::uint64_t>(confined.listener.events()));
  say(end.in.get());
  stage.exited("the confined process", 0, confined.caller.end());
  stage.equal_hex("the events when it is gone", POLLHUP, static_cast<std::uint64_t>(confined.listener.events()));
}

/// Parameter: the events of a listener whose last user is a zombie.
void zombie(Stage& stage) {
  const Confined confined(stage, {.as_it_is = true}, [] {});
  wait_for_zombie(stage, confined.caller.pid());
  stage.equal_hex("the events before it is reaped", static_cast<std::uint64_t>(stage.parameter(0)),
                  static_cast<std::uint64_t>(confined.listener.events()));
  stage.exited("the confined process", 0, confined.caller.end());
  stage.equal_hex("the events when it is reaped", POLLHUP, static_cast<std::uint64_t>(confined.listener.events()));
}

void last_thread(Stage& stage) {
  Pipe end(stage);
  static int end_fd;
  end_fd = end.out.get();
  const Confined confined(stage, {.as_it_is = true}, [&] {
    pthread_t worker{};
    const auto wait = [](void*) -> void* {
      heard(end_fd);
      return nullptr;
    };
    stage.must("pthread_create", -pthread_create(&worker, nullptr, wait, nullptr));
    raw_syscall(SYS_exit, 0);
  });
  stage.holds("the first thread is gone", reaches_state(confined.caller.pid(), 'Z'));
  stage.equal_hex("the events while the second lives", 0, static_cast<std::uint64_t>(confined.listener.events()));
  say(end.in.get());
  stage.exited("the confined process", 0, confined.caller.end());
  stage.equal_hex("the events when it is gone too", POLLHUP, static_cast<std::uint64_t>(confined.listener.events()));
}

void last_child(Stage& stage) {
  Pipe end(stage);
  Pipe names(stage);
  stage.must("prctl(PR_SET_CHILD_SUBREAPER)", raw_syscall(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
  const Confined confined(stage, {.as_it_is = true}, [&] {
    const pid_t child = stage.start_child([&] { heard(end.out.get()); });
    raw_syscall(SYS_write, names.in.get(), reinterpret_cast<std::intptr_t>(&child), sizeof child);
  });
  pid_t child = 0;
  raw_syscall(SYS_read, names.out.get(), reinterpret_cast<std::intptr_t>(&child), sizeof child);
  stage.exited("the confined process", 0, confined.caller.end());
  stage.equal_hex("the events while its child lives", 0, static_cast<std::uint64_t>(confined.listener.events()));
  say(end.in.get());
  stage.exited("its child", 0, stage.wait_for(child));
  stage.equal_hex("the events when it is gone too", POLLHUP, static_cast<std::uint64_t>(confined.listener.events()));
}

/// An epoll instance that watches one listener.
class Epoll {
 public:
  Epoll(Stage& stage, int listener, std::uint32_t events) : stage_(stage), fd_(::epoll_create1(EPOLL_CLOEXEC)) {
    epoll_event event{.events = events, .data = {}};
    if (!fd_ || ::epoll_ctl(fd_.get(), EPOLL_CTL_ADD, listener, &event) != 0) stage.broken("epoll_ctl", errno);
  }
  /// The events that are reported now; 0: none.
  [[nodiscard]] std::uint64_t events() const {
    epoll_event event{};
    const int count = ::epoll_wait(fd_.get(), &event, 1, 0);
    if (count < 0) stage_.broken("epoll_wait", errno);
    return count == 0 ? 0 : event.events;
  }

 private:
  Stage& stage_;
  UniqueFd fd_;
};

void epoll_levels(Stage& stage) {
  AskedListener listener(stage);
  const Epoll epoll(stage, listener.fd(), EPOLLIN | EPOLLOUT);
  stage.equal_hex("before any call", 0, epoll.events());
  const Caller caller(listener, [&] { expect_call_replied(stage); });
  seccomp_notif request{};
  if (!caller.pending()) return;
  stage.equal_hex("a call waits", EPOLLIN, epoll.events());
  stage.equal_hex("it still waits", EPOLLIN, epoll.events());
  if (!caller.notifies(request)) return;
  stage.equal_hex("it was received", EPOLLOUT, epoll.events());
  if (!reply_to(listener, request)) return;
  stage.exited("the caller", 0, caller.end());
  stage.equal_hex("it was answered", 0, epoll.events());
}

void epoll_edges(Stage& stage) {
  AskedListener listener(stage);
  const Epoll epoll(stage, listener.fd(), EPOLLIN | EPOLLET);
  const Caller first(listener, [&] { expect_call_replied(stage); });
  if (!first.pending()) return;
  stage.equal_hex("the first call", EPOLLIN, epoll.events());
  stage.equal_hex("nothing new", 0, epoll.events());
  const Caller second(listener, [&] { expect_call_replied(stage); });
  if (!second.comes_to_state('S')) return;
  stage.equal_hex("the second call", EPOLLIN, epoll.events());
  for (const Caller* caller : {&first, &second}) {
    seccomp_notif request{};
    if (!caller->notifies(request) || !reply_to(listener, request)) return;
  }
  stage.exited("the first caller", 0, first.end());
  stage.exited("the second caller", 0, second.end());
}

void epoll_hangs_up(Stage& stage) {
  Pipe end(stage);
  const Confined confined(stage, {.as_it_is = true}, [&] { heard(end.out.get()); });
  const Epoll epoll(stage, confined.listener.fd(), EPOLLIN);
  stage.equal_hex("while it lives", 0, epoll.events());
  say(end.in.get());
  stage.exited("the confined process", 0, confined.caller.end());
  stage.equal_hex("when it is gone", EPOLLHUP, epoll.events());
}

std::vector<Scenario> of_poll() {
  return {
      {.name = "poll-nothing",
       .title = "A listener that has not been asked has no events in poll(2)",
       .why = "A supervisor that is woken for nothing blocks in the next receive.",
       .source = "seccomp_unotify(2), File descriptor; kernel/seccomp.c, seccomp_notify_poll",
       .run = nothing_yet},
      {.name = "poll",
       .title = "poll(2) reports POLLIN for a call that waits, POLLOUT when it was received, nothing when it was answered",
       .why = "This is how a supervisor with several programs knows what to do next.",
       .source = "seccomp_unotify(2), NOTES; kernel/seccomp.c, seccomp_notify_poll",
       .also = "kselftest: user_notification_basic",
       .run = one_call},
      {.name = "poll-both",
       .title = "poll(2) reports POLLIN and POLLOUT together for a call that waits beside one that was received",
       .why = "A supervisor that is slow with one answer must still see the next request.",
       .source = "kernel/seccomp.c, seccomp_notify_poll",
       .run = two_calls},
      {.name = "poll-killed-caller",
       .title = "A caller that is killed before it was received takes POLLIN away",
       .why = "A supervisor that receives for it would block, or get the wrong request.",
       .source = "seccomp_unotify(2), NOTES; kernel/seccomp.c, seccomp_do_user_notification (interrupted)",
       .run = killed_before_receiving},
      {.name = "poll-hangup",
       .title = "poll(2) reports POLLHUP when the last process under the filter is gone, and not before",
       .why = "A supervisor that never learns of the end keeps a descriptor for every program there ever was.",
       .source = "seccomp_unotify(2), NOTES; kernel/seccomp.c, seccomp_notify_poll, seccomp_filter_release",
       .also = "kselftest: user_notification_filter_empty",
       .run = hangs_up},
      {.name = "poll-hangup-zombie",
       .title = "Since Linux 6.11 the end of a process hangs up, whether it was reaped or not",
       .why = "A supervisor that is not the parent would wait for somebody else's waitpid.",
       .source = "kernel/exit.c, do_exit; kernel/seccomp.c, seccomp_filter_release",
       .run = zombie,
       .needs = {.since = KernelVersion{6, 11}},
       .parameters = {POLLHUP}},
      {.name = "poll-hangup-reaped",
       .title = "Before Linux 6.11 a process hangs up when it is reaped, not when it ends",
       .why = "A supervisor that is not the parent waits for somebody else's waitpid.",
       .source = "kernel/exit.c, release_task; kernel/seccomp.c, seccomp_filter_release",
       .run = zombie,
       .needs = {.until = KernelVersion{6, 10}},
       .parameters = {0}},
      {.name = "poll-hangup-last-thread",
       .title = "There is no POLLHUP while a thread of the process lives whose first thread is gone",
       .why = "A supervisor that leaves at the first thread's end fails the calls of all others.",
       .source = "kernel/seccomp.c, seccomp_notify_poll (filter->users)",
       .also = "kselftest: user_notification_filter_empty_threaded",
       .run = last_thread},
      {.name = "poll-hangup-last-child",
       .title = "There is no POLLHUP while a child lives that has the filter of its dead parent",
       .why = "A daemon's grandchildren need their supervisor.",
       .source = "kernel/seccomp.c, get_seccomp_filter (filter->users)",
       .run = last_child},
  };
}

std::vector<Scenario> of_epoll() {
  return {
      {.name = "epoll",
       .title =
           "epoll(7) reports EPOLLIN for a call that waits, EPOLLOUT when it was received, nothing when it was answered",
       .why = "Supervisors of many programs are event loops.",
       .source = "seccomp_unotify(2), NOTES; kernel/seccomp.c, seccomp_notify_poll",
       .also = "kselftest: user_notification_filter_empty (EPOLLHUP)",
       .run = epoll_levels},
      {.name = "epoll-edge",
       .title = "With EPOLLET each new call is one event",
       .why = "An edge that is lost is a program that hangs.",
       .source = "epoll(7), EPOLLET; kernel/seccomp.c, seccomp_do_user_notification (wake_up_poll)",
       .run = epoll_edges},
      {.name = "epoll-hangup",
       .title = "epoll(7) reports EPOLLHUP when the last process under the filter is gone",
       .why = "It is how container managers know when to drop a listener.",
       .source = "seccomp_unotify(2), NOTES; kernel/seccomp.c, seccomp_filter_release",
       .also = "kselftest: user_notification_filter_empty",
       .run = epoll_hangs_up},
  };
}

}  // namespace

std::vector<Scenario> notify_poll_scenarios() {
  std::vector<Scenario> scenarios = of_poll();
  std::ranges::move(of_epoll(), std::back_inserter(scenarios));
  return scenarios;
}

}  // namespace sandgauge
