// NOTIFY: how a listener is made, what a call gives that has none, and the whole topic.
#include "conformance/notify.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "conformance/asked_listener.h"
#include "conformance/sibling.h"
#include "conformance/topics.h"

namespace sandgauge {
namespace {

constexpr unsigned kNewListener = SECCOMP_FILTER_FLAG_NEW_LISTENER;
constexpr unsigned kSyncNewListener = kNewListener | SECCOMP_FILTER_FLAG_TSYNC;
constexpr unsigned kSyncNewListenerEsrch = kSyncNewListener | SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
constexpr std::int64_t kReply = 0x5EC0;

Filter asks_about(long number) { return Filter::answer(static_cast<std::uint32_t>(number), SECCOMP_RET_USER_NOTIF); }

void no_listener(Stage& stage) {
  stage.load(asks_about(SYS_getppid));
  stage.fails_with("the call", ENOSYS, raw_syscall(SYS_getppid));
}

void closed_listener(Stage& stage) {
  AskedListener listener(stage);
  listener.close();
  stage.fails_with("the call", ENOSYS, raw_syscall(SYS_getppid));
}

/// Parameter: whether the notification is received before.
void closed_meanwhile(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] { stage.fails_with("the call", ENOSYS, raw_syscall(SYS_getppid)); });
  seccomp_notif request{};
  if (!caller.pending()) return;
  if (stage.parameter(0) != 0 && !caller.notifies(request)) return;
  listener.close();
  stage.exited("the caller", 0, caller.end());
}

