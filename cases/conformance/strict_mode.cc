// Strict mode: four calls, and SIGKILL for every other. What only x86 has is in strict_mode_x86.cc.
#include "conformance/strict_mode.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iterator>

#include "conformance/asked_listener.h"
#include "conformance/privileges.h"
#include "conformance/proc_files.h"
#include "conformance/strict.h"
#include "conformance/topics.h"

namespace sandgauge {
namespace {

StrictBy entry_of(const Stage& stage) { return static_cast<StrictBy>(stage.parameter(0)); }

std::int64_t read_byte(int fd, char& byte) { return raw_syscall(SYS_read, fd, reinterpret_cast<std::intptr_t>(&byte), 1); }
std::int64_t write_byte(int fd, char byte) { return raw_syscall(SYS_write, fd, reinterpret_cast<std::intptr_t>(&byte), 1); }

void read_runs(Stage& stage) {
  Pipe to(stage);
  stage.must("write", write_byte(to.in.get(), 'a'));
  stage.exited("a process that reads", 0, stage.child([&] {
    char byte = 0;
    enter_strict(stage, entry_of(stage));
    stage.equal("read", 1, read_byte(to.out.get(), byte));
    stage.equal("what it read", 'a', byte);
    stage.fails_with("read of no descriptor", EBADF, read_byte(-1, byte));
    raw_syscall(SYS_exit, 0);
  }));
}

void write_runs(Stage& stage) {
  Pipe from(stage);
  stage.exited("a process that writes", 0, stage.child([&] {
    enter_strict(stage, entry_of(stage));
    stage.equal("write", 1, write_byte(from.in.get(), 'b'));
    stage.fails_with("write to no descriptor", EBADF, write_byte(-1, 'b'));
    raw_syscall(SYS_exit, 0);
  }));
  char byte = 0;
  from.in.reset();
  stage.equal("bytes that arrived", 1, read_byte(from.out.get(), byte));
  stage.equal("what arrived", 'b', byte);
}

void exit_runs(Stage& stage) {
  stage.exited("the process", 5, stage.child([&] {
    enter_strict(stage, entry_of(stage));
    raw_syscall(SYS_exit, 5);
    stage.never("exit came back");
  }));
}

volatile sig_atomic_t handler_runs = 0;
void count_run(int) { handler_runs = handler_runs + 1; }

/// The return from a handler is the call rt_sigreturn(2).
void sigreturn_runs(Stage& stage) {
  Pipe ready(stage);
  Pipe go_on(stage);
  const pid_t child = stage.start_child([&] {
    struct sigaction action {};
    action.sa_handler = count_run;
    action.sa_flags = SA_RESTART;
    ::sigaction(SIGUSR1, &action, nullptr);
    enter_strict(stage, entry_of(stage));
    write_byte(ready.in.get(), 'r');
    char byte = 0;
    stage.equal("read, which the signal may interrupt", 1, read_byte(go_on.out.get(), byte));
    stage.equal("runs of the handler", 1, handler_runs);
    raw_syscall(SYS_exit, 6);
  });
  heard(ready.out.get());
  stage.must("kill", raw_syscall(SYS_kill, child, SIGUSR1));
  say(go_on.in.get());
  stage.exited("the process", 6, stage.wait_for(child));
}

void a_call_is_killed(Stage& stage) {
  const int status = stage.child([&] {
    enter_strict(stage, entry_of(stage));
    raw_syscall(stage.parameter(1), stage.parameter(2));
    stage.never("the call came back");
    raw_syscall(SYS_exit, 0);
  });
  stage.killed("the process", SIGKILL, status);
}

/// SIGSYS has a handler and SIGKILL cannot: what dies here did not die of SIGSYS.
void no_sigsys_is_sent(Stage& stage) {
  static Stage* handler_stage = nullptr;
  const int status = stage.child([&] {
    handler_stage = &stage;
    ::signal(SIGSYS, [](int) { handler_stage->never("a handler of SIGSYS ran"); });
    enter_strict(stage, entry_of(stage));
    raw_syscall(SYS_getpid);
    raw_syscall(SYS_exit, 0);
  });
  stage.killed("the process", SIGKILL, status);
}

void no_core_is_written(Stage& stage) {
  const int status = stage.child([&] {
    enter_strict(stage, entry_of(stage));
    raw_syscall(SYS_getpid);
    raw_syscall(SYS_exit, 0);
  });
  stage.equal_hex("the wait status", SIGKILL, static_cast<std::uint64_t>(status));
}

struct WorkerCall {
  Stage& stage;
  long number;
  std::int64_t first;
};

void* call_in_strict_worker(void* argument) {
  const auto& [stage, number, first] = *static_cast<const WorkerCall*>(argument);
  enter_strict(stage, entry_of(stage));
  raw_syscall(number, first);
  stage.never("the call came back");
  return argument;
}

/// A child whose worker enters strict mode and makes the call; when the worker is gone the child exits with 42.
int end_after_strict_worker(Stage& stage, long number, std::int64_t first) {
  return stage.child([&] {
    WorkerCall call{stage, number, first};
    pthread_t worker{};
    stage.must("pthread_create", -pthread_create(&worker, nullptr, call_in_strict_worker, &call));
    void* result = &call;
    stage.must("pthread_join", -pthread_join(worker, &result));
    stage.holds("joining the worker gives NULL", result == nullptr);
    stage.end(42);
  });
}

void a_violating_worker_dies_alone(Stage& stage) {
  stage.exited("the process", 42, end_after_strict_worker(stage, SYS_getpid, 0));
}

void exit_group_of_a_worker_ends_it_alone(Stage& stage) {
  stage.exited("the process", 42, end_after_strict_worker(stage, SYS_exit_group, 9));
}

void a_worker_exits_alone(Stage& stage) { stage.exited("the process", 42, end_after_strict_worker(stage, SYS_exit, 9)); }

/// The kernel zeroes it and wakes its waiters when the first thread goes (set_tid_address(2)).
int leader_lives = 1;

void* end_after_leader(void* argument) {
  while (__atomic_load_n(&leader_lives, __ATOMIC_SEQ_CST) != 0)
    raw_syscall(SYS_futex, reinterpret_cast<std::intptr_t>(&leader_lives), FUTEX_WAIT, 1, 0);
  static_cast<Stage*>(argument)->end(7);
}

void a_violating_leader_dies_alone(Stage& stage) {
  const int status = stage.child([&] {
    raw_syscall(SYS_set_tid_address, reinterpret_cast<std::intptr_t>(&leader_lives));
    pthread_t worker{};
    stage.must("pthread_create", -pthread_create(&worker, nullptr, end_after_leader, &stage));
    enter_strict(stage, entry_of(stage));
    raw_syscall(SYS_getpid);
    stage.never("the call came back");
    raw_syscall(SYS_exit, 0);
  });
  stage.exited("the process, ended by its worker", 7, status);
}

void status_says_one(Stage& stage) {
  Pipe ready(stage);
  Pipe go_on(stage);
  const pid_t child = stage.start_child([&] {
    enter_strict(stage, entry_of(stage));
    write_byte(ready.in.get(), 'r');
    char byte = 0;
    read_byte(go_on.out.get(), byte);
    raw_syscall(SYS_exit, 0);
  });
  heard(ready.out.get());
  const std::string path = fmt::format("/proc/{}/status", child);
  stage.equal("Seccomp in its status", 1, status_field(path.c_str(), "Seccomp"));
  if (stage.kernel_since(5, 9))
    stage.equal("Seccomp_filters in its status", 0, status_field(path.c_str(), "Seccomp_filters"));
  say(go_on.in.get());
  stage.exited("the process", 0, stage.wait_for(child));
}

void anybody_may(Stage& stage) {
  require_no_new_privs_unset(stage);
  stage.exited("a process without NO_NEW_PRIVS and capabilities", 3, stage.child([&] {
    drop_capabilities(stage);
    enter_strict(stage, entry_of(stage));
    raw_syscall(SYS_exit, 3);
  }));
}

struct Killed {
  std::string_view name;
  std::string_view text;
  std::int64_t number;
  std::int64_t first;
};

constexpr Killed kKilled[] = {
    {"exit-group", "exit_group(2), although exit(2) is allowed,", SYS_exit_group, 9},
    {"prctl", "prctl(PR_GET_SECCOMP)", SYS_prctl, PR_GET_SECCOMP},
    {"seccomp", "seccomp(2), which could load a filter,", SYS_seccomp, SECCOMP_SET_MODE_FILTER},
    {"strict-again", "entering strict mode again", SYS_seccomp, SECCOMP_SET_MODE_STRICT},
    {"getpid", "getpid(2)", SYS_getpid, 0},
    {"gettid", "gettid(2)", SYS_gettid, 0},
    {"close", "close(2)", SYS_close, -1},
    {"openat", "openat(2)", SYS_openat, -1},
    {"readv", "readv(2), although read(2) is allowed,", SYS_readv, -1},
    {"writev", "writev(2), although write(2) is allowed,", SYS_writev, -1},
    {"pread64", "pread64(2), although read(2) is allowed,", SYS_pread64, -1},
    {"mmap", "mmap(2)", SYS_mmap, 0},
    {"brk", "brk(2)", SYS_brk, 0},
    {"clone", "clone(2)", SYS_clone, SIGCHLD},
    {"execve", "execve(2)", SYS_execve, 0},
    {"ptrace", "ptrace(2)", SYS_ptrace, 0},
    {"kill", "kill(2)", SYS_kill, 0},
    {"rt-sigaction", "rt_sigaction(2), although rt_sigreturn(2) is allowed,", SYS_rt_sigaction, 0},
    {"rt-sigprocmask", "rt_sigprocmask(2)", SYS_rt_sigprocmask, 0},
    {"futex", "futex(2)", SYS_futex, 0},
    {"nanosleep", "nanosleep(2)", SYS_nanosleep, 0},
    {"restart-syscall", "restart_syscall(2)", SYS_restart_syscall, 0},
    {"clock-gettime", "clock_gettime(2), as a call,", SYS_clock_gettime, 0},
    {"unknown", "a call number that no kernel has", 0xFFFF, 0},
    {"minus-one", "call number -1", -1, 0},
};

struct Entry {
  std::string_view prefix;
  std::string_view text;
  StrictBy by;
};

constexpr Entry kEntries[] = {{"", "seccomp(2)", StrictBy::seccomp}, {"prctl-", "prctl(2)", StrictBy::prctl}};

void add_killed(std::vector<Scenario>& scenarios, const Entry& entry) {
  for (const Killed& call : kKilled)
    scenarios.push_back({.name = fmt::format("{}killed-{}", entry.prefix, call.name),
                         .title = fmt::format("After strict mode by {}, {} is killed by SIGKILL", entry.text, call.text),
                         .why = "Strict mode is a list of four; one call more may be the way out.",
                         .source = "seccomp(2), SECCOMP_SET_MODE_STRICT; kernel/seccomp.c, mode1_syscalls",
                         .also = call.number == SYS_prctl ? "kselftest: mode_strict_cannot_call_prctl; LTP: prctl04" : "",
                         .run = a_call_is_killed,
                         .parameters = {static_cast<std::int64_t>(entry.by), call.number, call.first}});
}

struct Promise {
  std::string_view name;
  std::string_view title;  // after "Strict mode by prctl(2)"
  std::string_view why;
  std::string_view source;
  std::string_view also;
  void (*run)(Stage&);
};

constexpr std::string_view kStrict = "seccomp(2), SECCOMP_SET_MODE_STRICT";

constexpr Promise kPromises[] = {
    {"read", "lets read(2) run", "A program that computes on what it is sent needs it.", kStrict, "LTP: prctl04", read_runs},
    {"write", "lets write(2) run", "A program must be able to hand over its result.", kStrict, "LTP: prctl04", write_runs},
    {"exit", "lets exit(2) run, with its code", "A program must be able to end in order.", kStrict,
     "kselftest: mode_strict_support; LTP: prctl04", exit_runs},
    {"sigreturn", "lets a signal handler run and return", "A timer or a parent's signal would otherwise kill at random.",
     kStrict, "", sigreturn_runs},
    {"no-sigsys", "kills by SIGKILL and never by SIGSYS, whose handler does not run",
     "Who counts SIGSYS as violations counts none of strict mode's; a filter's KILL is the other.", kStrict,
     "kselftest: mode_strict_cannot_call_prctl", no_sigsys_is_sent},
    {"worker-alone", "kills a violating worker alone: the process lives on",
     "Strict mode is for one thread; what it does must not end the others' work.",
     "kernel/seccomp.c, __secure_computing_strict (do_exit)", "", a_violating_worker_dies_alone},
    {"worker-exit-group", "kills a worker alone that calls exit_group(2)",
     "A confined worker must not be able to end the whole process with a code of its choice.",
     "kernel/seccomp.c, __secure_computing_strict (do_exit)", "", exit_group_of_a_worker_ends_it_alone},
    {"worker-exit", "lets a worker end by exit(2) alone", "Strict mode is for one thread, and so is its end.", kStrict, "",
     a_worker_exits_alone},
    {"leader-alone", "kills a violating first thread alone: its worker ends the process with 7",
     "A program that confines its first thread keeps its workers, and its exit code.",
     "kernel/seccomp.c, __secure_computing_strict (do_exit)", "", a_violating_leader_dies_alone},
    {"status", "shows as Seccomp: 1 and Seccomp_filters: 0 in /proc/PID/status",
     "An operator tells strict mode from a filter there.", "proc(5), /proc/pid/status", "", status_says_one},
    {"unprivileged", "needs neither NO_NEW_PRIVS nor a capability", "Anybody may give up power.",
     "seccomp(2), SECCOMP_SET_MODE_STRICT; kernel/seccomp.c, seccomp_set_mode_strict", "", anybody_may},
};

void add_promises(std::vector<Scenario>& scenarios, const Entry& entry) {
  for (const Promise& promise : kPromises)
    scenarios.push_back({.name = fmt::format("{}{}", entry.prefix, promise.name),
                         .title = fmt::format("Strict mode by {} {}", entry.text, promise.title),
                         .why = std::string(promise.why),
                         .source = std::string(promise.source),
                         .also = std::string(promise.also),
                         .run = promise.run,
                         .parameters = {static_cast<std::int64_t>(entry.by)}});
  scenarios.push_back(
      {.name = fmt::format("{}no-core", entry.prefix),
       .title = fmt::format("Strict mode by {} leaves no core, although RLIMIT_CORE is unlimited", entry.text),
       .why = "A core would copy the memory that the sandbox guards; and SIGKILL never has the core bit.",
       .source = "signal(7), Standard signals; kernel/seccomp.c, __secure_computing_strict",
       .run = no_core_is_written,
       .parameters = {static_cast<std::int64_t>(entry.by)},
       .core_unlimited = true});
}

}  // namespace

std::vector<Case> strict_mode_cases() {
  std::vector<Scenario> scenarios;
  for (const Entry& entry : kEntries) {
    add_promises(scenarios, entry);
    add_killed(scenarios, entry);
  }
  std::ranges::move(strict_mode_x86_scenarios(), std::back_inserter(scenarios));
  return topic("strict-mode", std::move(scenarios));
}

}  // namespace sandgauge
