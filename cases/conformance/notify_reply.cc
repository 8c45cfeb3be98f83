// SECCOMP_IOCTL_NOTIF_SEND: what a reply makes of the call, and which replies are refused.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iterator>
#include <limits>

#include "conformance/asked_listener.h"
#include "conformance/notify.h"

namespace sandgauge {
namespace {

constexpr std::int64_t kReply = 0x5EC0;
constexpr std::int64_t kHighestErrno = 4095;  // MAX_ERRNO, linux/err.h
constexpr std::uint32_t kContinue = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
constexpr const char* kDirectory = "made-by-the-call";

std::int64_t make_directory(const char* path) {
  return raw_syscall(SYS_mkdirat, AT_FDCWD, reinterpret_cast<std::intptr_t>(path), 0700);
}
bool exists(const char* path) { return ::access(path, F_OK) == 0; }

/// Answers and waits for the end: nothing that went before has spoilt the notification.
void finish(const AskedListener& listener, const Caller& caller, std::uint64_t id) {
  listener.stage().equal("the reply", 0, listener.reply({.id = id, .val = kReply}));
  listener.stage().exited("the caller", 0, caller.end());
}

/// Parameters: error, val, and what the call returns.
void returns(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] { stage.equal("the call", stage.parameter(2), raw_syscall(SYS_getppid)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  const auto error = static_cast<std::int32_t>(stage.parameter(0));
  stage.equal("the reply", 0, listener.reply({.id = request.id, .val = stage.parameter(1), .error = error}));
  stage.exited("the caller", 0, caller.end());
}

/// Parameters: error and val. A call that was answered does not run.
void does_not_run(Stage& stage) {
  AskedListener listener(stage, {.number = SYS_mkdirat});
  const Caller caller(listener,
                      [&] { stage.equal("the call", stage.parameter(0) + stage.parameter(1), make_directory(kDirectory)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  const auto error = static_cast<std::int32_t>(stage.parameter(0));
  stage.equal("the reply", 0, listener.reply({.id = request.id, .val = stage.parameter(1), .error = error}));
  stage.exited("the caller", 0, caller.end());
  stage.holds("there is no directory", !exists(kDirectory));
}

void continues(Stage& stage) {
  AskedListener listener(stage, {.number = SYS_mkdirat});
  const Caller caller(listener, [&] { stage.equal("the call", 0, make_directory(kDirectory)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  stage.holds("there is no directory before the reply", !exists(kDirectory));
  stage.equal("the reply", 0, listener.reply({.id = request.id, .flags = kContinue}));
  stage.exited("the caller", 0, caller.end());
  stage.holds("the directory is there", exists(kDirectory));
}

void continues_and_returns(Stage& stage) {
  AskedListener listener(stage);
  const std::int64_t self = raw_syscall(SYS_getpid);
  const Caller caller(listener, [&] { stage.equal("the call", self, raw_syscall(SYS_getppid)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  stage.equal("the reply", 0, listener.reply({.id = request.id, .flags = kContinue}));
  stage.exited("the caller", 0, caller.end());
}

void continues_with_new_memory(Stage& stage) {
  constexpr const char* kOther = "written-meanwhile";
  char* const path = static_cast<char*>(::mmap(nullptr, 64, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  std::strcpy(path, kDirectory);
  AskedListener listener(stage, {.number = SYS_mkdirat});
  const Caller caller(listener, [&] { stage.equal("the call", 0, make_directory(path)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  std::strcpy(path, kOther);
  stage.equal("the reply", 0, listener.reply({.id = request.id, .flags = kContinue}));
  stage.exited("the caller", 0, caller.end());
  stage.holds("the directory that was asked for is not there", !exists(kDirectory));
  stage.holds("the directory that was written meanwhile is there", exists(kOther));
}

/// Parameters: flags, error and val of a reply that is refused.
void refused(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] { stage.equal("the call", kReply, raw_syscall(SYS_getppid)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  const auto flags = static_cast<std::uint32_t>(stage.parameter(0));
  const auto error = static_cast<std::int32_t>(stage.parameter(1));
  stage.fails_with("the refused reply", EINVAL,
                   listener.reply({.id = request.id, .val = stage.parameter(2), .error = error, .flags = flags}));
  finish(listener, caller, request.id);
}

void bad_address(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] { stage.equal("the call", kReply, raw_syscall(SYS_getppid)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  stage.fails_with("a reply from nowhere", EFAULT, listener_request(listener.fd(), SECCOMP_IOCTL_NOTIF_SEND, nullptr));
  finish(listener, caller, request.id);
}

void bad_id(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] { stage.equal("the call", kReply, raw_syscall(SYS_getppid)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  stage.fails_with("a reply to another id", ENOENT, listener.reply({.id = request.id + 1, .val = kReply}));
  finish(listener, caller, request.id);
}

void not_received(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] {
    stage.equal("the first call", kReply, raw_syscall(SYS_getppid));
    stage.equal("the second call", kReply, raw_syscall(SYS_getppid));
  });
  seccomp_notif first{};
  seccomp_notif second{};
  if (!caller.notifies(first)) return;
  stage.equal("the first reply", 0, listener.reply({.id = first.id, .val = kReply}));
  if (!caller.pending()) return;
  // Ids are counted up (kernel/seccomp.c, seccomp_next_notify_id): this one is known before it is received.
  stage.fails_with("a reply to what was not received", EINPROGRESS, listener.reply({.id = first.id + 1, .val = kReply}));
  if (!caller.notifies(second)) return;
  stage.equal_hex("the id of the second", first.id + 1, second.id);
  finish(listener, caller, second.id);
}

void twice(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] { stage.equal("the call", kReply, raw_syscall(SYS_getppid)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  finish(listener, caller, request.id);
  stage.fails_with("the same reply once more", ENOENT, listener.reply({.id = request.id, .val = kReply}));
}

void dead_caller(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] {
    raw_syscall(SYS_getppid);
    stage.never("the call came back");
  });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  caller.send(SIGKILL);
  stage.killed("the caller", SIGKILL, caller.end());
  stage.fails_with("the reply", ENOENT, listener.reply({.id = request.id, .val = kReply}));
}

Scenario value_scenario(const char* name, const char* title, std::int64_t error, std::int64_t value, std::int64_t result) {
  return {.name = fmt::format("reply-{}", name),
          .title = title,
          .why = "Whoever emulates a call decides what the program sees of it.",
          .source = "seccomp_unotify(2), struct seccomp_notif_resp; arch/*/include/asm/syscall.h, syscall_set_return_value",
          .run = returns,
          .parameters = {error, value, result}};
}

Scenario refusal(const char* name, const char* title, std::int64_t flags, std::int64_t error, std::int64_t value) {
  return {.name = name,
          .title = title,
          .why = "A reply that says two things is a mistake, and obeying either half could be the wrong one.",
          .source = "seccomp_unotify(2), SECCOMP_IOCTL_NOTIF_SEND (EINVAL); kernel/seccomp.c, seccomp_notify_send",
          .also = "kselftest: user_notification_continue",
          .run = refused,
          .parameters = {flags, error, value}};
}

std::vector<Scenario> values() {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  return {
      value_scenario("value-zero", "A reply of 0 and no error lets the call return 0", 0, 0, 0),
      value_scenario("value", "The value of a reply is what the call returns", 0, kReply, kReply),
      value_scenario("value-negative", "A negative value is returned as it is, so it looks like an errno", 0, -EACCES,
                     -EACCES),
      value_scenario("value-largest", "The largest value is returned with all its 64 bits", 0, kMost, kMost),
      value_scenario("value-smallest", "The smallest value is returned with all its 64 bits", 0, kLeast, kLeast),
      value_scenario("error", "A negative error is the call's errno", -EPERM, 0, -EPERM),
      value_scenario("error-highest", "The error -4095, the highest errno, is returned", -kHighestErrno, 0, -kHighestErrno),
      value_scenario("error-beyond", "The error -4096, which is no errno, is returned as it is", -kHighestErrno - 1, 0,
                     -kHighestErrno - 1),
      value_scenario("error-positive", "A positive error is returned as it is: the call succeeds with it", EPERM, 0, EPERM),
      value_scenario("error-and-value", "With an error the value does not count", -EPERM, kReply, -EPERM),
  };
}

std::vector<Scenario> running() {
  return {
      {.name = "reply-does-not-run",
       .title = "A call that is answered with success does not run",
       .why = "The supervisor has done in its place what was to be done; the call itself may do harm.",
       .source = "seccomp_unotify(2), SECCOMP_IOCTL_NOTIF_SEND",
       .also = "kselftest: user_notification_basic",
       .run = does_not_run,
       .parameters = {0, 0}},
      {.name = "reply-error-does-not-run",
       .title = "A call that is answered with an error does not run",
       .why = "A refusal that lets the call run is none.",
       .source = "seccomp_unotify(2), SECCOMP_IOCTL_NOTIF_SEND",
       .run = does_not_run,
       .parameters = {-EPERM, 0}},
      {.name = "continue",
       .title = "With CONTINUE the call runs, and not before the reply",
       .why = "A supervisor that only looks must not change what the program does.",
       .source = "seccomp_unotify(2), SECCOMP_USER_NOTIF_FLAG_CONTINUE",
       .also = "kselftest: user_notification_continue; LTP",
       .run = continues},
      {.name = "continue-result",
       .title = "With CONTINUE the call returns what the kernel says",
       .why = "A supervisor that only looks must not change what the program sees.",
       .source = "seccomp_unotify(2), SECCOMP_USER_NOTIF_FLAG_CONTINUE",
       .also = "kselftest: user_notification_continue",
       .run = continues_and_returns},
      {.name = "continue-rereads",
       .title = "With CONTINUE the call reads its memory again: what was judged may not be what runs",
       .why = "CONTINUE is no permission. A policy built on it is passed by a second thread.",
       .source = "seccomp_unotify(2), SECCOMP_USER_NOTIF_FLAG_CONTINUE (time of check, time of use)",
       .run = continues_with_new_memory},
  };
}

std::vector<Scenario> refusals() {
  constexpr std::int64_t kUnknown = 2;
  constexpr std::int64_t kHighest = 0x80000000;
  return {
      refusal("continue-value", "CONTINUE with a value is EINVAL, and the call still waits", kContinue, 0, 1),
      refusal("continue-error", "CONTINUE with an error is EINVAL, and the call still waits", kContinue, -EPERM, 0),
      refusal("continue-positive-error", "CONTINUE with a positive error is EINVAL, and the call still waits", kContinue,
              EPERM, 0),
      refusal("continue-both", "CONTINUE with error and value is EINVAL, and the call still waits", kContinue, -EPERM, 1),
      refusal("unknown-flag", "A reply with the unknown flag 2 is EINVAL, and the call still waits", kUnknown, 0, 0),
      refusal("unknown-flag-beside", "A reply with an unknown flag beside CONTINUE is EINVAL, and the call still waits",
              kUnknown | kContinue, 0, 0),
      refusal("highest-flag", "A reply with the highest flag is EINVAL, and the call still waits", kHighest, 0, 0),
      {.name = "reply-bad-address",
       .title = "A reply from an address without memory is EFAULT, and the call still waits",
       .why = "A supervisor's mistake must not answer somebody else's call.",
       .source = "kernel/seccomp.c, seccomp_notify_send",
       .run = bad_address},
      {.name = "reply-bad-id",
       .title = "A reply to an id that nobody has is ENOENT, and the call still waits",
       .why = "A supervisor has to learn that its answer went nowhere.",
       .source = "seccomp_unotify(2), SECCOMP_IOCTL_NOTIF_SEND (ENOENT)",
       .run = bad_id},
      {.name = "reply-not-received",
       .title = "A reply to a call that was not received yet is EINPROGRESS",
       .why = "A guessed id must not answer a call that nobody has looked at.",
       .source = "seccomp_unotify(2), SECCOMP_IOCTL_NOTIF_SEND (EINPROGRESS); kernel/seccomp.c, seccomp_notify_send",
       .run = not_received},
      {.name = "reply-twice",
       .title = "A reply to a call that was answered and is over is ENOENT",
       .why = "There is exactly one answer to a call.",
       .source = "kernel/seccomp.c, seccomp_notify_send",
       .also = "kselftest: user_notification_basic",
       .run = twice},
      {.name = "reply-dead-caller",
       .title = "A reply to a caller that was killed meanwhile is ENOENT",
       .why = "What the supervisor did for it has to be undone.",
       .source = "seccomp_unotify(2), SECCOMP_IOCTL_NOTIF_SEND (ENOENT)",
       .also = "kselftest: user_notification_kill_in_middle",
       .run = dead_caller},
  };
}

}  // namespace

std::vector<Scenario> notify_reply_scenarios() {
  std::vector<Scenario> scenarios;
  for (auto part : {values(), running(), refusals()}) std::ranges::move(part, std::back_inserter(scenarios));
  return scenarios;
}

}  // namespace sandgauge
