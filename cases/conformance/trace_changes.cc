// A tracer changes the call at the seccomp stop, or at the syscall-entry stop before the filter: another number, other
// arguments, or no call at all.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "conformance/registers.h"
#include "conformance/trace.h"
#include "conformance/tracee.h"

namespace sandgauge {
namespace {

constexpr std::int64_t kFirst = 0x1234;

Filter trace_getppid() { return Filter::answer(SYS_getppid, SECCOMP_RET_TRACE); }

void need(Stage& stage, bool changed) {
  if (!changed) stage.broken("changing the registers of the tracee", errno);
}

/// Runs `body`, which loads what it needs and makes the call, up to its seccomp stop, where `change` is made; then to its
/// end, without another stop. -1 if there was no seccomp stop.
template <class Body, class Change>
int end_after(Stage& stage, Body body, Change change) {
  const pid_t tracee = start_tracee(stage, PTRACE_O_TRACESECCOMP, body);
  if (!stops(stage, "a seccomp stop", kSeccompStop, tracee)) return -1;
  need(stage, change(tracee));
  resume(stage, tracee);
  return stage.wait_for(tracee);
}

void skipped_untouched(Stage& stage) {
  const int status = end_after(
      stage,
      [&] {
        stage.load(trace_getppid());
        stage.fails_with("getppid(2)", ENOSYS, raw_syscall(SYS_getppid, kFirst));
      },
      [](pid_t tracee) { return drop_call(tracee); });
  stage.exited("the tracee", 0, status);
}

/// Parameter: the result.
void skipped_with_result(Stage& stage) {
  const std::int64_t result = stage.parameter(0);
  const int status = end_after(
      stage,
      [&] {
        stage.load(trace_getppid());
        stage.equal("getppid(2)", result, raw_syscall(SYS_getppid, kFirst));
      },
      [result](pid_t tracee) { return drop_call(tracee, result); });
  stage.exited("the tracee", 0, status);
}

void skipped_does_not_run(Stage& stage) {
  const auto path = reinterpret_cast<std::intptr_t>("made-by-the-call");
  const int status = end_after(
      stage,
      [&] {
        stage.load(Filter::answer(SYS_mkdirat, SECCOMP_RET_TRACE));
        stage.equal("mkdirat(2)", 0, raw_syscall(SYS_mkdirat, AT_FDCWD, path, 0700));
      },
      [](pid_t tracee) { return drop_call(tracee, 0); });
  stage.exited("the tracee", 0, status);
  stage.fails_with("looking for the directory", ENOENT, raw_syscall(SYS_faccessat, AT_FDCWD, path, F_OK));
}

void redirected_to_allowed(Stage& stage) {
  const int status = end_after(
      stage,
      [&] {
        const std::int64_t own = raw_syscall(SYS_getpid);
        stage.load(trace_getppid());
        stage.equal("getppid(2), made getpid(2)", own, raw_syscall(SYS_getppid));
      },
      [](pid_t tracee) { return set_call(tracee, SYS_getpid); });
  stage.exited("the tracee", 0, status);
}

void redirected_to_denied(Stage& stage) {
  const int status = end_after(
      stage,
      [&] {
        stage.load(Filter::answer(SYS_getpid, SECCOMP_RET_ERRNO | EACCES));
        stage.load(trace_getppid());
        stage.fails_with("getppid(2), made getpid(2)", EACCES, raw_syscall(SYS_getppid));
      },
      [](pid_t tracee) { return set_call(tracee, SYS_getpid); });
  stage.exited("the tracee", 0, status);
}

void redirected_to_killed(Stage& stage) {
  const int status = end_after(
      stage,
      [&] {
        stage.load(Filter::answer(SYS_getpid, SECCOMP_RET_KILL_PROCESS));
        stage.load(trace_getppid());
        raw_syscall(SYS_getppid);
        stage.never("the call came back");
      },
      [](pid_t tracee) { return set_call(tracee, SYS_getpid); });
  stage.killed("the tracee", SIGSYS, status);
}

void redirected_to_traced(Stage& stage) {
  const int status = end_after(
      stage,
      [&] {
        const std::int64_t own = raw_syscall(SYS_getpid);
        stage.load_as_it_is(Filter::answer(SYS_getpid, SECCOMP_RET_TRACE));
        stage.load(trace_getppid());
        stage.equal("getppid(2), made getpid(2)", own, raw_syscall(SYS_getppid));
      },
      [](pid_t tracee) { return set_call(tracee, SYS_getpid); });
  stage.exited("the tracee, with one stop only", 0, status);
}

void changed_argument_is_filtered(Stage& stage) {
  constexpr std::uint32_t kForbidden = 0xBAD;
  const int status = end_after(
      stage,
      [&] {
        stage.load(Filter::answer_argument(SYS_getppid, 0, kForbidden, SECCOMP_RET_ERRNO | EACCES));
        stage.load(trace_getppid());
        stage.fails_with("getppid(2), with the forbidden argument", EACCES, raw_syscall(SYS_getppid, kFirst));
      },
      [](pid_t tracee) { return set_first_argument(tracee, kForbidden); });
  stage.exited("the tracee", 0, status);
}

void changed_argument_is_used(Stage& stage) {
  const int status = end_after(
      stage,
      [&] {
        stage.load(Filter::answer(SYS_close, SECCOMP_RET_TRACE));
        stage.succeeds("close(2) of a bad descriptor, made standard input", raw_syscall(SYS_close, 12345));
        stage.fails_with("looking at standard input", EBADF, raw_syscall(SYS_fcntl, STDIN_FILENO, F_GETFD));
      },
      [](pid_t tracee) { return set_first_argument(tracee, STDIN_FILENO); });
  stage.exited("the tracee", 0, status);
}

/// As end_after(), but the change is made at the syscall-entry stop of getppid(2), before the filter. `body` sends itself
/// SIGUSR1 before that call, so that the tracer can go on from call to call.
template <class Body, class Change>
int end_after_entry(Stage& stage, Body body, Change change) {
  const pid_t tracee = start_tracee(stage, PTRACE_O_TRACESYSGOOD, body);
  if (!stops(stage, "a stop for SIGUSR1", SIGUSR1, tracee)) return -1;
  for (long number = -1; number != SYS_getppid;) {
    stage.must("PTRACE_SYSCALL", trace_request(PTRACE_SYSCALL, tracee));
    const int status = stage.wait_for(tracee);
    if (!WIFSTOPPED(status)) return status;
    need(stage, read_call(tracee, number));
  }
  need(stage, change(tracee));
  resume(stage, tracee);
  return stage.wait_for(tracee);
}

void entry_change_is_filtered(Stage& stage) {
  const int status = end_after_entry(
      stage,
      [&] {
        stage.load(Filter::answer(SYS_getuid, SECCOMP_RET_ERRNO | EACCES));
        ::raise(SIGUSR1);
        stage.fails_with("getppid(2), made getuid(2) at its entry", EACCES, raw_syscall(SYS_getppid));
      },
      [](pid_t tracee) { return set_call(tracee, SYS_getuid); });
  stage.exited("the tracee", 0, status);
}

void entry_change_escapes_the_old_answer(Stage& stage) {
  const int status = end_after_entry(
      stage,
      [&] {
        const std::int64_t own = raw_syscall(SYS_getpid);
        stage.load_as_it_is(Filter::answer(SYS_getppid, SECCOMP_RET_KILL_PROCESS));
        ::raise(SIGUSR1);
        stage.equal("getppid(2), made getpid(2) at its entry", own, raw_syscall(SYS_getppid));
      },
      [](pid_t tracee) { return set_call(tracee, SYS_getpid); });
  stage.exited("the tracee", 0, status);
}

Scenario skipped(std::string name, std::int64_t result, std::string_view text, std::string also = {}) {
  return {.name = std::move(name),
          .title = fmt::format("The tracer sets the number to -1 and the result to {}: the call returns that", text),
          .why = "It is how a tracer denies a call, or answers it itself.",
          .source = "seccomp(2), SECCOMP_RET_TRACE",
          .also = std::move(also),
          .run = skipped_with_result,
          .parameters = {result}};
}

std::vector<Scenario> of_skips() {
  return {
      {.name = "skip-untouched",
       .title = "The tracer sets the number to -1 and nothing else: the call fails with ENOSYS",
       .why = "A tracer that only skips must not hand out a stale register as a result.",
       .source = "seccomp(2), SECCOMP_RET_TRACE; arch/x86/entry/entry_64.S, entry_SYSCALL_64 (-ENOSYS in rax)",
       .also = "kselftest: TRACE_syscall.seccomp.negative_ENOSYS",
       .run = skipped_untouched,
       .needs = {.machine = {Abi::x86_64}}},
      skipped("skip-eperm", -EPERM, "-EPERM", "kselftest: TRACE_syscall.seccomp.syscall_errno"),
      skipped("skip-0", 0, "0"),
      skipped("skip-45000", 45000, "45000", "kselftest: TRACE_syscall.seccomp.syscall_faked"),
      skipped("skip-wide", 0x7FFF'1234'5678, "a value of 48 bits"),
      {.name = "skip-no-call",
       .title = "A call that the tracer skips does not run: no directory is made",
       .why = "A denied call that has happened all the same would be no confinement.",
       .source = "seccomp(2), SECCOMP_RET_TRACE",
       .run = skipped_does_not_run},
  };
}

std::vector<Scenario> of_rewrites() {
  const std::string source = "kernel/seccomp.c, __seccomp_filter (recheck after the tracer)";
  return {
      {.name = "redirect",
       .title = "The tracer makes it another call, which the filter allows: that one runs",
       .why = "Emulators replace calls this way.",
       .source = "seccomp(2), SECCOMP_RET_TRACE",
       .also = "kselftest: TRACE_syscall.seccomp.syscall_redirected",
       .run = redirected_to_allowed},
      {.name = "redirect-errno",
       .title = "The tracer makes it a call that the filter answers with ERRNO(EACCES): it fails with EACCES",
       .why = "A tracer is no way around the filter since Linux 4.8.",
       .source = source,
       .also = "kselftest: TRACE_syscall.seccomp.skip_after",
       .run = redirected_to_denied},
      {.name = "redirect-kill",
       .title = "The tracer makes it a call that the filter answers with KILL_PROCESS: the tracee dies",
       .why = "A tracer is no way around the filter since Linux 4.8.",
       .source = source,
       .also = "kselftest: TRACE_syscall.seccomp.kill_after",
       .run = redirected_to_killed},
      {.name = "redirect-trace",
       .title = "The tracer makes it a call that the filter answers with TRACE too: it runs without a second stop",
       .why = "A tracer that rewrites would be asked again and again.",
       .source = source,
       .run = redirected_to_traced},
      {.name = "argument-filtered",
       .title = "The filter sees an argument that the tracer has changed",
       .why = "A tracer is no way around the filter's arguments either.",
       .source = source,
       .run = changed_argument_is_filtered},
      {.name = "argument-used",
       .title = "The call runs with the argument that the tracer has changed",
       .why = "Tracers that rewrite paths and descriptors depend on it.",
       .source = "seccomp(2), SECCOMP_RET_TRACE",
       .also = "kselftest: TRACE_poke.read_has_side_effects",
       .run = changed_argument_is_used},
      {.name = "entry-redirect",
       .title = "A number that the tracer changes at the syscall-entry stop is what the filter sees",
       .why = "Any tracer could free its tracee from the filter otherwise.",
       .source = "ptrace(2), PTRACE_EVENT_SECCOMP stops (since Linux 4.8)",
       .also = "kselftest: TRACE_syscall.ptrace.skip_after, TRACE_syscall.ptrace.kill_after",
       .run = entry_change_is_filtered},
      {.name = "entry-redirect-away",
       .title = "A killed call that the tracer makes an allowed one at the syscall-entry stop runs as that",
       .why = "The filter must judge the call that is going to run, and no other.",
       .source = "ptrace(2), PTRACE_EVENT_SECCOMP stops (since Linux 4.8)",
       .also = "kselftest: TRACE_syscall.ptrace.syscall_redirected",
       .run = entry_change_escapes_the_old_answer},
  };
}

}  // namespace

std::vector<Scenario> trace_change_scenarios() {
  std::vector<Scenario> scenarios = of_skips();
  const std::vector<Scenario> rewrites = of_rewrites();
  scenarios.insert(scenarios.end(), rewrites.begin(), rewrites.end());
  return scenarios;
}

}  // namespace sandgauge
