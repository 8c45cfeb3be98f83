// Signals to a caller that waits for its listener.
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "conformance/asked_listener.h"
#include "conformance/notify.h"

namespace sandgauge {
namespace {

constexpr std::int64_t kReply = 0x5EC0;

int told_fd;  // the handler tells the supervisor that it ran

/// In the caller. async-signal-safe.
void handle_signal(int signal, int flags) {
  struct sigaction action {};
  action.sa_handler = [](int) { say(told_fd); };
  action.sa_flags = flags;
  ::sigaction(signal, &action, nullptr);
}

void answer_and_end(const AskedListener& listener, const Caller& caller, std::uint64_t id) {
  listener.stage().equal("the reply", 0, listener.reply({.id = id, .val = kReply}));
  listener.stage().exited("the caller", 0, caller.end());
}

/// Parameters: whether the call is received before the signal, and the filter's flags.
void interrupts(Stage& stage) {
  const bool received = stage.parameter(0) != 0;
  AskedListener listener(stage, {.flags = static_cast<unsigned>(stage.parameter(1))});
  Pipe told(stage);
  told_fd = told.in.get();
  const Caller caller(listener, [&] {
    handle_signal(SIGUSR1, 0);
    stage.fails_with("the call", EINTR, raw_syscall(SYS_getppid));
  });
  told.in.reset();
  seccomp_notif request{};
  if (!caller.pending()) return;
  if (received && !caller.notifies(request)) return;
  if (!caller.comes_to_state('S')) return;
  caller.send(SIGUSR1);
  stage.exited("the caller", 0, caller.end());
  stage.holds("the handler ran", heard(told.out.get()));
  stage.equal("the events of the listener", 0, listener.events());
  if (!received) return;
  stage.fails_with("its id", ENOENT, listener.id_valid(request.id));
  stage.fails_with("the reply", ENOENT, listener.reply({.id = request.id, .val = kReply}));
}

/// Parameter: whether the call is received before the signal.
void notifies_again(Stage& stage) {
  AskedListener listener(stage);
  Pipe told(stage);
  told_fd = told.in.get();
  const Caller caller(listener, [&] {
    handle_signal(SIGUSR1, SA_RESTART);
    stage.equal("the call", kReply, raw_syscall(SYS_getppid));
  });
  told.in.reset();
  seccomp_notif before{};
  seccomp_notif after{};
  if (!caller.pending()) return;
  if (stage.parameter(0) != 0 && !caller.notifies(before)) return;
  caller.send(SIGUSR1);
  stage.holds("the handler ran", heard(told.out.get()));
  if (!caller.notifies(after)) return;
  stage.holds("the second notification has another id", before.id != after.id);
  stage.fails_with("the first id", ENOENT, listener.id_valid(before.id));
  answer_and_end(listener, caller, after.id);
}

void stop_and_continue(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] { stage.equal("the call", kReply, raw_syscall(SYS_getppid)); });
  seccomp_notif before{};
  seccomp_notif after{};
  if (!caller.notifies(before)) return;
  caller.send(SIGSTOP);
  int status = 0;
  while (::waitpid(caller.pid(), &status, WUNTRACED) < 0 && errno == EINTR) {
  }
  stage.holds("the caller stopped", WIFSTOPPED(status));
  stage.fails_with("its id", ENOENT, listener.id_valid(before.id));
  caller.send(SIGCONT);
  if (!caller.notifies(after)) return;
  stage.holds("the second notification has another id", before.id != after.id);
  answer_and_end(listener, caller, after.id);
}

/// Parameter: whether the signal is blocked; else it is ignored.
void does_not_disturb(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] {
    sigset_t one;
    ::sigemptyset(&one);
    ::sigaddset(&one, SIGUSR1);
    if (stage.parameter(0) != 0)
      ::sigprocmask(SIG_BLOCK, &one, nullptr);
    else
      ::signal(SIGUSR1, SIG_IGN);
    stage.equal("the call", kReply, raw_syscall(SYS_getppid));
  });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  if (!caller.comes_to_state('S')) return;
  caller.send(SIGUSR1);
  stage.equal("its id", 0, listener.id_valid(request.id));
  answer_and_end(listener, caller, request.id);
}

