// SECCOMP_IOCTL_NOTIF_RECV.
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>

#include "conformance/asked_listener.h"
#include "conformance/notify.h"

namespace sandgauge {
namespace {

constexpr std::int64_t kReply = 0x5EC0;

void expect_call_replied(Stage& stage) { stage.equal("the call", kReply, raw_syscall(SYS_getppid)); }

/// Receives, answers and waits for the end: nothing that went before has spoilt the notification.
void finish(const AskedListener& listener, const Caller& caller) {
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  listener.stage().equal("the reply", 0, listener.reply({.id = request.id, .val = kReply}));
  listener.stage().exited("the caller", 0, caller.end());
}

/// Parameter: the offset of the byte that is not zero.
void memory_not_zero(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] { expect_call_replied(stage); });
  if (!caller.pending()) return;
  seccomp_notif request{};
  reinterpret_cast<unsigned char*>(&request)[stage.parameter(0)] = 1;
  stage.fails_with("receiving", EINVAL, listener.receive(request));
  finish(listener, caller);
}

void bad_address(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] { expect_call_replied(stage); });
  if (!caller.pending()) return;
  stage.fails_with("receiving", EFAULT, listener_request(listener.fd(), SECCOMP_IOCTL_NOTIF_RECV, nullptr));
  finish(listener, caller);
}

void memory_not_writable(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] { expect_call_replied(stage); });
  if (!caller.pending()) return;
  const void* page = ::mmap(nullptr, sizeof(seccomp_notif), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  stage.fails_with("receiving", EFAULT, listener_request(listener.fd(), SECCOMP_IOCTL_NOTIF_RECV, page));
  finish(listener, caller);
}

void caller_killed(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] {
    raw_syscall(SYS_getppid);
    stage.never("the call came back");
  });
  if (!caller.pending()) return;
  caller.send(SIGKILL);
  stage.killed("the caller", SIGKILL, caller.end());
  seccomp_notif request{};
  stage.fails_with("receiving", ENOENT, listener.receive(request));
}

void filter_gone(Stage& stage) {
  const Confined confined(stage, {.as_it_is = true}, [] {});
  stage.exited("the confined process", 0, confined.caller.end());
  seccomp_notif request{};
  stage.fails_with("receiving", ENOENT, confined.listener.receive(request));
}

void filter_goes_meanwhile(Stage& stage) {
  Pipe end(stage);
  const Confined confined(stage, {.as_it_is = true}, [&] { heard(end.out.get()); });
  const pid_t receiver = stage.start_child([&] {
    seccomp_notif request{};
    stage.fails_with("receiving", ENOENT, confined.listener.receive(request));
  });
  stage.holds("the receiver waits", reaches_state(receiver, 'S'));
  say(end.in.get());
  stage.exited("the confined process", 0, confined.caller.end());
  stage.exited("the receiver", 0, stage.wait_for(receiver));
}

/// The exit code of a caller that got its reply; a receiver waits for ever for one that never asked.
constexpr int kReplied = 7;

Caller caller_that_tells(AskedListener& listener) {
  return Caller(listener, [&stage = listener.stage()] { stage.end(raw_syscall(SYS_getppid) == kReply ? kReplied : 0); });
}

bool was_replied(Stage& stage, const Caller& caller) {
  const int status = caller.end();
  stage.exited("the caller", kReplied, status);
  return WIFEXITED(status) && WEXITSTATUS(status) == kReplied;
}

void waits_for_a_call(Stage& stage) {
  AskedListener listener(stage);
  const pid_t receiver = stage.start_child([&] {
    seccomp_notif request{};
    stage.equal("receiving", 0, listener.receive(request));
    stage.equal("the reply", 0, listener.reply({.id = request.id, .val = kReply}));
  });
  stage.holds("the receiver waits", reaches_state(receiver, 'S'));
  const Caller caller = caller_that_tells(listener);
  if (!was_replied(stage, caller)) return;
  stage.exited("the receiver", 0, stage.wait_for(receiver));
}

void interrupted(Stage& stage) {
  const AskedListener listener(stage, {.as_it_is = true});
  const pid_t receiver = stage.start_child([&] {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    ::sigaction(SIGUSR1, &action, nullptr);
    seccomp_notif request{};
    stage.fails_with("receiving", EINTR, listener.receive(request));
  });
  if (!reaches_state(receiver, 'S')) return stage.never("the receiver does not wait");
  raw_syscall(SYS_kill, receiver, SIGUSR1);
  stage.exited("the receiver", 0, stage.wait_for(receiver));
}

