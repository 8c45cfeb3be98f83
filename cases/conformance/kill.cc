// KILL_PROCESS and KILL: nothing that a program does saves it, and who dies with whom. What acts as they do is in
// kill_values.cc, the core bit in kill_core.cc.
#include "conformance/kill.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>

#include "conformance/scenario.h"
#include "conformance/topics.h"
#include "conformance/tracee.h"
#include "conformance/worker.h"

namespace sandgauge {
namespace {

constexpr std::int64_t kKillProcess = SECCOMP_RET_KILL_PROCESS;
constexpr std::int64_t kKillThread = SECCOMP_RET_KILL_THREAD;

Stage* handler_stage = nullptr;

void poisoned_handler(int) { handler_stage->never("a handler of SIGSYS ran"); }

void handle_sigsys(Stage& stage) {
  handler_stage = &stage;
  ::signal(SIGSYS, poisoned_handler);
}

void ignore_sigsys(Stage&) { ::signal(SIGSYS, SIG_IGN); }

void block_sigsys(Stage&) {
  sigset_t mask;
  ::sigemptyset(&mask);
  ::sigaddset(&mask, SIGSYS);
  ::sigprocmask(SIG_BLOCK, &mask, nullptr);
}

void become_undumpable(Stage&) { ::prctl(PR_SET_DUMPABLE, 0); }

void resist_in_every_way(Stage& stage) {
  handle_sigsys(stage);
  block_sigsys(stage);
  become_undumpable(stage);
}

/// Loads parameter 0 for getppid(2). In a process with one thread KILL looks like KILL_PROCESS, so KILL shows first what
/// it does to a process with two.
void load_killer(Stage& stage) {
  const std::int64_t action = stage.parameter(0);
  stage.load(Filter::answer(SYS_getppid, static_cast<std::uint32_t>(action)));
  if (action == kKillThread)
    stage.exited("a process whose worker made the call", 9, end_after_call_in_worker(stage, 9, SYS_getppid));
}

template <void (*Resist)(Stage&)>
void killed_despite(Stage& stage) {
  load_killer(stage);
  Resist(stage);
  raw_syscall(SYS_getppid);
  stage.never("the call came back");
}

void killed_despite_tracer(Stage& stage) {
  load_killer(stage);
  const pid_t tracee = start_tracee(stage, PTRACE_O_TRACESECCOMP, [&] {
    raw_syscall(SYS_getppid);
    stage.never("the call came back");
  });
  // A signal that the tracer may still take away would be a stop here.
  stage.killed("the tracee, at its first event", SIGSYS, stage.wait_for(tracee));
}

void killed_as_init(Stage& stage) {
  if (::unshare(CLONE_NEWPID) != 0) stage.skip("this machine lets nobody make a PID namespace");
  const int status = stage.child([&] {
    stage.equal("its process ID", 1, raw_syscall(SYS_getpid));
    stage.load_as_it_is(Filter::answer(SYS_getppid, static_cast<std::uint32_t>(stage.parameter(0))));
    raw_syscall(SYS_getppid);
    stage.never("the call came back");
  });
  stage.killed("the first process of a PID namespace", SIGSYS, status);
}

void only_the_caller_forked_dies(Stage& stage) {
  stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_KILL_PROCESS));
  const pid_t child = stage.start_child([&] {
    stage.killed("a grandchild that made the call", SIGSYS, stage.child([&] {
      raw_syscall(SYS_getppid);
      stage.never("the call came back");
    }));
    stage.end(5);
  });
  stage.exited("its parent, under the same filter", 5, stage.wait_for(child));
}

void* make_the_call(void* argument) {
  raw_syscall(SYS_getppid);
  static_cast<Stage*>(argument)->never("the call came back");
  return argument;
}

void worker_dies_alone(Stage& stage) {
  handle_sigsys(stage);
  stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_KILL_THREAD));
  const int status = stage.child([&] {
    pthread_t worker{};
    void* result = &worker;
    stage.must("pthread_create", -pthread_create(&worker, nullptr, make_the_call, &stage));
    stage.must("pthread_join", -pthread_join(worker, &result));
    stage.holds("joining the worker gives NULL", result == nullptr);
    stage.end(42);
  });
  stage.exited("the process", 42, status);
}