/// Parameters: whether the call is received before the kill, and the filter's flags.
void killed_meanwhile(Stage& stage) {
  const bool received = stage.parameter(0) != 0;
  AskedListener listener(stage, {.flags = static_cast<unsigned>(stage.parameter(1))});
  const auto call = [&] {
    raw_syscall(SYS_getppid);
    stage.never("the call came back");
  };
  const Caller caller(listener, call);
  seccomp_notif request{};
  if (!caller.pending()) return;
  if (received && !caller.notifies(request)) return;
  caller.send(SIGKILL);
  stage.killed("the caller", SIGKILL, caller.end());
  stage.equal("the events of the listener", 0, listener.events());
}

/// A signal that the caller neither handles nor ignores is as fatal as SIGKILL.
void killable_ends(Stage& stage) {
  AskedListener listener(stage, {.flags = kWaitKillableReceive});
  const Caller caller(listener, [&] {
    raw_syscall(SYS_getppid);
    stage.never("the call came back");
  });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  caller.send(SIGTERM);
  stage.killed("the caller", SIGTERM, caller.end());
  stage.fails_with("its id", ENOENT, listener.id_valid(request.id));
}

/// Parameter: the flags of the handler.
void killable_delivers(Stage& stage) {
  AskedListener listener(stage, {.flags = kWaitKillableReceive});
  Pipe told(stage);
  told_fd = told.in.get();
  const Caller caller(listener, [&] {
    handle_signal(SIGUSR1, static_cast<int>(stage.parameter(0)));
    stage.equal("the call", kReply, raw_syscall(SYS_getppid));
  });
  told.in.reset();
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  if (!caller.comes_to_state('S')) return;
  caller.send(SIGUSR1);
  if (!caller.comes_to_state('D')) return;
  stage.equal("its id", 0, listener.id_valid(request.id));
  answer_and_end(listener, caller, request.id);
  stage.holds("the handler ran after the reply", heard(told.out.get()));
}

void killable_is_killed(Stage& stage) {
  AskedListener listener(stage, {.flags = kWaitKillableReceive});
  Pipe told(stage);
  told_fd = told.in.get();
  const Caller caller(listener, [&] {
    handle_signal(SIGUSR1, 0);
    raw_syscall(SYS_getppid);
    stage.never("the call came back");
  });
  told.in.reset();
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  if (!caller.comes_to_state('S')) return;
  caller.send(SIGUSR1);
  if (!caller.comes_to_state('D')) return;
  caller.send(SIGKILL);
  stage.killed("the caller", SIGKILL, caller.end());
  stage.holds("the handler did not run", !heard(told.out.get()));
  stage.fails_with("its id", ENOENT, listener.id_valid(request.id));
}

}  // namespace

