// restart_syscall(2): what the kernel lets a program call that was stopped in a call with a time limit.
#include <linux/futex.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include <cerrno>
#include <csignal>

#include "conformance/asked_listener.h"
#include "conformance/vsyscall_vdso.h"

namespace sandgauge {
namespace {

enum class Waits : std::int64_t { futex, poll, nanosleep, clock_nanosleep, read };

constexpr std::int64_t kHour = 3600;  // nothing waits for its end

/// What a waiting child can be woken by: a word of memory and a pipe.
struct Wake {
  explicit Wake(Stage& stage) : pipe(stage) {
    void* memory = ::mmap(nullptr, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) stage.broken("mmap", errno);
    word = static_cast<int*>(memory);
  }
  int* word = nullptr;
  Pipe pipe;
};

std::int64_t wait_for_wake(Waits how, const Wake& wake) {
  timespec hour{kHour, 0};
  const auto limit = reinterpret_cast<std::intptr_t>(&hour);
  [[maybe_unused]] pollfd entry{wake.pipe.out.get(), POLLIN, 0};
  char byte = 0;
  switch (how) {
    case Waits::futex: return raw_syscall(SYS_futex, reinterpret_cast<std::intptr_t>(wake.word), FUTEX_WAIT, 0, limit);
#if defined(SYS_poll)
    case Waits::poll: return raw_syscall(SYS_poll, reinterpret_cast<std::intptr_t>(&entry), 1, kHour * 1000);
#endif
    case Waits::nanosleep: return raw_syscall(SYS_nanosleep, limit, limit);
    case Waits::clock_nanosleep: return raw_syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, limit, limit);
    default: return raw_syscall(SYS_read, wake.pipe.out.get(), reinterpret_cast<std::intptr_t>(&byte), 1);
  }
}

/// Starts a child that loads by `confine`, waits, and hands the call's result to `check`; stops it when it waits, wakes it
/// and lets it go on. Its wait status.
template <class Confine, class Check>
int stop_and_go_on(Stage& stage, Waits how, Confine confine, Check check) {
  Wake wake(stage);
  Pipe ready(stage);
  const pid_t child = stage.start_child([&] {
    confine();
    say(ready.in.get());
    check(wait_for_wake(how, wake));
  });
  heard(ready.out.get());
  // It has nothing to wait for but the call.
  if (!reaches_state(child, 'S')) stage.broken("the child's wait");
  stage.must("kill", raw_syscall(SYS_kill, child, SIGSTOP));
  int status = 0;
  if (::waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status)) stage.broken("the child's stop");
  // The call has been left by now. A restart that is let through finds what it waited for, and ends at once.
  __atomic_store_n(wake.word, 1, __ATOMIC_SEQ_CST);
  say(wake.pipe.in.get());
  stage.must("kill", raw_syscall(SYS_kill, child, SIGCONT));
  return stage.wait_for(child);
}

/// Parameters: of Waits; 1 if a filter that lets the call go on for an hour must not be tried.
void the_restart_is_denied(Stage& stage) {
  const auto how = static_cast<Waits>(stage.parameter(0));
  const Filter filter = Filter::answer(SYS_restart_syscall, SECCOMP_RET_ERRNO | EXDEV);
  const int status = stop_and_go_on(
      stage, how, [&] { stage.parameter(1) != 0 ? stage.load_as_it_is(filter) : stage.load(filter); },
      [&](std::int64_t result) { stage.fails_with("the call that was stopped", EXDEV, result); });
  stage.exited("the process", 0, status);
}

void the_restart_is_killed(Stage& stage) {
  const int status = stop_and_go_on(
      stage, Waits::futex, [&] { stage.load(Filter::answer(SYS_restart_syscall, SECCOMP_RET_KILL_PROCESS)); },
      [&](std::int64_t) { stage.never("the call came back"); });
  stage.killed("the process", SIGSYS, status);
}

void the_restart_is_allowed(Stage& stage) {
  const int status = stop_and_go_on(
      stage, Waits::futex, [&] { stage.load(Filter::answer(SYS_restart_syscall, SECCOMP_RET_ALLOW)); },
      [&](std::int64_t result) { stage.fails_with("the call that was stopped, whose word has changed", EAGAIN, result); });
  stage.exited("the process", 0, status);
}

/// read(2) has no time limit to remember: it is made again as it was.
void a_read_is_made_again(Stage& stage) {
  const int status = stop_and_go_on(
      stage, Waits::read, [&] { stage.load_as_it_is(Filter::answer(SYS_restart_syscall, SECCOMP_RET_KILL_PROCESS)); },
      [&](std::int64_t result) { stage.equal("read", 1, result); });
  stage.exited("the process", 0, status);
}

}  // namespace

std::vector<Scenario> restart_scenarios() {
  const std::string source = "restart_syscall(2); arch/x86/kernel/signal.c, get_nr_restart_syscall";
  const std::string why =
      "A program that a debugger or a shell stops goes on by a call that it never made; a list that forgets it breaks "
      "sleep(1).";
  struct Row {
    std::string_view name;
    Waits how;
    bool as_it_is;
    std::vector<Abi> machine = {};
  };
  const Row rows[] = {{"futex", Waits::futex, false},
                      {"poll", Waits::poll, false, {Abi::x86_64}},
                      {"nanosleep", Waits::nanosleep, true},
                      {"clock-nanosleep", Waits::clock_nanosleep, true}};
  std::vector<Scenario> scenarios;
  for (const Row& row : rows)
    scenarios.push_back(
        {.name = fmt::format("restart-{}", row.name),
         .title = fmt::format("{} with a time limit goes on after a stop by restart_syscall, which is filtered "
                              "on its own",
                              row.name),
         .why = why,
         .source = source,
         .also = row.how == Waits::nanosleep ? "kselftest: syscall_restart" : "",
         .run = the_restart_is_denied,
         .needs = {.machine = row.machine},
         .parameters = {static_cast<std::int64_t>(row.how), row.as_it_is ? 1 : 0}});
  scenarios.push_back({.name = "restart-killed",
                       .title = "KILL_PROCESS of restart_syscall kills a program that goes on after a stop",
                       .why = why,
                       .source = source,
                       .also = "kselftest: syscall_restart",
                       .run = the_restart_is_killed});
  scenarios.push_back({.name = "restart-allowed",
                       .title = "A program whose restart_syscall is allowed goes on with its call",
                       .why = "A stop must not be an end.",
                       .source = source,
                       .also = "kselftest: syscall_restart",
                       .run = the_restart_is_allowed});
  scenarios.push_back(
      {.name = "restart-not-of-read",
       .title = "read(2) goes on after a stop without restart_syscall",
       .why = "Only calls with a time limit need it; a list for a program without them may leave it out.",
       .source = "signal(7), Interruption of system calls and library functions by stop signals; restart_syscall(2)",
       .run = a_read_is_made_again});
  return scenarios;
}

}  // namespace sandgauge
