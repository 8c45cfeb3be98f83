// TRACE: what a tracer is told at the seccomp stop, and what becomes of the call without one. What a tracer may change is in
// trace_changes.cc.
#include "conformance/trace.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>
#include <iterator>

#include "conformance/registers.h"
#include "conformance/topics.h"
#include "conformance/tracee.h"

namespace sandgauge {
namespace {

Filter trace_getppid(std::int64_t data = 0) {
  return Filter::answer(SYS_getppid, SECCOMP_RET_TRACE | static_cast<std::uint32_t>(data));
}

void no_tracer(Stage& stage) {
  stage.load(trace_getppid(stage.parameter(0)));
  stage.fails_with("getppid(2)", ENOSYS, raw_syscall(SYS_getppid));
}

void no_tracer_no_call(Stage& stage) {
  const auto path = reinterpret_cast<std::intptr_t>("made-by-the-call");
  stage.load(Filter::answer(SYS_mkdirat, SECCOMP_RET_TRACE));
  stage.fails_with("mkdirat(2)", ENOSYS, raw_syscall(SYS_mkdirat, AT_FDCWD, path, 0700));
  stage.fails_with("looking for the directory", ENOENT, raw_syscall(SYS_faccessat, AT_FDCWD, path, F_OK));
}

void tracer_without_the_option(Stage& stage) {
  // The option for another event: this tracer is there, but asked for no seccomp stops.
  const pid_t tracee = start_tracee(stage, PTRACE_O_TRACEFORK, [&] {
    stage.load(trace_getppid(7));
    stage.fails_with("getppid(2)", ENOSYS, raw_syscall(SYS_getppid));
  });
  stage.exited("the tracee, at its first event", 0, stage.wait_for(tracee));
}

void option_switched_on_and_off(Stage& stage) {
  const std::int64_t parent = raw_syscall(SYS_getpid);
  const pid_t tracee = start_tracee(stage, 0, [&] {
    stage.load(trace_getppid(7));
    stage.fails_with("getppid(2) before the option", ENOSYS, raw_syscall(SYS_getppid));
    ::raise(SIGUSR1);
    stage.equal("getppid(2) with the option", parent, raw_syscall(SYS_getppid));
    ::raise(SIGUSR1);
    stage.fails_with("getppid(2) after the option", ENOSYS, raw_syscall(SYS_getppid));
  });
  if (!stops(stage, "a stop for SIGUSR1", SIGUSR1, tracee)) return;
  stage.must("PTRACE_SETOPTIONS", trace_request(PTRACE_SETOPTIONS, tracee, 0, PTRACE_O_TRACESECCOMP));
  resume(stage, tracee);
  if (!stops(stage, "a seccomp stop", kSeccompStop, tracee)) return;
  resume(stage, tracee);
  if (!stops(stage, "a stop for SIGUSR1", SIGUSR1, tracee)) return;
  stage.must("PTRACE_SETOPTIONS", trace_request(PTRACE_SETOPTIONS, tracee, 0, 0));
  resume(stage, tracee);
  stage.exited("the tracee, at its next event", 0, stage.wait_for(tracee));
}

void stop_and_message(Stage& stage) {
  const std::int64_t parent = raw_syscall(SYS_getpid);
  const pid_t tracee = start_tracee(stage, PTRACE_O_TRACESECCOMP, [&] {
    stage.load(trace_getppid(stage.parameter(0)));
    stage.equal("getppid(2)", parent, raw_syscall(SYS_getppid));
  });
  if (!stops(stage, "status >> 8", kSeccompStop, tracee)) return;
  siginfo_t info{};
  stage.must("PTRACE_GETSIGINFO", trace_request(PTRACE_GETSIGINFO, tracee, 0, reinterpret_cast<std::uintptr_t>(&info)));
  stage.equal("si_signo", SIGTRAP, info.si_signo);
  stage.equal_hex("si_code", kSeccompStop, static_cast<unsigned>(info.si_code));
  unsigned long message = ~0UL;
  stage.must("PTRACE_GETEVENTMSG", trace_request(PTRACE_GETEVENTMSG, tracee, 0, reinterpret_cast<std::uintptr_t>(&message)));
  stage.equal("the event message", stage.parameter(0), static_cast<std::int64_t>(message));
  resume(stage, tracee);
  stage.exited("the tracee", 0, stage.wait_for(tracee));
}

void last_filter_gives_the_message(Stage& stage) {
  const pid_t tracee = start_tracee(stage, PTRACE_O_TRACESECCOMP, [&] {
    for (const int data : {7, 3}) {
      stage.load(trace_getppid(data));
      raw_syscall(SYS_getppid);
    }
  });
  for (const int data : {7, 3}) {
    if (!stops(stage, "a seccomp stop", kSeccompStop, tracee)) return;
    unsigned long message = 0;
    stage.must("PTRACE_GETEVENTMSG",
               trace_request(PTRACE_GETEVENTMSG, tracee, 0, reinterpret_cast<std::uintptr_t>(&message)));
    stage.equal("the event message when this filter came last", data, static_cast<std::int64_t>(message));
    resume(stage, tracee);
  }
  stage.exited("the tracee, with one stop for each call", 0, stage.wait_for(tracee));
}

void call_info(Stage& stage) {
  const pid_t tracee = start_tracee(stage, PTRACE_O_TRACESECCOMP, [&] {
    stage.load(trace_getppid(77));
    raw_syscall(SYS_getppid, 0x1122334455667788);
  });
  if (!stops(stage, "a seccomp stop", kSeccompStop, tracee)) return;
  __ptrace_syscall_info info{};
  const std::int64_t size =
      trace_request(PTRACE_GET_SYSCALL_INFO, tracee, sizeof info, reinterpret_cast<std::uintptr_t>(&info));
  stage.succeeds("PTRACE_GET_SYSCALL_INFO", size);
  stage.equal("op: PTRACE_SYSCALL_INFO_SECCOMP", PTRACE_SYSCALL_INFO_SECCOMP, info.op);
  stage.equal_hex("arch", audit_arch(native_abi()), info.arch);
  stage.equal("seccomp.nr", SYS_getppid, static_cast<std::int64_t>(info.seccomp.nr));
  stage.equal_hex("seccomp.args[0]", 0x1122334455667788, info.seccomp.args[0]);
  stage.equal("seccomp.ret_data", 77, info.seccomp.ret_data);
  resume(stage, tracee);
  stage.exited("the tracee", 0, stage.wait_for(tracee));
}

void entry_stop_comes_first(Stage& stage) {
  const pid_t tracee = start_tracee(stage, PTRACE_O_TRACESECCOMP | PTRACE_O_TRACESYSGOOD, [&] {
    stage.load(trace_getppid());
    ::raise(SIGUSR1);
    raw_syscall(SYS_getppid);
  });
  if (!stops(stage, "a stop for SIGUSR1", SIGUSR1, tracee)) return;
  constexpr unsigned kCallStop = SIGTRAP | 0x80;
  // raise(3) ends with calls of its own, so the tracer goes on to the one that it is about.
  for (long number = -1; number != SYS_getppid;) {
    stage.must("PTRACE_SYSCALL", trace_request(PTRACE_SYSCALL, tracee));
    const int status = stage.wait_for(tracee);
    if (!WIFSTOPPED(status)) return stage.never("the tracee ended before its call");
    if (static_cast<unsigned>(status) >> 8 != kCallStop)
      return stage.never("another stop came before the syscall-entry stop");
    if (!read_call(tracee, number)) stage.broken("PTRACE_GETREGSET", errno);
  }
  stage.must("PTRACE_SYSCALL", trace_request(PTRACE_SYSCALL, tracee));
  if (!stops(stage, "the stop after the syscall-entry stop", kSeccompStop, tracee)) return;
  stage.must("PTRACE_SYSCALL", trace_request(PTRACE_SYSCALL, tracee));
  if (!stops(stage, "the stop after the seccomp stop", kCallStop, tracee)) return;
  resume(stage, tracee);
  stage.exited("the tracee", 0, stage.wait_for(tracee));
}

void detach_in_the_stop(Stage& stage) {
  const std::int64_t parent = raw_syscall(SYS_getpid);
  const pid_t tracee = start_tracee(stage, PTRACE_O_TRACESECCOMP, [&] {
    stage.load(trace_getppid());
    stage.equal("getppid(2), with the tracer leaving in the stop", parent, raw_syscall(SYS_getppid));
    stage.fails_with("getppid(2) after the tracer has left", ENOSYS, raw_syscall(SYS_getppid));
  });
  if (!stops(stage, "a seccomp stop", kSeccompStop, tracee)) return;
  stage.must("PTRACE_DETACH", trace_request(PTRACE_DETACH, tracee));
  stage.exited("the tracee", 0, stage.wait_for(tracee));
}

/// Runs a tracer that dies in the seccomp stop of its child; the child's wait status.
int end_of_orphan(Stage& stage, unsigned long options) {
  const std::int64_t user = raw_syscall(SYS_getuid);
  // Orphans become children of this process, so that it can wait for them.
  stage.must("prctl(PR_SET_CHILD_SUBREAPER)", raw_syscall(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) stage.broken("pipe2", errno);
  const int tracer = stage.child([&] {
    const pid_t tracee = start_tracee(stage, PTRACE_O_TRACESECCOMP | options, [&] {
      stage.load(Filter::answer(SYS_getuid, SECCOMP_RET_TRACE));
      stage.equal("getuid(2), with the tracer dying in the stop", user, raw_syscall(SYS_getuid));
      stage.fails_with("getuid(2) after the tracer's death", ENOSYS, raw_syscall(SYS_getuid));
    });
    if (!stops(stage, "a seccomp stop", kSeccompStop, tracee)) stage.end(1);
    if (::write(report[1], &tracee, sizeof tracee) != sizeof tracee) stage.broken("write", errno);
  });
  stage.exited("the tracer", 0, tracer);
  pid_t tracee = -1;
  ::fcntl(report[0], F_SETFL, O_NONBLOCK);
  if (::read(report[0], &tracee, sizeof tracee) != sizeof tracee) return -1;
  return stage.wait_for(tracee);
}

void tracer_dies_in_the_stop(Stage& stage) { stage.exited("the tracee", 0, end_of_orphan(stage, 0)); }

void tracer_dies_and_takes_along(Stage& stage) {
  stage.killed("the tracee", SIGKILL, end_of_orphan(stage, PTRACE_O_EXITKILL));
}

void killed_in_the_stop(Stage& stage) {
  const auto path = reinterpret_cast<std::intptr_t>("made-by-the-call");
  const pid_t tracee = start_tracee(stage, PTRACE_O_TRACESECCOMP, [&] {
    stage.load(Filter::answer(SYS_mkdirat, SECCOMP_RET_TRACE));
    raw_syscall(SYS_mkdirat, AT_FDCWD, path, 0700);
    stage.never("the call came back");
  });
  if (!stops(stage, "a seccomp stop", kSeccompStop, tracee)) return;
  stage.must("kill(2)", raw_syscall(SYS_kill, tracee, SIGKILL));
  stage.killed("the tracee", SIGKILL, stage.wait_for(tracee));
  stage.fails_with("looking for the directory", ENOENT, raw_syscall(SYS_faccessat, AT_FDCWD, path, F_OK));
}

constexpr const char* kSource = "seccomp(2), SECCOMP_RET_TRACE";

Scenario without_tracer(std::int64_t data) {
  return {.name = fmt::format("no-tracer-{}", data),
          .title = fmt::format("TRACE({}) without a tracer makes the call fail with ENOSYS", data),
          .why = "A sandbox whose tracer is gone must fail closed.",
          .source = kSource,
          .also = "gVisor: RetTraceWithoutPtracerReturnsENOSYS; libseccomp: 20-live-basic_die",
          .run = no_tracer,
          .parameters = {data}};
}

Scenario with_message(std::int64_t data) {
  return {
      .name = fmt::format("message-{}", data),
      .title = fmt::format(
          "TRACE({}) stops the tracee with status >> 8 and si_code 0x705, event message {}; then it goes on", data, data),
      .why = "A tracer tells this stop from others by these values, and its filters from one another by the data.",
      .source = "ptrace(2), PTRACE_EVENT_SECCOMP and PTRACE_GETEVENTMSG",
      .also = "kselftest: TRACE_poke.getpid_runs_normally, TRACE_syscall.seccomp.syscall_allowed",
      .run = stop_and_message,
      .parameters = {data}};
}

std::vector<Scenario> of_stops() {
  return {
      {.name = "no-tracer-no-call",
       .title = "TRACE without a tracer on mkdirat(2): no directory is made",
       .why = "A sandbox whose tracer is gone must fail closed.",
       .source = kSource,
       .run = no_tracer_no_call},
      {.name = "no-option",
       .title = "TRACE under a tracer without PTRACE_O_TRACESECCOMP makes the call fail with ENOSYS, without a stop",
       .why = "A debugger is no supervisor: its presence must not open the sandbox.",
       .source = kSource,
       .run = tracer_without_the_option},
      {.name = "option-on-and-off",
       .title = "The tracer's PTRACE_O_TRACESECCOMP counts at each call, and can be set and cleared between them",
       .why = "A tracer that takes the option back must find its tracee denied, not free.",
       .source = "ptrace(2), PTRACE_O_TRACESECCOMP",
       .run = option_switched_on_and_off},
      {.name = "last-filter",
       .title = "Of two TRACE filters the one loaded last gives the message, and there is one stop",
       .why = "A tracer would handle the call twice, or under the wrong filter's name.",
       .source = "seccomp(2), Return value of filters; kernel/seccomp.c, seccomp_run_filters",
       .run = last_filter_gives_the_message},
      {.name = "syscall-info",
       .title = "PTRACE_GET_SYSCALL_INFO tells the call at the stop: arch, number, arguments and data",
       .why = "It is how a tracer reads a call without knowing the machine's registers.",
       .source = "ptrace(2), PTRACE_GET_SYSCALL_INFO (PTRACE_SYSCALL_INFO_SECCOMP)",
       .run = call_info},
      {.name = "entry-stop-first",
       .title = "Under PTRACE_SYSCALL the syscall-entry stop comes before the seccomp stop",
       .why = "What a tracer changes at the entry is filtered only in this order.",
       .source = "ptrace(2), PTRACE_EVENT_SECCOMP stops (since Linux 4.8)",
       .run = entry_stop_comes_first},
  };
}

std::vector<Scenario> of_lost_tracers() {
  return {
      {.name = "detach",
       .title = "A tracer that detaches in the stop lets this call run; the next one fails with ENOSYS",
       .why = "Whoever detaches has allowed the call, but no other.",
       .source = "kernel/seccomp.c, __seccomp_filter (SECCOMP_RET_TRACE)",
       .run = detach_in_the_stop},
      {.name = "tracer-dies",
       .title = "The death of the tracer in the stop lets this call run; the next one fails with ENOSYS",
       .why = "A supervisor that crashes lets one undecided call through, unless it sets PTRACE_O_EXITKILL.",
       .source = "ptrace(2), Death under ptrace; kernel/seccomp.c, __seccomp_filter (SECCOMP_RET_TRACE)",
       .run = tracer_dies_in_the_stop},
      {.name = "tracer-dies-exitkill",
       .title = "With PTRACE_O_EXITKILL the death of the tracer in the stop kills the tracee, and the call does not run",
       .why = "It is the only way for a supervisor to fail closed.",
       .source = "ptrace(2), PTRACE_O_EXITKILL",
       .run = tracer_dies_and_takes_along},
      {.name = "killed-in-stop",
       .title = "SIGKILL in the stop kills the tracee, and the call does not run",
       .why = "A supervisor that answers with a kill must be sure that the call has not happened.",
       .source = "kernel/seccomp.c, __seccomp_filter (fatal_signal_pending)",
       .also = "kselftest: TRACE_syscall.seccomp.kill_after",
       .run = killed_in_the_stop},
  };
}

}  // namespace

std::vector<Case> trace_cases() {
  std::vector<Scenario> scenarios = {without_tracer(0), without_tracer(7), with_message(0), with_message(7),
                                     with_message(0xFFFF)};
  for (auto part : {of_stops(), of_lost_tracers(), trace_change_scenarios()})
    std::ranges::move(part, std::back_inserter(scenarios));
  return topic("trace", std::move(scenarios));
}

}  // namespace sandgauge