std::vector<Scenario> notify_signal_scenarios() {
  const std::string source = "seccomp_unotify(2), Interaction with SA_RESTART signal handlers";
  const std::string killable = "seccomp(2), SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV; kernel/seccomp.c, should_sleep_killable";
  const Requirements needs_killable = {.since = KernelVersion{5, 19}};
  const std::string hang = "A program that cannot be stopped while its supervisor thinks hangs with it.";
  const std::string work = "A supervisor's work, such as a mount, is done twice if the call is made again.";
  return {
      {.name = "signal-before-receiving",
       .title = "A signal interrupts a call that waits to be received: EINTR, and the notification is gone",
       .why = hang,
       .source = source,
       .also = "kselftest: user_notification_signal",
       .run = interrupts,
       .parameters = {0, 0}},
      {.name = "signal-after-receiving",
       .title = "A signal interrupts a call that waits for its reply: EINTR, and its id is not valid any more",
       .why = hang,
       .source = source,
       .also = "kselftest: user_notification_signal",
       .run = interrupts,
       .parameters = {1, 0}},
      {.name = "restart-before-receiving",
       .title = "With SA_RESTART a call that waits to be received is made again after the handler, with another id",
       .why = "Programs with handlers of this kind do not expect EINTR.",
       .source = source,
       .also = "kselftest: user_notification_signal",
       .run = notifies_again,
       .parameters = {0}},
      {.name = "restart-after-receiving",
       .title = "With SA_RESTART a call that waits for its reply is made again after the handler, with another id",
       .why = work,
       .source = source,
       .also = "kselftest: user_notification_signal",
       .run = notifies_again,
       .parameters = {1}},
      {.name = "stop-and-continue",
       .title = "A caller that is stopped and continued makes its call again, with another id",
       .why = work,
       .source = "signal(7), Interruption of system calls by stop signals; kernel/seccomp.c, seccomp_do_user_notification",
       .run = stop_and_continue},
      {.name = "ignored-signal",
       .title = "A signal that the caller ignores does not disturb its call",
       .why = work,
       .source = "signal(7); kernel/seccomp.c, seccomp_do_user_notification",
       .run = does_not_disturb,
       .parameters = {0}},
      {.name = "blocked-signal",
       .title = "A signal that the caller blocks does not disturb its call",
       .why = work,
       .source = "signal(7); kernel/seccomp.c, seccomp_do_user_notification",
       .run = does_not_disturb,
       .parameters = {1}},
      {.name = "kill-before-receiving",
       .title = "SIGKILL ends a caller that waits to be received, and the listener has nothing left",
       .why = hang,
       .source = "seccomp_unotify(2), NOTES; kernel/seccomp.c, seccomp_do_user_notification",
       .also = "kselftest: user_notification_kill_in_middle",
       .run = killed_meanwhile,
       .parameters = {0, 0}},
      {.name = "kill-after-receiving",
       .title = "SIGKILL ends a caller that waits for its reply, and the listener has nothing left",
       .why = hang,
       .source = "seccomp_unotify(2), NOTES; kernel/seccomp.c, seccomp_do_user_notification",
       .also = "kselftest: user_notification_kill_in_middle",
       .run = killed_meanwhile,
       .parameters = {1, 0}},
      {.name = "killable-before-receiving",
       .title = "With WAIT_KILLABLE_RECV a signal still interrupts a call that waits to be received: EINTR",
       .why = hang,
       .source = killable,
       .also = "kselftest: user_notification_wait_killable_pre_notification",
       .run = interrupts,
       .needs = needs_killable,
       .parameters = {0, kWaitKillableReceive}},
      {.name = "killable-after-receiving",
       .title = "With WAIT_KILLABLE_RECV a signal waits for the reply: the caller sleeps in state D, then its handler runs",
       .why = work,
       .source = killable,
       .also = "kselftest: user_notification_wait_killable",
       .run = killable_delivers,
       .needs = needs_killable,
       .parameters = {0}},
      {.name = "killable-restart",
       .title = "With WAIT_KILLABLE_RECV and SA_RESTART the call that was received is not made again",
       .why = work,
       .source = killable,
       .also = "kselftest: user_notification_wait_killable",
       .run = killable_delivers,
       .needs = needs_killable,
       .parameters = {SA_RESTART}},
      {.name = "killable-kill",
       .title = "With WAIT_KILLABLE_RECV SIGKILL ends a caller that waits for its reply",
       .why = hang,
       .source = killable,
       .also = "kselftest: user_notification_wait_killable_fatal",
       .run = killed_meanwhile,
       .needs = needs_killable,
       .parameters = {1, kWaitKillableReceive}},
      {.name = "killable-fatal",
       .title = "With WAIT_KILLABLE_RECV SIGTERM without a handler ends a caller that waits for its reply",
       .why = hang,
       .source = killable,
       .also = "kselftest: user_notification_wait_killable_fatal",
       .run = killable_ends,
       .needs = needs_killable},
      {.name = "killable-kill-in-d",
       .title = "With WAIT_KILLABLE_RECV SIGKILL ends a caller that another signal has put to sleep in state D",
       .why = hang,
       .source = killable,
       .run = killable_is_killed,
       .needs = needs_killable},
  };
}

}  // namespace sandgauge
