// SECCOMP_IOCTL_NOTIF_ADDFD: a supervisor puts a descriptor into the caller's table.
#include "conformance/addfd.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iterator>

#include "conformance/asked_listener.h"
#include "conformance/topics.h"

namespace sandgauge {
namespace {

constexpr std::int64_t kReply = 0x5EC0;
constexpr std::uint32_t kSetFd = SECCOMP_ADDFD_FLAG_SETFD;
constexpr std::uint32_t kFar = 99;  // a number that nobody has

/// In the caller: says through a descriptor that it was given that this is the one, and closes it.
void use(Stage& stage, int descriptor) {
  say(descriptor);
  stage.equal("closing the descriptor", 0, ::close(descriptor));
}

/// The lowest number that the next descriptor gets. async-signal-safe.
int lowest_free() {
  const int lowest = ::dup(STDIN_FILENO);
  ::close(lowest);
  return lowest;
}

/// What is added is the writing end of a pipe; that a byte comes through shows that it is the same file.
struct Given {
  explicit Given(Stage& stage) : pipe(stage) {}
  [[nodiscard]] seccomp_notif_addfd request(const seccomp_notif& notification) const {
    return {
        .id = notification.id, .flags = 0, .srcfd = static_cast<std::uint32_t>(pipe.in.get()), .newfd = 0, .newfd_flags = 0};
  }
  /// The caller has used it. Closes the supervisor's own end.
  void expect_used(Stage& stage) {
    pipe.in.reset();
    stage.holds("the caller's descriptor is the supervisor's file", heard(pipe.out.get()));
  }
  Pipe pipe;
};

void added(Stage& stage) {
  AskedListener listener(stage);
  Given given(stage);
  const Caller caller(listener, [&] {
    const int lowest = lowest_free();
    stage.equal("the call", lowest, raw_syscall(SYS_getppid));
    use(stage, lowest);
  });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  const std::int64_t descriptor = listener.add_fd(given.request(request));
  stage.succeeds("adding the descriptor", descriptor);
  stage.equal("the call still waits", 0, listener.id_valid(request.id));
  stage.equal("the reply", 0, listener.reply({.id = request.id, .val = descriptor}));
  stage.exited("the caller", 0, caller.end());
  given.expect_used(stage);
}

/// Parameter: newfd_flags. The descriptor of the caller has FD_CLOEXEC if and only if they have O_CLOEXEC.
void close_on_exec(Stage& stage) {
  AskedListener listener(stage);
  const Given given(stage);
  const Caller caller(listener, [&] {
    const std::int64_t descriptor = raw_syscall(SYS_getppid);
    stage.equal("the flags of the descriptor", stage.parameter(0) != 0 ? FD_CLOEXEC : 0,
                raw_syscall(SYS_fcntl, descriptor, F_GETFD));
  });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  seccomp_notif_addfd addition = given.request(request);
  addition.newfd_flags = static_cast<std::uint32_t>(stage.parameter(0));
  const std::int64_t descriptor = listener.add_fd(addition);
  stage.succeeds("adding the descriptor", descriptor);
  stage.equal("the reply", 0, listener.reply({.id = request.id, .val = descriptor}));
  stage.exited("the caller", 0, caller.end());
}

/// Parameter: the number, which nobody has.
void set_free_number(Stage& stage) {
  const auto number = static_cast<std::uint32_t>(stage.parameter(0));
  AskedListener listener(stage);
  Given given(stage);
  const Caller caller(listener, [&] {
    stage.fails_with("closing it before", EBADF, raw_syscall(SYS_close, number));
    stage.equal("the call", kReply, raw_syscall(SYS_getppid));
    use(stage, static_cast<int>(number));
  });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  seccomp_notif_addfd addition = given.request(request);
  addition.flags = kSetFd;
  addition.newfd = number;
  stage.equal("adding the descriptor", number, listener.add_fd(addition));
  stage.equal("the reply", 0, listener.reply({.id = request.id, .val = kReply}));
  stage.exited("the caller", 0, caller.end());
  given.expect_used(stage);
}

/// Parameter: the number, which is open in the caller.
void replaces(Stage& stage) {
  const auto number = static_cast<int>(stage.parameter(0));
  AskedListener listener(stage);
  Given given(stage);
  Pipe old(stage);
  const Caller caller(listener, [&] {
    ::dup2(old.in.get(), number);
    old.in.reset();
    stage.equal("the call", kReply, raw_syscall(SYS_getppid));
    use(stage, number);
  });
  old.in.reset();
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  seccomp_notif_addfd addition = given.request(request);
  addition.flags = kSetFd;
  addition.newfd = static_cast<std::uint32_t>(number);
  stage.equal("adding the descriptor", number, listener.add_fd(addition));
  stage.equal("the reply", 0, listener.reply({.id = request.id, .val = kReply}));
  stage.exited("the caller", 0, caller.end());
  stage.holds("what it replaced is closed", !heard(old.out.get()));
  given.expect_used(stage);
}

void several(Stage& stage) {
  AskedListener listener(stage);
  Given first(stage);
  Given second(stage);
  const Caller caller(listener, [&] {
    const auto numbers = static_cast<int>(raw_syscall(SYS_getppid));
    use(stage, numbers / 0x100);
    use(stage, numbers % 0x100);
  });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  const std::int64_t one = listener.add_fd(first.request(request));
  const std::int64_t other = listener.add_fd(second.request(request));
  stage.succeeds("adding the first", one);
  stage.succeeds("adding the second", other);
  stage.holds("their numbers differ", one != other);
  stage.equal("the reply", 0, listener.reply({.id = request.id, .val = one * 0x100 + other}));
  stage.exited("the caller", 0, caller.end());
  first.expect_used(stage);
  second.expect_used(stage);
}

/// Parameters: flags besides SEND, and newfd.
void added_and_sent(Stage& stage) {
  const bool set = (stage.parameter(0) & kSetFd) != 0;
  AskedListener listener(stage);
  Given given(stage);
  const Caller caller(listener, [&] {
    const std::int64_t expected = set ? stage.parameter(1) : lowest_free();
    const std::int64_t descriptor = raw_syscall(SYS_getppid);
    stage.equal("the call", expected, descriptor);
    use(stage, static_cast<int>(descriptor));
  });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  seccomp_notif_addfd addition = given.request(request);
  addition.flags = kAddAndSend | static_cast<std::uint32_t>(stage.parameter(0));
  addition.newfd = static_cast<std::uint32_t>(stage.parameter(1));
  const std::int64_t descriptor = listener.add_fd(addition);
  if (set)
    stage.equal("adding the descriptor", stage.parameter(1), descriptor);
  else
    stage.succeeds("adding the descriptor", descriptor);
  stage.exited("the caller", 0, caller.end());
  stage.fails_with("a reply to the call that is over", ENOENT, listener.reply({.id = request.id, .val = kReply}));
  given.expect_used(stage);
}

void stays_after_a_signal(Stage& stage) {
  static int told_fd;
  AskedListener listener(stage);
  Given given(stage);
  Pipe told(stage);
  told_fd = told.in.get();
  const Caller caller(listener, [&] {
    struct sigaction action {};
    action.sa_handler = [](int) { say(told_fd); };
    action.sa_flags = SA_RESTART;
    ::sigaction(SIGUSR1, &action, nullptr);
    use(stage, static_cast<int>(raw_syscall(SYS_getppid)));
  });
  told.in.reset();
  seccomp_notif before{};
  seccomp_notif after{};
  if (!caller.notifies(before)) return;
  const std::int64_t descriptor = listener.add_fd(given.request(before));
  stage.succeeds("adding the descriptor", descriptor);
  caller.send(SIGUSR1);
  stage.holds("the handler ran", heard(told.out.get()));
  if (!caller.notifies(after)) return;
  stage.equal("the reply", 0, listener.reply({.id = after.id, .val = descriptor}));
  stage.exited("the caller", 0, caller.end());
  given.expect_used(stage);
}

void added_in_state_d(Stage& stage) {
  AskedListener listener(stage, {.flags = kWaitKillableReceive});
  Given given(stage);
  const Caller caller(listener, [&] {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    ::sigaction(SIGUSR1, &action, nullptr);
    const std::int64_t descriptor = raw_syscall(SYS_getppid);
    stage.succeeds("the call", descriptor);
    use(stage, static_cast<int>(descriptor));
  });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  if (!caller.comes_to_state('S')) return;
  caller.send(SIGUSR1);
  if (!caller.comes_to_state('D')) return;
  const std::int64_t descriptor = listener.add_fd(given.request(request));
  stage.succeeds("adding the descriptor", descriptor);
  stage.equal("the reply", 0, listener.reply({.id = request.id, .val = descriptor}));
  stage.exited("the caller", 0, caller.end());
  given.expect_used(stage);
}

std::vector<Scenario> additions() {
  const std::string source = "seccomp_unotify(2), SECCOMP_IOCTL_NOTIF_ADDFD";
  const std::string emulation = "It is how open(2) and socket(2) are done in a program's place.";
  const KernelVersion send{5, 14};
  return {
      {.name = "add",
       .title =
           "ADDFD gives the caller a descriptor of the supervisor's file, the lowest that is free, and returns its number",
       .why = emulation,
       .source = source,
       .also = "kselftest: user_notification_addfd",
       .run = added},
      {.name = "not-close-on-exec",
       .title = "Without O_CLOEXEC the descriptor stays open over exec",
       .why = "The program decides what its children get; the supervisor has to do as the call says.",
       .source = source + ", newfd_flags",
       .run = close_on_exec,
       .parameters = {0}},
      {.name = "close-on-exec",
       .title = "With O_CLOEXEC the descriptor is close-on-exec",
       .why = "A descriptor that leaks into another program is a hole.",
       .source = source + ", newfd_flags",
       .also = "kselftest: user_notification_addfd",
       .run = close_on_exec,
       .parameters = {O_CLOEXEC}},
      {.name = "set",
       .title = "With SETFD the descriptor gets the number that was asked for",
       .why = "dup2(2) can be done in a program's place.",
       .source = source + ", SECCOMP_ADDFD_FLAG_SETFD",
       .also = "kselftest: user_notification_addfd",
       .run = set_free_number,
       .parameters = {kFar}},
      {.name = "set-replaces",
       .title = "With SETFD a descriptor that is open is closed and replaced",
       .why = "A supervisor can put another file in the place of a program's log.",
       .source = source + ", SECCOMP_ADDFD_FLAG_SETFD",
       .also = "kselftest: user_notification_addfd",
       .run = replaces,
       .parameters = {kFar}},
      {.name = "set-zero",
       .title = "With SETFD the number 0 is a number like any other",
       .why = "Where 0 is taken for \"none\", the standard input cannot be replaced.",
       .source = source + ", newfd",
       .run = replaces,
       .parameters = {STDIN_FILENO}},
      {.name = "several",
       .title = "Several descriptors can be added to one call, each with its own number",
       .why = "pipe(2) and socketpair(2) return two.",
       .source = source,
       .also = "kselftest: user_notification_addfd",
       .run = several},
      {.name = "send",
       .title = "ADDFD with SEND adds the descriptor and answers the call with its number at once",
       .why = "A signal between the two would leave a descriptor that the program does not know of.",
       .source = source + ", SECCOMP_ADDFD_FLAG_SEND",
       .also = "kselftest: user_notification_addfd",
       .run = added_and_sent,
       .needs = {.since = send},
       .parameters = {0, 0}},
      {.name = "send-set",
       .title = "ADDFD with SEND and SETFD answers the call with the number that was asked for",
       .why = "The two flags must not hide each other.",
       .source = source + ", SECCOMP_ADDFD_FLAG_SEND",
       .run = added_and_sent,
       .needs = {.since = send},
       .parameters = {kSetFd, kFar}},
      {.name = "stays-after-a-signal",
       .title = "A descriptor that was added stays although a signal made the call start again",
       .why = "Nothing takes it back: who needs both or none uses SEND.",
       .source = "seccomp_unotify(2), Interaction with SA_RESTART signal handlers",
       .run = stays_after_a_signal},
      {.name = "in-state-d",
       .title = "A descriptor is added to a caller that sleeps in state D under WAIT_KILLABLE_RECV",
       .why = "A program with many signals, Go's for one, would never get its descriptor.",
       .source = "kernel/seccomp.c, seccomp_do_user_notification",
       .run = added_in_state_d,
       .needs = {.since = KernelVersion{5, 19}}},
  };
}

}  // namespace

std::vector<Case> addfd_cases() {
  std::vector<Scenario> scenarios = additions();
  for (auto part : {addfd_refusal_scenarios(), addfd_pending_scenarios()})
    std::ranges::move(part, std::back_inserter(scenarios));
  return topic("addfd", std::move(scenarios));
}

}  // namespace sandgauge
