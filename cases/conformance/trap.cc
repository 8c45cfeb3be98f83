// TRAP: what the handler of SIGSYS is told, and what it may do. What happens without a handler is in trap_deaths.cc.
#include "conformance/trap.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iterator>

#include "conformance/registers.h"
#include "conformance/topics.h"
#include "conformance/tracee.h"
#include "conformance/worker.h"

namespace sandgauge {
namespace {

constexpr std::int64_t kFirst = 0x1234;  // an argument, so that it can be seen where the kernel puts it back
constexpr int kSysSeccomp = 1;           // SYS_SECCOMP, asm-generic/siginfo.h

/// What the handler saw at its last run, and what it is to do.
struct Trapped {
  int runs = 0;
  siginfo_t info = {};
  std::uint64_t instruction_pointer = 0;
  std::uint64_t result = 0;
  std::int64_t thread = 0;
  bool writes = false;
  std::int64_t written = 0;
};
Trapped trapped;

void on_sigsys(int, siginfo_t* info, void* context) {
  auto& registers = *static_cast<ucontext_t*>(context);
  ++trapped.runs;
  trapped.info = *info;
  trapped.instruction_pointer = instruction_pointer(registers);
  trapped.result = result_register(registers);
  trapped.thread = raw_syscall(SYS_gettid);
  if (trapped.writes) set_result_register(registers, trapped.written);
}

void handle_sigsys(int flags = 0) {
  struct sigaction action {};
  action.sa_sigaction = on_sigsys;
  action.sa_flags = SA_SIGINFO | flags;
  ::sigaction(SIGSYS, &action, nullptr);
}

/// Makes getppid(2) under TRAP with this data, with a handler; the result of the call.
std::int64_t trap(Stage& stage, std::uint32_t data = 0) {
  handle_sigsys();
  stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_TRAP | data));
  const std::int64_t result = raw_syscall(SYS_getppid, kFirst);
  stage.equal("runs of the handler", 1, trapped.runs);
  return result;
}

void signal_and_code(Stage& stage) {
  trap(stage);
  stage.equal("si_signo", SIGSYS, trapped.info.si_signo);
  stage.equal("si_code", kSysSeccomp, trapped.info.si_code);
}

void data_is_in_errno(Stage& stage) {
  trap(stage, static_cast<std::uint32_t>(stage.parameter(0)));
  stage.equal("si_errno", stage.parameter(0), trapped.info.si_errno);
}

void number_is_in_syscall(Stage& stage) {
  handle_sigsys();
  const std::int64_t number = stage.parameter(0);
  stage.load(Filter::answer(static_cast<std::uint32_t>(number), SECCOMP_RET_TRAP));
  raw_syscall(number, kFirst);
  stage.equal("runs of the handler", 1, trapped.runs);
  stage.equal("si_syscall", number, trapped.info.si_syscall);
}

void arch_is_told(Stage& stage) {
  trap(stage);
  stage.equal_hex("si_arch", audit_arch(native_abi()), trapped.info.si_arch);
}

void address_is_behind_the_call(Stage& stage) {
  trap(stage);
  const auto address = reinterpret_cast<std::uint64_t>(trapped.info.si_call_addr);
  stage.equal_hex("si_call_addr, and the instruction pointer", trapped.instruction_pointer, address);
  stage.holds("the instruction before it enters the kernel", follows_call_instruction(trapped.info.si_call_addr));
}

void registers_are_turned_back(Stage& stage) {
  const std::int64_t expected = turned_back(SYS_getppid, kFirst);
  const std::int64_t result = trap(stage);
  stage.equal("the result register in the handler", expected, static_cast<std::int64_t>(trapped.result));
  stage.equal("the result of the call", expected, result);
}

void handler_writes_the_result(Stage& stage) {
  trapped.writes = true;
  trapped.written = stage.parameter(0);
  stage.equal("the result of the call", stage.parameter(0), trap(stage));
}

void call_does_not_run(Stage& stage) {
  const auto path = reinterpret_cast<std::intptr_t>("made-by-the-call");
  handle_sigsys();
  stage.load(Filter::answer(SYS_mkdirat, SECCOMP_RET_TRAP));
  raw_syscall(SYS_mkdirat, AT_FDCWD, path, 0700);
  stage.equal("runs of the handler", 1, trapped.runs);
  stage.fails_with("looking for the directory", ENOENT, raw_syscall(SYS_faccessat, AT_FDCWD, path, F_OK));
}