void worker_takes_all_along(Stage& stage) {
  stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_KILL_PROCESS));
  const int status = stage.child([&] {
    returns_in_worker(stage, SYS_getppid);
    stage.never("the first thread went on");
  });
  stage.killed("the process", SIGSYS, status);
}

/// The kernel zeroes it and wakes its waiters when the first thread is gone (set_tid_address(2)).
int leader_lives = 1;

void* outlive_the_leader(void* argument) {
  while (__atomic_load_n(&leader_lives, __ATOMIC_SEQ_CST) != 0)
    raw_syscall(SYS_futex, reinterpret_cast<std::intptr_t>(&leader_lives), FUTEX_WAIT, 1, 0);
  const auto* call = static_cast<const std::int64_t*>(argument);
  raw_syscall(call[0], call[1]);
  return nullptr;
}

/// The end of a process whose first thread is killed, and whose worker then ends in its own way.
int end_without_leader(Stage& stage, long ending_call, int exit_code) {
  return stage.child([&] {
    std::int64_t call[2] = {ending_call, exit_code};
    raw_syscall(SYS_set_tid_address, reinterpret_cast<std::intptr_t>(&leader_lives));
    pthread_t worker{};
    stage.must("pthread_create", -pthread_create(&worker, nullptr, outlive_the_leader, call));
    raw_syscall(SYS_getppid);
    stage.never("the first thread went on");
  });
}

void leader_dies_and_worker_exits_group(Stage& stage) {
  stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_KILL_THREAD));
  stage.exited("the process", 7, end_without_leader(stage, SYS_exit_group, 7));
}

void leader_dies_and_worker_exits(Stage& stage) {
  stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_KILL_THREAD));
  stage.exited("the process", 3, end_without_leader(stage, SYS_exit, 3));
}

void leader_dies_and_its_signal_stays(Stage& stage) {
  stage.load_as_it_is(Filter::answer(SYS_getppid, SECCOMP_RET_KILL_THREAD));
  stage.killed("the process", SIGSYS, end_without_leader(stage, SYS_exit, 3));
}

struct Resistance {
  std::string_view name;
  std::string_view title;  // after "KILL kills"
  std::string_view why;
  void (*run)(Stage&);
};

constexpr Resistance kResistances[] = {
    {"handled", "although SIGSYS has a handler, which does not run",
     "A program that may clean up after a kill may also go on after it.", killed_despite<handle_sigsys>},
    {"blocked", "although SIGSYS is blocked", "A sandboxed program must not be able to refuse its end.",
     killed_despite<block_sigsys>},
    {"ignored", "although SIGSYS is ignored",
     "SIG_IGN outlives execve(2): a parent could make its children unkillable by a filter.", killed_despite<ignore_sigsys>},
    {"undumpable", "a process that is not dumpable",
     "Programs that changed their user are not dumpable, and must not be safe from the filter for it.",
     killed_despite<become_undumpable>},
    {"handled-blocked-undumpable", "although SIGSYS has a handler and is blocked, and the process is not dumpable",
     "What fails against one defence must fail against all of them together.", killed_despite<resist_in_every_way>},
};