void each_to_one_receiver(Stage& stage) {
  AskedListener listener(stage);
  Pipe ids(stage);
  const auto receive_one = [&] {
    seccomp_notif request{};
    stage.equal("receiving", 0, listener.receive(request));
    raw_syscall(SYS_write, ids.in.get(), reinterpret_cast<std::intptr_t>(&request.id), sizeof request.id);
    stage.equal("the reply", 0, listener.reply({.id = request.id, .val = kReply}));
  };
  const pid_t receivers[2] = {stage.start_child(receive_one), stage.start_child(receive_one)};
  for (const pid_t receiver : receivers) stage.holds("the receiver waits", reaches_state(receiver, 'S'));
  const Caller first = caller_that_tells(listener);
  const Caller second = caller_that_tells(listener);
  if (!was_replied(stage, first) || !was_replied(stage, second)) return;
  for (const pid_t receiver : receivers) stage.exited("the receiver", 0, stage.wait_for(receiver));
  ids.in.reset();
  std::uint64_t seen[2] = {};
  raw_syscall(SYS_read, ids.out.get(), reinterpret_cast<std::intptr_t>(seen), sizeof seen);
  stage.holds("the two received different notifications", seen[0] != seen[1]);
}

Scenario memory_scenario(const char* name, const char* what, std::size_t offset) {
  return {
      .name = fmt::format("memory-not-zero-{}", name),
      .title = fmt::format("Receiving into memory where {} is not zero is EINVAL, and the notification stays", what),
      .why = "Only memory that was zero lets later kernels read new fields from it; a lost notification hangs a program.",
      .source = "seccomp_unotify(2), SECCOMP_IOCTL_NOTIF_RECV (EINVAL); kernel/seccomp.c, seccomp_notify_recv",
      .also = "kselftest: user_notification_basic (pid)",
      .run = memory_not_zero,
      .parameters = {static_cast<std::int64_t>(offset)}};
}

}  // namespace

std::vector<Scenario> notify_receive_scenarios() {
  constexpr KernelVersion kToldOfTheEnd{6, 11};
  return {
      memory_scenario("id", "the id", offsetof(seccomp_notif, id)),
      memory_scenario("pid", "the pid", offsetof(seccomp_notif, pid)),
      memory_scenario("flags", "the field flags", offsetof(seccomp_notif, flags)),
      memory_scenario("data", "the call's number", offsetof(seccomp_notif, data.nr)),
      memory_scenario("last-byte", "the last byte", sizeof(seccomp_notif) - 1),
      {.name = "receive-bad-address",
       .title = "Receiving into no memory at all is EFAULT, and the notification stays",
       .why = "A supervisor's mistake must not lose somebody else's call.",
       .source = "kernel/seccomp.c, seccomp_notify_recv",
       .run = bad_address},
      {.name = "receive-read-only",
       .title = "Receiving into memory that cannot be written is EFAULT, and the notification can be received again",
       .why = "A notification that was taken and not delivered would hang its caller for ever.",
       .source = "kernel/seccomp.c, seccomp_notify_recv (back to SECCOMP_NOTIFY_INIT)",
       .also = "kselftest: user_notification_fault_recv",
       .run = memory_not_writable},
      {.name = "receive-killed-caller",
       .title = "Receiving what a killed caller had asked is ENOENT",
       .why = "A supervisor that was woken for it must not block.",
       .source = "seccomp_unotify(2), SECCOMP_IOCTL_NOTIF_RECV (ENOENT); kernel/seccomp.c, seccomp_notify_recv",
       .run = caller_killed},
      {.name = "receive-filter-gone",
       .title = "Receiving is ENOENT when the last process under the filter is gone",
       .why = "A supervisor that only receives, and does not poll, would block for ever.",
       .source = "kernel/seccomp.c, recv_wait_event (since Linux 6.11)",
       .also = "kselftest: user_ioctl_notification_filter_empty",
       .run = filter_gone,
       .needs = {.since = kToldOfTheEnd}},
      {.name = "receive-filter-goes",
       .title = "A receiver that waits is woken with ENOENT when the last process under the filter ends",
       .why = "A supervisor that only receives, and does not poll, would block for ever.",
       .source = "kernel/seccomp.c, recv_wait_event, __seccomp_filter_orphan (since Linux 6.11)",
       .also = "kselftest: user_ioctl_notification_filter_empty",
       .run = filter_goes_meanwhile,
       .needs = {.since = kToldOfTheEnd}},
      {.name = "receive-waits",
       .title = "A receiver waits until a call is made, and gets it",
       .why = "The simplest supervisor is a loop of receive and reply.",
       .source = "seccomp_unotify(2), SECCOMP_IOCTL_NOTIF_RECV",
       .also = "kselftest: user_notification_basic",
       .run = waits_for_a_call},
      {.name = "receive-interrupted",
       .title = "A signal with a handler interrupts a receiver that waits: EINTR",
       .why = "A supervisor is told to end by a signal.",
       .source = "seccomp_unotify(2), NOTES; kernel/seccomp.c, seccomp_notify_recv",
       .run = interrupted},
      {.name = "receive-once",
       .title = "Of two receivers that wait each gets one of two calls",
       .why = "A request that two supervisors answer is answered wrongly once.",
       .source = "kernel/seccomp.c, seccomp_notify_recv (notify_lock)",
       .run = each_to_one_receiver},
  };
}

}  // namespace sandgauge
