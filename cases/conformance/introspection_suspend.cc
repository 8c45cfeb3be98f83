// PTRACE_O_SUSPEND_SECCOMP: a privileged tracer takes a tracee out of its filters for a while.
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>

#include "conformance/introspection.h"
#include "conformance/tracee.h"

namespace sandgauge {
namespace {

constexpr unsigned long kSuspend = 1UL << 21;  // PTRACE_O_SUSPEND_SECCOMP, linux/ptrace.h

std::int64_t set_options(pid_t tracee, unsigned long options) {
  return trace_request(PTRACE_SETOPTIONS, tracee, 0, options);
}

void pause_for_tracer() { ::raise(SIGUSR1); }

/// Goes on to the tracee's next stop for SIGUSR1, with other options from then on.
bool next_options(Stage& stage, pid_t tracee, unsigned long options) {
  if (!stops(stage, "a stop for SIGUSR1", SIGUSR1, tracee)) return false;
  stage.succeeds("PTRACE_SETOPTIONS", set_options(tracee, options));
  resume(stage, tracee);
  return true;
}

void by_options(Stage& stage) {
  need_checkpoint(stage);
  const std::int64_t own = raw_syscall(SYS_getpid);
  const pid_t tracee = start_tracee(stage, 0, [&] {
    stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_ERRNO | EACCES));
    stage.fails_with("getppid(2) before", EACCES, raw_syscall(SYS_getppid));
    pause_for_tracer();
    stage.equal("getppid(2) while suspended", own, raw_syscall(SYS_getppid));
    pause_for_tracer();
    stage.fails_with("getppid(2) with the option cleared", EACCES, raw_syscall(SYS_getppid));
  });
  if (!next_options(stage, tracee, kSuspend) || !next_options(stage, tracee, 0)) return;
  stage.exited("the tracee", 0, stage.wait_for(tracee));
}

void by_seize(Stage& stage) {
  need_checkpoint(stage);
  const std::int64_t own = raw_syscall(SYS_getpid);
  // The child is filtered before it is seized.
  StartGate ready(stage);
  StartGate go(stage);
  const pid_t child = stage.start_child([&] {
    stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_ERRNO | EACCES));
    ready.open();
    go.wait();
    stage.equal("getppid(2) while suspended", own, raw_syscall(SYS_getppid));
    pause_for_tracer();
    stage.fails_with("getppid(2) with the option cleared", EACCES, raw_syscall(SYS_getppid));
  });
  ready.wait();
  seize(stage, child, kSuspend);
  go.open();
  if (!next_options(stage, child, 0)) return;
  stage.exited("the tracee", 0, stage.wait_for(child));
}

void until_detached(Stage& stage) {
  need_checkpoint(stage);
  const std::int64_t own = raw_syscall(SYS_getpid);
  const pid_t tracee = start_tracee(stage, kSuspend, [&] {
    stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_ERRNO | EACCES));
    stage.equal("getppid(2) while suspended", own, raw_syscall(SYS_getppid));
    pause_for_tracer();
    stage.fails_with("getppid(2) after the tracer has left", EACCES, raw_syscall(SYS_getppid));
  });
  if (!stops(stage, "a stop for SIGUSR1", SIGUSR1, tracee)) return;
  stage.must("PTRACE_DETACH", trace_request(PTRACE_DETACH, tracee));
  stage.exited("the tracee", 0, stage.wait_for(tracee));
}

void from_kill(Stage& stage) {
  need_checkpoint(stage);
  const std::int64_t own = raw_syscall(SYS_getpid);
  const pid_t tracee = start_tracee(stage, kSuspend, [&] {
    stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_KILL_PROCESS));
    stage.equal("getppid(2) while suspended", own, raw_syscall(SYS_getppid));
    pause_for_tracer();
    raw_syscall(SYS_getppid);
    stage.never("the call came back");
  });
  if (!next_options(stage, tracee, 0)) return;
  stage.killed("the tracee", SIGSYS, stage.wait_for(tracee));
}

void from_strict_mode(Stage& stage) {
  need_checkpoint(stage);
  const std::int64_t own = raw_syscall(SYS_getpid);
  const pid_t tracee = start_tracee(stage, kSuspend, [&] {
    stage.must("seccomp(SECCOMP_SET_MODE_STRICT)", raw_syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, 0));
    stage.equal("getppid(2) while suspended", own, raw_syscall(SYS_getppid));
    pause_for_tracer();
    raw_syscall(SYS_getppid);
    stage.never("the call came back");
  });
  if (!next_options(stage, tracee, 0)) return;
  stage.killed("the tracee", SIGKILL, stage.wait_for(tracee));
}

