// What holds between a reply and the moment when the caller sees it.
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "conformance/asked_listener.h"
#include "conformance/notify.h"
#include "conformance/outranked_callers.h"

namespace sandgauge {
namespace {

constexpr std::int64_t kReply = 0x5EC0;

void only_one_reply(Stage& stage) {
  outrank_callers(stage);
  AskedListener listener(stage);
  const Caller caller(listener, [&] { stage.equal("the call", kReply, raw_syscall(SYS_getppid)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  stage.equal("the reply", 0, listener.reply({.id = request.id, .val = kReply}));
  stage.fails_with("another reply", EINPROGRESS, listener.reply({.id = request.id, .val = kReply + 1}));
  stage.exited("the caller", 0, caller.end());
}

void not_valid_any_more(Stage& stage) {
  outrank_callers(stage);
  AskedListener listener(stage);
  const Caller caller(listener, [&] { stage.equal("the call", kReply, raw_syscall(SYS_getppid)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  stage.equal("the reply", 0, listener.reply({.id = request.id, .val = kReply}));
  stage.fails_with("its id", ENOENT, listener.id_valid(request.id));
  stage.equal("the events of the listener", 0, listener.events());
  stage.exited("the caller", 0, caller.end());
}

int told_fd;  // the handler tells the supervisor that it ran

/// Parameter: the filter's flags.
void signal_after_the_reply(Stage& stage) {
  outrank_callers(stage);
  AskedListener listener(stage, {.flags = static_cast<unsigned>(stage.parameter(0))});
  Pipe told(stage);
  told_fd = told.in.get();
  const Caller caller(listener, [&] {
    struct sigaction action {};
    action.sa_handler = [](int) { say(told_fd); };
    ::sigaction(SIGUSR1, &action, nullptr);
    stage.equal("the call", kReply, raw_syscall(SYS_getppid));
  });
  told.in.reset();
  seccomp_notif request{};
  if (!caller.notifies(request) || !caller.comes_to_state('S')) return;
  stage.equal("the reply", 0, listener.reply({.id = request.id, .val = kReply}));
  caller.send(SIGUSR1);
  stage.exited("the caller", 0, caller.end());
  stage.holds("the handler ran", heard(told.out.get()));
}

}  // namespace

std::vector<Scenario> notify_answered_scenarios() {
  const Requirements needs = {.capabilities = {"CAP_SYS_NICE"}};
  return {
      {.name = "reply-twice-at-once",
       .title = "A second reply to a call whose caller has not seen the first is EINPROGRESS: the first one counts",
       .why = "There is exactly one answer to a call.",
       .source = "seccomp_unotify(2), SECCOMP_IOCTL_NOTIF_SEND (EINPROGRESS); kernel/seccomp.c, seccomp_notify_send",
       .also = "kselftest: user_notification_basic",
       .run = only_one_reply,
       .needs = needs},
      {.name = "answered-is-not-valid",
       .title = "A call that was answered has no valid id and no events, even before its caller has seen the answer",
       .why = "A supervisor that asks again would handle the call a second time.",
       .source = "kernel/seccomp.c, seccomp_notify_id_valid, seccomp_notify_poll",
       .run = not_valid_any_more,
       .needs = needs},
      {.name = "signal-after-the-reply",
       .title = "A signal after the reply does not take it back: the call returns it, then the handler runs",
       .why = "What the supervisor did would be done and not known.",
       .source = "kernel/seccomp.c, seccomp_do_user_notification",
       .run = signal_after_the_reply,
       .needs = needs,
       .parameters = {0}},
      {.name = "killable-signal-after-the-reply",
       .title = "With WAIT_KILLABLE_RECV too a signal after the reply does not take it back",
       .why = "It is this flag's whole purpose.",
       .source = "kernel/seccomp.c, should_sleep_killable",
       .also = "kselftest: user_notification_wait_killable_after_reply",
       .run = signal_after_the_reply,
       .needs = {.capabilities = {"CAP_SYS_NICE"}, .since = KernelVersion{5, 19}},
       .parameters = {kWaitKillableReceive}},
  };
}

}  // namespace sandgauge
