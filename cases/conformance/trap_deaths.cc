// TRAP where no handler can run: the process dies of SIGSYS.
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "conformance/trap.h"
#include "conformance/worker.h"

namespace sandgauge {
namespace {

constexpr int kHandled = 11;  // the exit code of a process whose handler ran

void exit_handled(int) { ::_exit(kHandled); }

/// Loads TRAP for getppid(2). Without a handler it looks like a kill, so it shows first that a handler runs.
void load_trap(Stage& stage) {
  stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_TRAP));
  const int status = stage.child([] {
    ::signal(SIGSYS, exit_handled);
    raw_syscall(SYS_getppid);
  });
  stage.exited("a process with a handler", kHandled, status);
}

void make_call(Stage& stage) {
  raw_syscall(SYS_getppid);
  stage.never("the call came back");
}

void block_sigsys() {
  sigset_t mask;
  ::sigemptyset(&mask);
  ::sigaddset(&mask, SIGSYS);
  ::sigprocmask(SIG_BLOCK, &mask, nullptr);
}

Stage* handler_stage = nullptr;

void poisoned_handler(int) { handler_stage->never("the handler ran"); }

void by_default(Stage& stage) {
  load_trap(stage);
  make_call(stage);
}

void ignored(Stage& stage) {
  load_trap(stage);
  ::signal(SIGSYS, SIG_IGN);
  make_call(stage);
}

void blocked(Stage& stage) {
  load_trap(stage);
  block_sigsys();
  make_call(stage);
}

void blocked_with_handler(Stage& stage) {
  load_trap(stage);
  handler_stage = &stage;
  ::signal(SIGSYS, poisoned_handler);
  block_sigsys();
  make_call(stage);
}

int runs = 0;

void trapping_handler(int) {
  if (++runs > 1) handler_stage->never("the handler ran inside itself");
  raw_syscall(SYS_getppid);
  handler_stage->never("the call in the handler came back");
}

void again_in_the_handler(Stage& stage) {
  load_trap(stage);
  handler_stage = &stage;
  struct sigaction action {};
  action.sa_handler = trapping_handler;
  ::sigaction(SIGSYS, &action, nullptr);
  make_call(stage);
}

void one_shot_handler(int) { ++runs; }

void after_reset(Stage& stage) {
  load_trap(stage);
  struct sigaction action {};
  action.sa_handler = one_shot_handler;
  action.sa_flags = SA_RESETHAND;
  ::sigaction(SIGSYS, &action, nullptr);
  raw_syscall(SYS_getppid);
  stage.equal("runs of the handler", 1, runs);
  make_call(stage);
}

void worker_takes_all_along(Stage& stage) {
  load_trap(stage);
  const int status = stage.child([&] {
    returns_in_worker(stage, SYS_getppid);
    stage.never("the first thread went on");
  });
  stage.killed("a process whose worker made the call", SIGSYS, status);
}

void return_from_the_handler(Stage& stage) {
  static int handler_runs;
  load_trap(stage);
  stage.load_as_it_is(Filter::answer(SYS_rt_sigreturn, SECCOMP_RET_TRAP));
  handler_stage = &stage;
  struct sigaction action {};
  action.sa_handler = [](int) {
    if (++handler_runs > 1) handler_stage->never("the handler ran inside itself");
  };
  ::sigaction(SIGSYS, &action, nullptr);
  make_call(stage);
}

void as_init(Stage& stage) {
  load_trap(stage);
  if (::unshare(CLONE_NEWPID) != 0) stage.skip("this machine lets nobody make a PID namespace");
  const int status = stage.child([&] {
    stage.equal("its process ID", 1, raw_syscall(SYS_getpid));
    make_call(stage);
  });
  stage.killed("the first process of a PID namespace", SIGSYS, status);
}

constexpr const char* kSource = "seccomp(2), SECCOMP_RET_TRAP; kernel/signal.c, force_sig_info_to_task";

}  // namespace

std::vector<Scenario> trap_death_scenarios() {
  return {
      {.name = "default",
       .title = "TRAP without a handler ends the process by SIGSYS",
       .why = "A handler that was never installed must not make the filter harmless.",
       .source = "signal(7), SIGSYS; seccomp(2), SECCOMP_RET_TRAP",
       .also = "kselftest: TRAP.dfl; gVisor: RetTrapCausesSIGSYS",
       .run = by_default,
       .ends = {.signal = SIGSYS}},
      {.name = "ignored",
       .title = "TRAP ends the process by SIGSYS although SIGSYS is ignored",
       .why = "A sandboxed program could switch the filter off with one call.",
       .source = kSource,
       .also = "kselftest: TRAP.ign",
       .run = ignored,
       .ends = {.signal = SIGSYS}},
      {.name = "blocked",
       .title = "TRAP ends the process by SIGSYS although SIGSYS is blocked",
       .why = "A sandboxed program could put the filter off with one call.",
       .source = kSource,
       .run = blocked,
       .ends = {.signal = SIGSYS}},
      {.name = "blocked-handler",
       .title = "TRAP ends the process by SIGSYS while SIGSYS is blocked, and its handler does not run",
       .why = "A thread that blocks all signals, as C libraries do at times, does not expect a handler.",
       .source = kSource,
       .run = blocked_with_handler,
       .ends = {.signal = SIGSYS}},
      {.name = "nested",
       .title = "A call trapped inside the handler of SIGSYS ends the process",
       .why = "The signal is blocked there; a handler that calls what it traps would run for ever otherwise.",
       .source = kSource,
       .run = again_in_the_handler,
       .ends = {.signal = SIGSYS}},
      {.name = "reset-handler",
       .title = "With SA_RESETHAND the second trapped call ends the process",
       .why = "The handler is gone after its first run, so the default applies.",
       .source = "sigaction(2), SA_RESETHAND",
       .run = after_reset,
       .ends = {.signal = SIGSYS}},
      {.name = "worker",
       .title = "TRAP without a handler in a worker ends the whole process",
       .why = "It is a signal's default action, not KILL: nobody may count on the other threads.",
       .source = "signal(7), SIGSYS (the whole process dumps core)",
       .run = worker_takes_all_along},
      {.name = "sigreturn",
       .title = "A filter that traps rt_sigreturn(2) too ends the process when the handler returns",
       .why = "A handler returns by a system call; an allow list without it kills every program with handlers.",
       .source = kSource,
       .run = return_from_the_handler,
       .ends = {.signal = SIGSYS}},
      {.name = "init",
       .title = "TRAP without a handler ends the first process of a PID namespace",
       .why = "A container's first process is safe from most signals, but must not be safe from its filter.",
       .source = kSource,
       .run = as_init,
       .needs = {.capabilities = {"CAP_SYS_ADMIN"}}},
  };
}

}  // namespace sandgauge