void refused(Stage& stage, std::string_view why) {
  pid_t child = -1;
  {
    StartGate gate(stage);
    child = stage.start_child([&] {
      gate.wait();
      pause_for_tracer();
    });
    const std::int64_t seized = trace_request(PTRACE_SEIZE, child, 0, kSuspend);
    if (seized == -EINVAL) stage.skip("the kernel was built without CONFIG_CHECKPOINT_RESTORE");
    stage.fails_with("PTRACE_SEIZE with the option", EPERM, seized);
    seize(stage, child, 0);
    gate.open();
  }
  if (!stops(stage, "a stop for SIGUSR1", SIGUSR1, child)) return;
  stage.fails_with(why, EPERM, set_options(child, kSuspend));
  resume(stage, child);
  stage.exited("the tracee", 0, stage.wait_for(child));
}

void refused_to_filtered(Stage& stage) {
  need_checkpoint(stage);
  stage.load_as_it_is(Filter::always(SECCOMP_RET_ALLOW));
  refused(stage, "PTRACE_SETOPTIONS by a tracer under a filter");
}

void refused_to_unprivileged(Stage& stage) {
  drop_sys_admin(stage);
  refused(stage, "PTRACE_SETOPTIONS without CAP_SYS_ADMIN");
}

}  // namespace

std::vector<Scenario> suspend_scenarios() {
  const std::string source = "ptrace(2), PTRACE_O_SUSPEND_SECCOMP";
  const std::string checks = "ptrace(2), PTRACE_O_SUSPEND_SECCOMP; kernel/ptrace.c, check_ptrace_options";
  const Requirements admin{.capabilities = {"CAP_SYS_ADMIN"}};
  return {
      {.name = "suspend-setoptions",
       .title = "PTRACE_O_SUSPEND_SECCOMP set by PTRACE_SETOPTIONS lifts the filter, and clearing it brings the filter back",
       .why = "Checkpoint tools make calls in the tracee that its filter denies, and must leave it confined.",
       .source = source,
       .also = "kselftest: O_SUSPEND_SECCOMP.setoptions",
       .run = by_options,
       .needs = admin},
      {.name = "suspend-seize",
       .title = "PTRACE_O_SUSPEND_SECCOMP given to PTRACE_SEIZE lifts the filter at once",
       .why = "A tracer that seizes has no stop in which it could set the option.",
       .source = source,
       .also = "kselftest: O_SUSPEND_SECCOMP.seize",
       .run = by_seize,
       .needs = admin},
      {.name = "suspend-detach",
       .title = "The filter is in force again when the tracer of a suspended tracee detaches",
       .why = "A checkpoint tool that crashes must not leave its subject free.",
       .source = source,
       .run = until_detached,
       .needs = admin},
      {.name = "suspend-kill",
       .title = "PTRACE_O_SUSPEND_SECCOMP lifts KILL_PROCESS too, until it is cleared",
       .why = "Checkpoint tools would kill their subjects.",
       .source = source,
       .run = from_kill,
       .needs = admin},
      {.name = "suspend-strict",
       .title = "PTRACE_O_SUSPEND_SECCOMP lifts strict mode too, until it is cleared",
       .why = "Checkpoint tools would kill their subjects.",
       .source = "ptrace(2), PTRACE_O_SUSPEND_SECCOMP (seccomp protections, whichever mode)",
       .run = from_strict_mode,
       .needs = admin},
      {.name = "suspend-by-filtered",
       .title = "A tracer that is itself under a filter cannot suspend another's: EPERM",
       .why = "A sandboxed root could free its own children.",
       .source = checks,
       .run = refused_to_filtered,
       .needs = admin},
      {.name = "suspend-unprivileged",
       .title = "A tracer without CAP_SYS_ADMIN cannot suspend a filter: EPERM",
       .why = "Any program could free its own children from their filters.",
       .source = checks,
       .also = "kselftest: O_SUSPEND_SECCOMP.setoptions, O_SUSPEND_SECCOMP.seize (as an ordinary user)",
       .run = refused_to_unprivileged},
  };
}

}  // namespace sandgauge