void handler_makes_the_call_itself(Stage& stage) {
  const std::int64_t parent = raw_syscall(SYS_getppid);
  constexpr std::uint32_t kPass = 0x5AFE;
  // The handler's own call carries a pass in its first argument.
  static std::int64_t seen;
  struct sigaction action {};
  action.sa_sigaction = [](int, siginfo_t*, void*) { seen = raw_syscall(SYS_getppid, kPass); };
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGSYS, &action, nullptr);
  Filter filter = Filter::answer_argument(SYS_getppid, 0, kFirst, SECCOMP_RET_TRAP);
  stage.load(filter);
  raw_syscall(SYS_getppid, kFirst);
  stage.equal("the call that the handler made", parent, seen);
}

void restart_is_not_asked_for(Stage& stage) {
  handle_sigsys(SA_RESTART);
  stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_TRAP));
  raw_syscall(SYS_getppid, kFirst);
  stage.equal("runs of the handler", 1, trapped.runs);
}

void handler_runs_for_each_call(Stage& stage) {
  handle_sigsys();
  stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_TRAP));
  for (int i = 1; i <= 3; ++i) {
    raw_syscall(SYS_getppid, kFirst);
    stage.equal("runs of the handler so far", i, trapped.runs);
  }
}

void last_filter_wins(Stage& stage) {
  handle_sigsys();
  for (const int data : {7, 3, 9}) {
    stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_TRAP | static_cast<std::uint32_t>(data)));
    raw_syscall(SYS_getppid, kFirst);
    stage.equal("si_errno when this filter came last", data, trapped.info.si_errno);
  }
}

void calling_thread_gets_it(Stage& stage) {
  handle_sigsys();
  stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_TRAP));
  const std::int64_t first = raw_syscall(SYS_gettid);
  stage.holds("the call came back", returns_in_worker(stage, SYS_getppid, kFirst));
  stage.equal("runs of the handler", 1, trapped.runs);
  stage.holds("it ran in the worker", trapped.thread != first);
}

int nested_runs = 0;

void nested_handler(int) {
  if (++nested_runs == 1) raw_syscall(SYS_getppid, kFirst);
}

void nodefer_lets_it_in_again(Stage& stage) {
  struct sigaction action {};
  action.sa_handler = nested_handler;
  action.sa_flags = SA_NODEFER;
  ::sigaction(SIGSYS, &action, nullptr);
  stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_TRAP));
  raw_syscall(SYS_getppid, kFirst);
  stage.equal("runs of the handler", 2, nested_runs);
}

void tracer_sees_the_signal(Stage& stage) {
  const pid_t tracee = start_tracee(stage, 0, [&] {
    const std::int64_t result = trap(stage, 0xDEAD);
    stage.equal("the result of the call", turned_back(SYS_getppid, kFirst), result);
  });
  if (!stops(stage, "a stop for SIGSYS", SIGSYS, tracee)) return;
  siginfo_t info{};
  stage.must("PTRACE_GETSIGINFO", trace_request(PTRACE_GETSIGINFO, tracee, 0, reinterpret_cast<std::uintptr_t>(&info)));
  stage.equal("si_code", kSysSeccomp, info.si_code);
  stage.equal("si_errno", 0xDEAD, info.si_errno);
  stage.equal("si_syscall", SYS_getppid, info.si_syscall);
  resume(stage, tracee, SIGSYS);
  stage.exited("the tracee", 0, stage.wait_for(tracee));
}

constexpr const char* kSource = "seccomp(2), SECCOMP_RET_TRAP";

Scenario errno_scenario(std::int64_t data) {
  return {.name = fmt::format("errno-{}", data),
          .title = fmt::format("TRAP({}) is told to the handler as si_errno {}", data, data),
          .why = "One handler serves many filters; the data is how it tells them apart.",
          .source = kSource,
          .also = "kselftest: TRAP.handler",
          .run = data_is_in_errno,
          .parameters = {data}};
}

Scenario number_scenario(std::string name, std::int64_t number, std::string what) {
  return {.name = std::move(name),
          .title = fmt::format("si_syscall is the number of the call: {}", what),
          .why = "A handler that does the calls itself must know which one it is.",
          .source = kSource,
          .also = "kselftest: TRAP.handler",
          .run = number_is_in_syscall,
          .parameters = {number}};
}

Scenario write_scenario(std::string name, std::int64_t value, std::string what) {
  return {.name = std::move(name),
          .title = fmt::format("The handler writes the result register, and the call returns {}", what),
          .why = "Sandboxes that make calls on behalf of their program give the results back this way.",
          .source = "seccomp(2), SECCOMP_RET_TRAP",
          .run = handler_writes_the_result,
          .parameters = {value}};
}