void closed_after_the_reply(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] { stage.equal("the call", kReply, raw_syscall(SYS_getppid)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  stage.equal("the reply", 0, listener.reply({.id = request.id, .val = kReply}));
  listener.close();
  stage.exited("the caller", 0, caller.end());
}

void copy_keeps_it_open(Stage& stage) {
  AskedListener listener(stage);
  AskedListener copy(stage, ::fcntl(listener.fd(), F_DUPFD_CLOEXEC, 0));
  listener.close();
  const Caller caller(copy, [&] { stage.equal("the call", kReply, raw_syscall(SYS_getppid)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  stage.equal("the reply", 0, copy.reply({.id = request.id, .val = kReply}));
  stage.exited("the caller", 0, caller.end());
}

void second_listener(Stage& stage) {
  const AskedListener first(stage, {.as_it_is = true});
  stage.fails_with("a second listener", EBUSY, stage.try_load(asks_about(SYS_getuid), kNewListener));
  stage.equal("getuid(2), which the refused filter asks about", stage.host().uid, raw_syscall(SYS_getuid));
}

void second_listener_in_a_child(Stage& stage) {
  const AskedListener first(stage, {.as_it_is = true});
  stage.exited("the child", 0, stage.child([&] {
    stage.fails_with("a second listener", EBUSY, stage.try_load(asks_about(SYS_getuid), kNewListener));
  }));
}

void second_after_the_first_is_closed(Stage& stage) {
  AskedListener first(stage, {.as_it_is = true});
  first.close();
  AskedListener second(stage);
  const Caller caller(second, [&] { stage.equal("the call", kReply, raw_syscall(SYS_getppid)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  stage.equal("the reply", 0, second.reply({.id = request.id, .val = kReply}));
  stage.exited("the caller", 0, caller.end());
}

void closed_on_exec(Stage& stage) {
  const AskedListener listener(stage, {.as_it_is = true});
  stage.equal("the flags of the descriptor", FD_CLOEXEC, ::fcntl(listener.fd(), F_GETFD));
}

void no_free_descriptor(Stage& stage) {
  const std::int64_t parent = raw_syscall(SYS_getppid);
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_NOFILE, &none) != 0) stage.broken("setrlimit", errno);
  stage.set_no_new_privs();
  stage.fails_with("the load", EMFILE, stage.try_load(asks_about(SYS_getppid), kNewListener));
  stage.equal("getppid(2)", parent, raw_syscall(SYS_getppid));
}

/// Parameter: the flags.
void refused_flags(Stage& stage) {
  stage.set_no_new_privs();
  const std::int64_t parent = raw_syscall(SYS_getppid);
  stage.fails_with("the load", EINVAL, stage.try_load(asks_about(SYS_getppid), static_cast<unsigned>(stage.parameter(0))));
  stage.equal("getppid(2)", parent, raw_syscall(SYS_getppid));
}

void data_does_not_count(Stage& stage) {
  AskedListener listener(stage, {.answer = SECCOMP_RET_USER_NOTIF | SECCOMP_RET_DATA});
  const Caller caller(listener, [&] { stage.equal("the call", kReply, raw_syscall(SYS_getppid)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  stage.equal("the reply", 0, listener.reply({.id = request.id, .val = kReply}));
  stage.exited("the caller", 0, caller.end());
}

void synchronised(Stage& stage) {
  Sibling sibling(stage);
  const AskedListener listener(stage, {.flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH});
  auto call = [&] { stage.equal("the other thread's call", kReply, raw_syscall(SYS_getppid)); };
  sibling.start(call);
  seccomp_notif request{};
  if (!listener.pending(sibling.done_fd())) return;
  stage.equal("receiving", 0, listener.receive(request));
  stage.equal("the reply", 0, listener.reply({.id = request.id, .val = kReply}));
  sibling.finish();
}

void diverged(Stage& stage) {
  require_no_listener(stage);
  Sibling sibling(stage);
  sibling.run([&] { stage.load_as_it_is(Filter::always(SECCOMP_RET_ALLOW)); });
  const std::int64_t parent = raw_syscall(SYS_getppid);
  stage.set_no_new_privs();
  const int free_before = ::dup(STDIN_FILENO);
  ::close(free_before);
  stage.fails_with("the load", ESRCH, stage.try_load(asks_about(SYS_getppid), kSyncNewListenerEsrch));
  stage.equal("the lowest free descriptor", free_before, ::dup(STDIN_FILENO));
  stage.equal("getppid(2)", parent, raw_syscall(SYS_getppid));
}

std::vector<Scenario> without_a_listener() {
  return {
      {.name = "no-listener",
       .title = "A call that is answered NOTIFY fails with ENOSYS where no listener was made",
       .why = "It must neither run nor wait for ever for somebody who does not exist.",
       .source = "seccomp(2), SECCOMP_RET_USER_NOTIF; kernel/seccomp.c, seccomp_do_user_notification",
       .also = "kselftest: user_notification_basic; gVisor",
       .run = no_listener},
      {.name = "closed-listener",
       .title = "A call that is answered NOTIFY fails with ENOSYS when the listener is closed",
       .why = "A supervisor that crashed must not leave its programs hanging, or their calls unfiltered.",
       .source = "seccomp_unotify(2), NOTES; kernel/seccomp.c, seccomp_notify_detach",
       .also = "kselftest: user_notification_closed_listener",
       .run = closed_listener},
      {.name = "closed-before-receiving",
       .title = "A call that waits for its listener fails with ENOSYS when the listener is closed before it was received",
       .why = "A supervisor that dies must wake all that wait for it.",
       .source = "kernel/seccomp.c, seccomp_notify_detach",
       .also = "kselftest: user_notification_closed_listener",
       .run = closed_meanwhile,
       .parameters = {0}},
      {.name = "closed-after-receiving",
       .title = "A call that waits for its reply fails with ENOSYS when the listener is closed after it was received",
       .why = "A supervisor that dies over a request must wake who made it.",
       .source = "kernel/seccomp.c, seccomp_notify_detach",
       .run = closed_meanwhile,
       .parameters = {1}},
      {.name = "closed-after-the-reply",
       .title = "A reply holds although the listener is closed right after it",
       .why = "A supervisor that answers its last request and ends has answered it.",
       .source = "kernel/seccomp.c, seccomp_notify_detach (SECCOMP_NOTIFY_REPLIED is passed over)",
       .run = closed_after_the_reply},
      {.name = "copy-keeps-it-open",
       .title = "A copy of the listener keeps it open when the first descriptor is closed",
       .why = "Supervisors are handed copies over sockets; the sender closes his own.",
       .source = "seccomp_unotify(2), step 4; kernel/seccomp.c, seccomp_notify_release",
       .run = copy_keeps_it_open},
  };
}

std::vector<Scenario> making_one() {
  constexpr KernelVersion kKillableReceive{5, 19};
  constexpr KernelVersion kBeforeIt{5, 18};
  return {
      {.name = "second-listener",
       .title = "A second listener for the same thread is EBUSY, and its filter is not loaded",
       .why = "A program under a container's listener has to find out that it can have none of its own.",
       .source = "seccomp(2), ERRORS (EBUSY); kernel/seccomp.c, has_duplicate_listener",
       .also = "kselftest: user_notification_basic; gVisor",
       .run = second_listener},
      {.name = "second-listener-in-a-child",
       .title = "A child under a filter with a listener cannot make another: EBUSY",
       .why = "What is inside a sandbox must not put its own supervisor in the place of the outer one.",
       .source = "kernel/seccomp.c, has_duplicate_listener",
       .run = second_listener_in_a_child},
      {.name = "second-listener-after-closing",
       .title = "When the first listener is closed a second one can be made, and is asked",
       .why = "A supervisor that gave up must not keep programs from having one for ever.",
       .source = "kernel/seccomp.c, has_duplicate_listener, seccomp_notify_free",
       .run = second_after_the_first_is_closed},
      {.name = "close-on-exec",
       .title = "The listener is close-on-exec",
       .why = "A program that inherits the listener of its own sandbox can answer its own requests.",
       .source = "seccomp(2), SECCOMP_FILTER_FLAG_NEW_LISTENER; kernel/seccomp.c, seccomp_set_mode_filter",
       .run = closed_on_exec},
      {.name = "no-free-descriptor",
       .title = "Without a free descriptor a filter with a listener is EMFILE and is not loaded",
       .why = "A filter whose listener nobody has would fail every call that it asks about.",
       .source = "kernel/seccomp.c, seccomp_set_mode_filter",
       .run = no_free_descriptor},
      {.name = "tsync",
       .title = "TSYNC with NEW_LISTENER but without TSYNC_ESRCH is EINVAL",
       .why = "One result cannot be both a descriptor and the TID of a thread that diverged.",
       .source = "seccomp(2), SECCOMP_FILTER_FLAG_TSYNC; kernel/seccomp.c, seccomp_set_mode_filter",
       .also = "kselftest: user_notification_with_tsync",
       .run = refused_flags,
       .parameters = {kSyncNewListener}},
      {.name = "tsync-esrch",
       .title = "With TSYNC_ESRCH a listener is made for all threads of the process",
       .why = "A runtime with threads, Go's for one, can only confine itself as a whole.",
       .source = "seccomp(2), SECCOMP_FILTER_FLAG_TSYNC_ESRCH",
       .also = "kselftest: user_notification_with_tsync",
       .run = synchronised},
      {.name = "tsync-esrch-diverged",
       .title = "With TSYNC_ESRCH and a thread that diverged there is ESRCH, no filter and no descriptor left",
       .why = "A result that is taken for a descriptor would be polled for ever.",
       .source = "seccomp(2), SECCOMP_FILTER_FLAG_TSYNC_ESRCH; kernel/seccomp.c, seccomp_attach_filter",
       .run = diverged},
      {.name = "killable-alone",
       .title = "WAIT_KILLABLE_RECV without NEW_LISTENER is EINVAL",
       .why = "A flag without an effect hides that the listener was forgotten.",
       .source = "seccomp(2), SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV; kernel/seccomp.c, seccomp_set_mode_filter",
       .also = "runc",
       .run = refused_flags,
       .needs = {.since = kKillableReceive},
       .parameters = {kWaitKillableReceive}},
      {.name = "killable-unknown",
       .title = "Before Linux 5.19 WAIT_KILLABLE_RECV is an unknown flag: EINVAL, also with NEW_LISTENER",
       .why = "A supervisor that needs it has to find out that this kernel has none.",
       .source = "kernel/seccomp.c, SECCOMP_FILTER_FLAG_MASK",
       .run = refused_flags,
       .needs = {.until = kBeforeIt},
       .parameters = {kWaitKillableReceive | kNewListener}},
      {.name = "data-does-not-count",
       .title = "The data in a NOTIFY answer, the low 16 bits, changes nothing",
       .why = "NOTIFY takes no data; an answer with some must not become another action.",
       .source = "seccomp(2), SECCOMP_RET_DATA; linux/seccomp.h, SECCOMP_RET_ACTION_FULL",
       .run = data_does_not_count},
  };
}

}  // namespace

std::vector<Scenario> notify_setup_scenarios() {
  std::vector<Scenario> scenarios = without_a_listener();
  std::ranges::move(making_one(), std::back_inserter(scenarios));
  return scenarios;
}

std::vector<Case> notify_cases() {
  std::vector<Scenario> scenarios;
  for (auto part : {notify_setup_scenarios(), notify_poll_scenarios(), notify_receive_scenarios(), notify_field_scenarios(),
                    notify_reply_scenarios(), notify_answered_scenarios(), notify_id_scenarios(), notify_reach_scenarios(),
                    notify_signal_scenarios()})
    std::ranges::move(part, std::back_inserter(scenarios));
  return topic("notify", std::move(scenarios));
}

}  // namespace sandgauge
