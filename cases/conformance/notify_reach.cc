// Which calls of which tasks reach which listener: several callers, several filters, children, exec, and a listener that
// was handed to another process.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>

#include "conformance/asked_listener.h"
#include "conformance/notify.h"

namespace sandgauge {
namespace {

constexpr std::int64_t kReply = 0x5EC0;
constexpr std::uint32_t kContinue = SECCOMP_USER_NOTIF_FLAG_CONTINUE;

void expect_call_replied(Stage& stage) { stage.equal("the call", kReply, raw_syscall(SYS_getppid)); }

void answer_and_end(const AskedListener& listener, const Caller& caller) {
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  listener.stage().equal("the reply", 0, listener.reply({.id = request.id, .val = kReply}));
  listener.stage().exited("the caller", 0, caller.end());
}

void several_callers(Stage& stage) {
  constexpr int kCallers = 4;
  AskedListener listener(stage);
  const auto call = [&] { stage.equal("the call", raw_syscall(SYS_getpid), raw_syscall(SYS_getppid)); };
  const Caller callers[kCallers] = {{listener, call}, {listener, call}, {listener, call}, {listener, call}};
  seccomp_notif requests[kCallers] = {};
  for (int i = 0; i < kCallers; ++i)
    if (!callers[i].notifies(requests[i])) return;
  for (int i = kCallers - 1; i >= 0; --i)  // the last first; each is answered its own PID
    stage.equal("the reply", 0, listener.reply({.id = requests[i].id, .val = requests[i].pid}));
  for (const Caller& caller : callers) stage.exited("a caller", 0, caller.end());
}

void in_order(Stage& stage) {
  constexpr int kCallers = 3;
  AskedListener listener(stage);
  const auto call = [&] { expect_call_replied(stage); };
  const Caller first(listener, call);
  if (!first.pending() || !first.comes_to_state('S')) return;
  const Caller second(listener, call);
  if (!second.comes_to_state('S')) return;
  const Caller third(listener, call);
  if (!third.comes_to_state('S')) return;
  const Caller* const callers[kCallers] = {&first, &second, &third};
  for (const Caller* caller : callers) {
    seccomp_notif request{};
    if (!caller->notifies(request)) return;
    stage.equal("the caller of the next notification", caller->pid(), request.pid);
    stage.equal("the reply", 0, listener.reply({.id = request.id, .val = kReply}));
  }
  for (const Caller* caller : callers) stage.exited("a caller", 0, caller->end());
}

/// Parameters: the answer of a filter that is loaded before, that of one loaded after (0: ALLOW), and what the call gives.
void other_filter_wins(Stage& stage) {
  const auto other = Filter::answer(SYS_getppid, static_cast<std::uint32_t>(stage.parameter(0)));
  const bool before = stage.parameter(1) != 0;
  if (before) stage.load(other);
  AskedListener listener(stage, {.as_it_is = true});
  if (!before) stage.load(other);
  const Caller caller(listener, [&] { stage.equal("the call", stage.parameter(2), raw_syscall(SYS_getppid)); });
  if (!caller.ends_unasked()) return;
  stage.exited("the caller", 0, caller.end());
  stage.equal("the events of the listener", 0, listener.events());
}

/// Parameters: the answer of another filter that asking beats, and whether it is loaded before.
void beats_other_filter(Stage& stage) {
  const auto other = Filter::answer(SYS_getppid, static_cast<std::uint32_t>(stage.parameter(0)));
  const bool before = stage.parameter(1) != 0;
  if (before) stage.load_as_it_is(other);
  AskedListener listener(stage);
  if (!before) stage.load_as_it_is(other);
  const Caller caller(listener, [&] { expect_call_replied(stage); });
  answer_and_end(listener, caller);
}

void continue_asks_no_other(Stage& stage) {
  const std::int64_t self = raw_syscall(SYS_getpid);
  stage.load_as_it_is(Filter::answer(SYS_getppid, SECCOMP_RET_USER_NOTIF));  // it has no listener
  AskedListener listener(stage);
  const Caller caller(listener, [&] { stage.equal("the call", self, raw_syscall(SYS_getppid)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  stage.equal("the reply", 0, listener.reply({.id = request.id, .flags = kContinue}));
  stage.exited("the caller", 0, caller.end());
}

void grandchild(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] {
    stage.exited("the grandchild", 0, stage.child([&] { stage.equal("its call", kReply, raw_syscall(SYS_getppid)); }));
  });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  stage.holds("pid is not that of the child", static_cast<pid_t>(request.pid) != caller.pid());
  stage.equal("the reply", 0, listener.reply({.id = request.id, .val = kReply}));
  stage.exited("the caller", 0, caller.end());
}

constexpr int kNoExec = 3;

/// Becomes a program that ends at once with 0. The run's own is the one that is surely there.
[[noreturn]] void become_a_program(Stage& stage) {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, fd);
  char name[] = "program";
  char option[] = "--version";
  char* const arguments[] = {name, option, nullptr};
  // In a sanitized build the search for leaks makes calls of its own, which nobody would answer.
  char no_leak_check[] = "ASAN_OPTIONS=detect_leaks=0";
  char* const environment[] = {no_leak_check, nullptr};
  ::execve("/proc/self/exe", arguments, environment);
  stage.end(kNoExec);
}

void after_exec(Stage& stage) {
  AskedListener listener(stage, {.number = SYS_exit_group});
  const Caller caller(listener, [&] { become_a_program(stage); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  stage.equal("pid", caller.pid(), request.pid);
  stage.equal("the exit code that it asks to end with", 0, static_cast<std::int64_t>(request.data.args[0]));
  stage.equal("the reply", 0, listener.reply({.id = request.id, .flags = kContinue}));
  stage.exited("the caller", 0, caller.end());
}

void exec_of_the_supervisor(Stage& stage) {
  AskedListener listener(stage);
  Pipe go(stage);
  const pid_t supervisor = stage.start_child([&] {
    heard(go.out.get());
    become_a_program(stage);
  });
  const Caller caller(listener, [&] { stage.fails_with("the call", ENOSYS, raw_syscall(SYS_getppid)); });
  if (!caller.pending()) return;
  listener.close();  // the supervisor has the only one now
  stage.holds("the caller waits", reaches_state(caller.pid(), 'S'));
  say(go.in.get());
  stage.exited("the program that the supervisor became", 0, stage.wait_for(supervisor));
  stage.exited("the caller", 0, caller.end());
}

void over_a_fork(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] { expect_call_replied(stage); });
  if (!caller.pending()) return;
  stage.exited("the supervisor", 0, stage.child([&] {
    seccomp_notif request{};
    stage.equal("receiving", 0, listener.receive(request));
    stage.equal("pid", caller.pid(), request.pid);
    stage.equal("the reply", 0, listener.reply({.id = request.id, .val = kReply}));
  }));
  stage.exited("the caller", 0, caller.end());
}

void over_a_socket(Stage& stage) {
  const Confined confined(stage, {}, [&] { expect_call_replied(stage); });
  answer_and_end(confined.listener, confined.caller);
}

void by_pidfd_getfd(Stage& stage) {
  Pipe numbers(stage);
  Caller caller(stage, [&] {
    const AskedListener listener(stage);
    const int number = listener.fd();
    raw_syscall(SYS_write, numbers.in.get(), reinterpret_cast<std::intptr_t>(&number), sizeof number);
    // This copy stays open: the call must be answered before anything else can end it.
    expect_call_replied(stage);
  });
  int number = -1;
  numbers.in.reset();
  if (raw_syscall(SYS_read, numbers.out.get(), reinterpret_cast<std::intptr_t>(&number), sizeof number) <= 0) stage.end(1);
  const UniqueFd pidfd(static_cast<int>(stage.must("pidfd_open", raw_syscall(SYS_pidfd_open, caller.pid(), 0))));
  const std::int64_t copy = raw_syscall(SYS_pidfd_getfd, pidfd.get(), number, 0);
  if (copy == -EPERM) stage.skip("this machine lets nobody take a descriptor from his child (Yama, or a filter around it)");
  AskedListener listener(stage, static_cast<int>(stage.must("pidfd_getfd", copy)));
  caller.watch(listener);
  answer_and_end(listener, caller);
}

void memory(Stage& stage) {
  constexpr char kPath[] = "a-path-in-the-memory-of-the-caller";
  AskedListener listener(stage, {.number = SYS_mkdirat});
  const Caller caller(listener, [&] {
    char path[sizeof kPath];  // of this process only
    std::memcpy(path, kPath, sizeof kPath);
    stage.fails_with("the call", EROFS, raw_syscall(SYS_mkdirat, AT_FDCWD, reinterpret_cast<std::intptr_t>(path), 0700));
  });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  char file[32];
  std::snprintf(file, sizeof file, "/proc/%u/mem", request.pid);
  const UniqueFd of_caller(::open(file, O_RDONLY | O_CLOEXEC));
  if (!of_caller && (errno == EACCES || errno == EPERM))
    stage.skip("this machine lets nobody read the memory of his child (Yama, or a filter around it)");
  stage.equal("ID_VALID after /proc/PID/mem was opened", 0, listener.id_valid(request.id));
  char seen[sizeof kPath] = {};
  stage.equal("the bytes that were read", sizeof kPath,
              ::pread(of_caller.get(), seen, sizeof seen, static_cast<off_t>(request.data.args[1])));
  stage.holds("they are the path", std::memcmp(seen, kPath, sizeof kPath) == 0);
  stage.equal("the reply", 0, listener.reply({.id = request.id, .error = -EROFS}));
  stage.exited("the caller", 0, caller.end());
}

Scenario precedence(const char* name, const char* title, void (*run)(Stage&), std::vector<std::int64_t> parameters) {
  return {.name = name,
          .title = title,
          .why = "Filters of several owners are stacked; a later one must not weaken an earlier one.",
          .source = "seccomp(2), SECCOMP_SET_MODE_FILTER (precedence); kernel/seccomp.c, seccomp_run_filters",
          .run = run,
          .parameters = std::move(parameters)};
}

std::vector<Scenario> callers_and_filters() {
  constexpr std::int64_t kErrno = SECCOMP_RET_ERRNO | EPERM;
  constexpr std::int64_t kNotify = SECCOMP_RET_USER_NOTIF;
  return {
      {.name = "several-callers",
       .title = "Of several calls that wait each gets the reply that has its id, in any order",
       .why = "A mixed-up reply gives one program what another may have.",
       .source = "seccomp_unotify(2), struct seccomp_notif_resp (id); kernel/seccomp.c, find_notification",
       .run = several_callers},
      {.name = "in-order",
       .title = "Since Linux 5.19 calls are received in the order in which they were made",
       .why = "The last one first lets a busy program starve all others.",
       .source = "kernel/seccomp.c, seccomp_do_user_notification (list_add_tail)",
       .also = "kselftest: user_notification_fifo",
       .run = in_order,
       .needs = {.since = KernelVersion{5, 19}}},
      precedence("errno-before", "An earlier filter's ERRNO beats NOTIFY: the listener is not asked", other_filter_wins,
                 {kErrno, 1, -EPERM}),
      precedence("errno-after", "A later filter's ERRNO beats NOTIFY: the listener is not asked", other_filter_wins,
                 {kErrno, 0, -EPERM}),
      precedence("notify-after", "Of two filters that answer NOTIFY the later one counts: without a listener it is ENOSYS",
                 other_filter_wins, {kNotify, 0, -ENOSYS}),
      precedence("notify-before", "Of two filters that answer NOTIFY the later one's listener is asked", beats_other_filter,
                 {kNotify, 1}),
      precedence("trace-before", "NOTIFY beats an earlier filter's TRACE", beats_other_filter, {SECCOMP_RET_TRACE, 1}),
      precedence("trace-after", "NOTIFY beats a later filter's TRACE", beats_other_filter, {SECCOMP_RET_TRACE, 0}),
      precedence("log-after", "NOTIFY beats a later filter's LOG", beats_other_filter, {SECCOMP_RET_LOG, 0}),
      precedence("allow-after", "NOTIFY beats a later filter's ALLOW", beats_other_filter, {SECCOMP_RET_ALLOW, 0}),
      {.name = "continue-asks-no-other",
       .title = "CONTINUE runs the call although an earlier filter answers NOTIFY too: it is not asked",
       .why = "A later filter's supervisor takes the decision from an earlier one; who stacks NOTIFY has to know.",
       .source = "seccomp_unotify(2), SECCOMP_USER_NOTIF_FLAG_CONTINUE; kernel/seccomp.c, __seccomp_filter",
       .run = continue_asks_no_other},
  };
}

std::vector<Scenario> over_process_bounds() {
  return {
      {.name = "fork",
       .title = "The calls of a child's child ask the same listener",
       .why = "A fork would be the way out of the sandbox.",
       .source = "seccomp(2), SECCOMP_SET_MODE_FILTER (fork)",
       .also = "kselftest: user_notification_filter_empty",
       .run = grandchild},
      {.name = "exec",
       .title = "The calls of a program that was executed ask the same listener",
       .why = "Container runtimes load the filter and then execute the program.",
       .source = "seccomp(2), SECCOMP_SET_MODE_FILTER (execve)",
       .also = "runc",
       .run = after_exec},
      {.name = "exec-of-the-supervisor",
       .title = "A supervisor that executes another program closes the listener: who waits gets ENOSYS",
       .why = "The new program does not know of the requests, and nobody else would answer them.",
       .source = "seccomp(2), SECCOMP_FILTER_FLAG_NEW_LISTENER (close-on-exec); kernel/seccomp.c, seccomp_notify_detach",
       .run = exec_of_the_supervisor},
      {.name = "listener-over-fork",
       .title = "A child that inherits the listener can receive and reply",
       .why = "Supervisors have workers.",
       .source = "seccomp_unotify(2), step 4; fork(2)",
       .run = over_a_fork},
      {.name = "listener-over-socket",
       .title = "A process outside the filter that got the listener over a socket can receive and reply",
       .why = "This is how container runtimes hand it to their agents.",
       .source = "seccomp_unotify(2), step 4; unix(7), SCM_RIGHTS",
       .also = "kselftest: user_notification_filter_empty; runc",
       .run = over_a_socket},
      {.name = "listener-by-pidfd",
       .title = "A process outside the filter that took the listener with pidfd_getfd(2) can receive and reply",
       .why = "The confined program need not help.",
       .source = "pidfd_getfd(2); seccomp_unotify(2), step 4",
       .run = by_pidfd_getfd},
      {.name = "memory",
       .title = "A supervisor can read the caller's memory, where an argument points, while the call waits",
       .why = "A path is judged by its text, and that is in the caller.",
       .source = "seccomp_unotify(2), steps 6 and 7; proc(5), /proc/PID/mem",
       .run = memory},
  };
}

}  // namespace

std::vector<Scenario> notify_reach_scenarios() {
  std::vector<Scenario> scenarios = callers_and_filters();
  std::ranges::move(over_process_bounds(), std::back_inserter(scenarios));
  return scenarios;
}

}  // namespace sandgauge