void add_resistances(std::vector<Scenario>& scenarios, std::string_view prefix, std::string_view action,
                     std::int64_t value) {
  const std::string also = value == kKillProcess ? "kselftest: KILL_process; libseccomp: 47-live-kill_process"
                                                 : "kselftest: KILL_one; gVisor: RetKillCausesDeathBySIGSYS";
  for (const Resistance& resistance : kResistances)
    scenarios.push_back({.name = fmt::format("{}{}", prefix, resistance.name),
                         .title = fmt::format("{} kills {}", action, resistance.title),
                         .why = std::string(resistance.why),
                         .source = fmt::format("seccomp(2), SECCOMP_RET_{}; kernel/signal.c, force_sig_info_to_task",
                                               value == kKillProcess ? "KILL_PROCESS" : "KILL_THREAD"),
                         .also = resistance.name == "handled" ? also : "",
                         .run = resistance.run,
                         .ends = {.signal = SIGSYS},
                         .parameters = {value}});
  scenarios.push_back(
      {.name = fmt::format("{}traced", prefix),
       .title = fmt::format("{} kills a tracee, and its tracer sees no signal that it could take away", action),
       .why = "A debugger or a malicious tracer could keep alive what the filter has ended.",
       .source = "kernel/signal.c, get_signal (SA_IMMUTABLE)",
       .also = value == kKillProcess ? "kselftest: TRACE_syscall.seccomp.kill_immediate" : "",
       .run = killed_despite_tracer,
       .parameters = {value}});
  scenarios.push_back({.name = fmt::format("{}init", prefix),
                       .title = fmt::format("{} kills the first process of a PID namespace", action),
                       .why = "A container's first process is safe from most signals, but must not be safe from its filter.",
                       .source = "pid_namespaces(7), The namespace init process; kernel/signal.c, force_sig_info_to_task",
                       .run = killed_as_init,
                       .needs = {.capabilities = {"CAP_SYS_ADMIN"}},
                       .parameters = {value}});
}

std::vector<Scenario> of_threads() {
  return {
      {.name = "child-only",
       .title = "KILL_PROCESS ends the process that made the call, and not its parent under the same filter",
       .why = "A server that forks for each client must outlive a client that is killed.",
       .source = "seccomp(2), SECCOMP_RET_KILL_PROCESS",
       .also = "kselftest: KILL_process",
       .run = only_the_caller_forked_dies},
      {.name = "worker-alone",
       .title = "KILL ends a worker alone: joining it gives NULL, no handler runs, and the process exits with its own code",
       .why = "A program that relies on losing one thread would lose all, or would not notice.",
       .source = "seccomp(2), SECCOMP_RET_KILL_THREAD",
       .also = "kselftest: KILL_thread; gVisor: RetKillOnlyKillsOneThread",
       .run = worker_dies_alone},
      {.name = "worker-takes-all",
       .title = "KILL_PROCESS in a worker ends the whole process",
       .why = "A compromised thread's siblings share its memory: leaving them alive leaves the attacker alive.",
       .source = "seccomp(2), SECCOMP_RET_KILL_PROCESS",
       .also = "kselftest: KILL_process; libseccomp: 47-live-kill_process",
       .run = worker_takes_all_along},
      {.name = "leader-then-exit-group",
       .title = "After KILL of the first thread a worker's exit_group(7) is the end of the process: 7",
       .why = "A supervisor would report a death by SIGSYS for a process that ended in order.",
       .source = "seccomp(2), SECCOMP_RET_KILL_THREAD; kernel/exit.c, do_group_exit",
       .run = leader_dies_and_worker_exits_group},
      {.name = "leader-then-exit",
       .title = "After KILL of the first thread the last thread's exit(3) is the end of the process: 3",
       .why = "The kill leaves no trace in the wait status; who counts SIGSYS deaths must know that.",
       .source = "seccomp(2), SECCOMP_RET_KILL_THREAD; kernel/exit.c, synchronize_group_exit",
       .run = leader_dies_and_worker_exits,
       .needs = {.since = KernelVersion{6, 0}}},
      {.name = "leader-then-exit-before-6.0",
       .title = "After KILL of the first thread and a worker's exit(3) the process has died of SIGSYS",
       .why = "The wait status was that of the first thread then; it must not be taken for KILL_PROCESS.",
       .source = "kernel/exit.c, wait_task_zombie, before SIGNAL_GROUP_EXIT was set on every exit",
       .run = leader_dies_and_its_signal_stays,
       .needs = {.until = KernelVersion{5, 19}}},
  };
}

}  // namespace

std::vector<Case> kill_cases() {
  std::vector<Scenario> scenarios;
  add_resistances(scenarios, "", "KILL_PROCESS", kKillProcess);
  add_resistances(scenarios, "thread-", "KILL", kKillThread);
  for (auto part : {of_threads(), kill_core_scenarios(), kill_value_scenarios()})
    std::ranges::move(part, std::back_inserter(scenarios));
  return topic("kill", std::move(scenarios));
}

}  // namespace sandgauge