std::vector<Scenario> of_siginfo() {
  return {
      {.name = "signal",
       .title = "The handler is told SIGSYS with si_code SYS_SECCOMP, 1",
       .why = "A handler must tell a trapped call from a SIGSYS that another process sent.",
       .source = kSource,
       .also = "kselftest: TRAP.handler; gVisor: RetTrapCausesSIGSYS; libseccomp: 20-live-basic_die",
       .run = signal_and_code},
      errno_scenario(0),
      errno_scenario(1),
      errno_scenario(0xDEAD),
      errno_scenario(0xFFFF),
      number_scenario("number", SYS_getppid, "getppid"),
      number_scenario("number-unknown", 9999, "9999, which no kernel has"),
      {.name = "arch",
       .title = "si_arch is the AUDIT_ARCH of the call",
       .why = "The same number is another call under another arch.",
       .source = kSource,
       .also = "kselftest: TRAP.handler",
       .run = arch_is_told},
      {.name = "call-address",
       .title = "si_call_addr is the instruction pointer: the address behind the call",
       .why = "Address-based policies and crash reports look for the caller there.",
       .source = kSource,
       .also = "kselftest: TRAP.handler",
       .run = address_is_behind_the_call},
      {.name = "tracer",
       .title = "A tracer sees the SIGSYS with the same siginfo before the handler does, and passes it on",
       .why = "Debuggers find the denied call here.",
       .source = "ptrace(2), Signal-delivery-stop; seccomp(2), SECCOMP_RET_TRAP",
       .run = tracer_sees_the_signal},
  };
}

std::vector<Scenario> of_results() {
  return {
      {.name = "result-untouched",
       .title = "The result register holds what it held before the call, and the call returns that",
       .why = "A handler that forgets the result hands out a call number (x86) or an argument (arm64) as one.",
       .source = "kernel/seccomp.c, __seccomp_filter (syscall_rollback)",
       .also = "gVisor: RetTrapCausesSIGSYS",
       .run = registers_are_turned_back},
      write_scenario("result-written", 4242, "4242"),
      write_scenario("result-errno", -EPERM, "-EPERM"),
      write_scenario("result-zero", 0, "0"),
      write_scenario("result-wide", 0x7FFF'1234'5678, "a value of 48 bits"),
      {.name = "no-call",
       .title = "TRAP on mkdirat(2): no directory is made",
       .why = "A trapped call that has happened all the same would be no confinement.",
       .source = kSource,
       .also = "kselftest: TRAP.handler",
       .run = call_does_not_run},
      {.name = "handler-calls",
       .title = "The handler can make the call itself, with arguments that the filter allows",
       .why = "A broker in the process works this way: the handler checks, and then does what was asked.",
       .source = kSource,
       .run = handler_makes_the_call_itself},
  };
}

std::vector<Scenario> of_delivery() {
  return {
      {.name = "no-restart",
       .title = "A handler with SA_RESTART runs once: the call is not made again",
       .why = "A restart would trap again, for ever.",
       .source = "signal(7), Interruption of system calls; seccomp(2), SECCOMP_RET_TRAP",
       .run = restart_is_not_asked_for},
      {.name = "each-call",
       .title = "Each trapped call runs the handler once",
       .why = "A lost or doubled signal would be a lost or doubled call for a handler that makes the calls.",
       .source = kSource,
       .run = handler_runs_for_each_call},
      {.name = "last-filter",
       .title = "Of several TRAP filters the one loaded last gives si_errno",
       .why = "A filter that is added to a running sandbox must be able to name itself.",
       .source = "seccomp(2), Return value of filters; kernel/seccomp.c, seccomp_run_filters",
       .run = last_filter_wins},
      {.name = "calling-thread",
       .title = "The thread that made the call runs the handler",
       .why = "Another thread's registers would be changed instead.",
       .source = "seccomp(2), SECCOMP_RET_TRAP (thread-directed)",
       .run = calling_thread_gets_it},
      {.name = "nested-nodefer",
       .title = "With SA_NODEFER a call trapped inside the handler runs the handler again",
       .why = "A handler whose C library makes a trapped call survives only so.",
       .source = "sigaction(2), SA_NODEFER",
       .run = nodefer_lets_it_in_again},
  };
}

}  // namespace

std::vector<Case> trap_cases() {
  std::vector<Scenario> scenarios = of_siginfo();
  for (auto part : {of_results(), of_delivery(), trap_death_scenarios()})
    std::ranges::move(part, std::back_inserter(scenarios));
  return topic("trap", std::move(scenarios));
}

}  // namespace sandgauge
