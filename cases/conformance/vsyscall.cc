// The vsyscall page of x86_64: three calls at fixed addresses, which the kernel emulates and filters as calls.
#include <pthread.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <string>

#include "conformance/asked_listener.h"
#include "conformance/data_filter.h"
#include "conformance/registers.h"
#include "conformance/strict.h"
#include "conformance/tracee.h"
#include "conformance/vsyscall_vdso.h"

namespace sandgauge {
namespace {

constexpr std::uint32_t kDenied = SECCOMP_RET_ERRNO | EIO;

// arch/x86/entry/vsyscall/vsyscall_emu_64.S, and the numbers of the x86_64 table
constexpr std::uint64_t kGettimeofdayEntry = 0xffffffffff600000;
constexpr std::uint64_t kTimeEntry = 0xffffffffff600400;
constexpr std::uint64_t kGetcpuEntry = 0xffffffffff600800;
constexpr long kGettimeofday = 96;
constexpr long kTime = 201;
constexpr long kGetcpu = 309;

struct VsyscallResult {
  std::int64_t result;
  std::uint64_t return_address;
};

/// Calls into the page. The stack pointer steps over the red zone: the compiler does not know that this is a call.
__attribute__((noinline)) VsyscallResult enter([[maybe_unused]] std::uint64_t entry, [[maybe_unused]] std::uint64_t a = 0,
                                               [[maybe_unused]] std::uint64_t b = 0) {
  VsyscallResult done{-ENOSYS, 0};
#if defined(__x86_64__)
  register std::uint64_t after __asm__("r12") = 0;
  register std::uint64_t target __asm__("r13") = entry;
  __asm__ volatile(
      "add $-128, %%rsp\n\t"
      "lea 1f(%%rip), %1\n\t"
      "call *%2\n"
      "1:\n\t"
      "sub $-128, %%rsp"
      : "=a"(done.result), "=&r"(after)
      : "r"(target), "D"(a), "S"(b), "d"(0)
      : "rcx", "r8", "r9", "r10", "r11", "memory", "cc");
  done.return_address = after;
#endif
  return done;
}

void need_page(Stage& stage) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (!line.ends_with("[vsyscall]")) continue;
    const std::size_t blank = line.find(' ');
    if (line.substr(blank + 1, 4).find('x') != std::string::npos) return;
  }
  stage.skip("this process has no executable [vsyscall] page (vsyscall=none, or not permitted)");
}

std::int64_t real_time() { return raw_syscall(kTime); }

void time_runs(Stage& stage) {
  need_page(stage);
  stage.load_as_it_is(Filter::always(SECCOMP_RET_ALLOW));
  const std::int64_t before = real_time();
  const std::int64_t seen = enter(kTimeEntry).result;
  const std::int64_t after = real_time();
  stage.holds("the page's time lies between two calls of time(2)", before <= seen && seen <= after);
}

/// Parameters: the entry, the call's number, the errno.
void errno_is_returned(Stage& stage) {
  need_page(stage);
  constexpr std::int64_t kUntouched = 0x5A5A5A5A5A5A5A5A;
  static std::int64_t memory[2] = {kUntouched, kUntouched};  // a timeval, a time_t or the number of a processor
  stage.load(Filter::answer(static_cast<std::uint32_t>(stage.parameter(1)),
                            SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(stage.parameter(2))));
  const auto entry = static_cast<std::uint64_t>(stage.parameter(0));
  stage.equal("the call into the page", -stage.parameter(2), enter(entry, reinterpret_cast<std::uintptr_t>(memory)).result);
  stage.holds("the memory for its result is untouched", memory[0] == kUntouched && memory[1] == kUntouched);
}

void the_pointer_is_in_the_page(Stage& stage) {
  need_page(stage);
  const auto entry = static_cast<std::uint64_t>(stage.parameter(0));
  const auto number = static_cast<std::uint32_t>(stage.parameter(1));
  stage.load(word_filter(
      number,
      {{kArchWord, audit_arch(Abi::x86_64)}, {kLowPointerWord, low_half(entry)}, {kHighPointerWord, high_half(entry)}},
      kDenied));
  stage.fails_with("the call into the page", EIO, enter(entry).result);
  stage.succeeds("the call by syscall", raw_syscall(number));
}

struct Trapped {
  int runs;
  siginfo_t info;
  std::uint64_t instruction_pointer;
  std::uint64_t result;
};
Trapped trapped;

void on_sigsys(int, siginfo_t* info, void* context) {
  const auto& registers = *static_cast<const ucontext_t*>(context);
  ++trapped.runs;
  trapped.info = *info;
  trapped.instruction_pointer = instruction_pointer(registers);
  trapped.result = result_register(registers);
}

void trap_names_the_entry(Stage& stage) {
  need_page(stage);
  const auto entry = static_cast<std::uint64_t>(stage.parameter(0));
  const std::int64_t number = stage.parameter(1);
  struct sigaction action {};
  action.sa_sigaction = on_sigsys;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGSYS, &action, nullptr);
  stage.load(Filter::answer(static_cast<std::uint32_t>(number), SECCOMP_RET_TRAP | 0xdead));
  const VsyscallResult done = enter(entry);
  stage.equal("runs of the handler", 1, trapped.runs);
  stage.equal("si_code", 1, trapped.info.si_code);
  stage.equal("si_errno", 0xdead, trapped.info.si_errno);
  stage.equal("si_syscall", number, trapped.info.si_syscall);
  stage.equal_hex("si_arch", audit_arch(Abi::x86_64), trapped.info.si_arch);
  stage.equal_hex("si_call_addr", entry, reinterpret_cast<std::uintptr_t>(trapped.info.si_call_addr));
  stage.equal_hex("RIP in the handler, behind the call into the page", done.return_address, trapped.instruction_pointer);
  stage.equal("RAX in the handler", number, static_cast<std::int64_t>(trapped.result));
  stage.equal("what the call returns", number, done.result);
}

/// Parameters: the entry, the call's number.
void it_is_killed(Stage& stage) {
  need_page(stage);
  stage.load(Filter::answer(static_cast<std::uint32_t>(stage.parameter(1)), SECCOMP_RET_KILL_PROCESS));
  stage.killed("a process that calls into the page", SIGSYS, stage.child([&] {
    enter(static_cast<std::uint64_t>(stage.parameter(0)));
    stage.never("the call came back");
  }));
}

void* enter_in_worker(void* entry) {
  enter(reinterpret_cast<std::uintptr_t>(entry));
  return entry;
}

/// Parameters: the entry, the call's number.
void a_worker_is_killed_alone(Stage& stage) {
  need_page(stage);
  stage.load(Filter::answer(static_cast<std::uint32_t>(stage.parameter(1)), SECCOMP_RET_KILL_THREAD));
  const int status = stage.child([&] {
    auto* entry = reinterpret_cast<void*>(stage.parameter(0));
    pthread_t worker{};
    stage.must("pthread_create", -pthread_create(&worker, nullptr, enter_in_worker, entry));
    void* result = entry;
    stage.must("pthread_join", -pthread_join(worker, &result));
    stage.holds("joining the worker gives NULL", result == nullptr);
    stage.end(42);
  });
  stage.exited("the process", 42, status);
}

void strict_mode_kills(Stage& stage) {
  need_page(stage);
  stage.killed("a process that calls into the page", SIGKILL, stage.child([&] {
    enter_strict(stage, StrictBy::seccomp);
    enter(kTimeEntry);
    stage.never("the call came back");
    raw_syscall(SYS_exit, 0);
  }));
}

void the_listener_answers(Stage& stage) {
  need_page(stage);
  AskedListener listener(stage, {.number = kTime});
  Caller caller(listener, [&] { stage.equal("the call into the page", 4242, enter(kTimeEntry).result); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  stage.equal("nr in the notification", kTime, request.data.nr);
  stage.equal_hex("instruction_pointer in the notification", kTimeEntry, request.data.instruction_pointer);
  stage.succeeds("the reply", listener.reply({.id = request.id, .val = 4242, .error = 0, .flags = 0}));
  stage.exited("the caller", 0, caller.end());
}

enum class TracerDoes : std::int64_t { nothing, skip, change };

void the_tracer_may_skip(Stage& stage) {
  need_page(stage);
  const auto does = static_cast<TracerDoes>(stage.parameter(0));
  const pid_t tracee = start_tracee(stage, PTRACE_O_TRACESECCOMP, [&] {
    stage.load(Filter::answer(kTime, SECCOMP_RET_TRACE | 7));
    const std::int64_t seen = enter(kTimeEntry).result;
    if (does == TracerDoes::nothing) stage.holds("the time is not before 2020", seen > 1'577'836'800);
    if (does == TracerDoes::skip) stage.equal("the call into the page", 77, seen);
    if (does == TracerDoes::change) stage.never("the call came back");
  });
  if (!stops(stage, "status >> 8", kSeccompStop, tracee)) return;
  __ptrace_syscall_info info{};
  stage.must("PTRACE_GET_SYSCALL_INFO",
             trace_request(PTRACE_GET_SYSCALL_INFO, tracee, sizeof info, reinterpret_cast<std::uintptr_t>(&info)));
  stage.equal_hex("instruction_pointer that the tracer sees", kTimeEntry, info.instruction_pointer);
  bool set = true;
  if (does == TracerDoes::skip) set = drop_call(tracee, 77);
  if (does == TracerDoes::change) set = set_call(tracee, SYS_getpid);
  if (!set) stage.broken("PTRACE_SETREGSET", errno);
  resume(stage, tracee);
  const int status = stage.wait_for(tracee);
  if (does == TracerDoes::change)
    stage.killed("the tracee", SIGSYS, status);
  else
    stage.exited("the tracee", 0, status);
}

struct PageEntry {
  std::string_view name;
  std::uint64_t address;
  long number;
};

constexpr PageEntry kEntries[] = {
    {"gettimeofday", kGettimeofdayEntry, kGettimeofday}, {"time", kTimeEntry, kTime}, {"getcpu", kGetcpuEntry, kGetcpu}};

constexpr std::string_view kEmulate = "arch/x86/entry/vsyscall/vsyscall_64.c, emulate_vsyscall";
constexpr std::string_view kCaveats = "Documentation/userspace-api/seccomp_filter.rst, Caveats";
constexpr std::string_view kWhy = "Old programs call into the page; a filter that did not hold there could be passed by it.";
const Requirements kNeeds = {.machine = {Abi::x86_64}};

void add_entry(std::vector<Scenario>& scenarios, const PageEntry& entry) {
  const std::vector<std::int64_t> place = {static_cast<std::int64_t>(entry.address), entry.number};
  for (const std::int64_t error : {0, 5, 4095}) {
    std::vector<std::int64_t> parameters = place;
    parameters.push_back(error);
    scenarios.push_back({.name = fmt::format("vsyscall-{}-errno-{}", entry.name, error),
                         .title = fmt::format("ERRNO({}) of {} by the vsyscall page returns {}", error, entry.name, -error),
                         .why = std::string(kWhy),
                         .source = std::string(kEmulate),
                         .also = entry.address == kTimeEntry && error == 5 ? "gVisor: SeccompAppliesToVsyscall" : "",
                         .run = errno_is_returned,
                         .needs = kNeeds,
                         .parameters = parameters});
  }
  scenarios.push_back(
      {.name = fmt::format("vsyscall-{}-pointer", entry.name),
       .title = fmt::format("instruction_pointer of {} by the vsyscall page is {:#x}", entry.name, entry.address),
       .why = "A filter that allows calls from one library only must know the page's addresses.",
       .source = std::string(kEmulate),
       .run = the_pointer_is_in_the_page,
       .needs = kNeeds,
       .parameters = place});
  scenarios.push_back({.name = fmt::format("vsyscall-{}-trap", entry.name),
                       .title = fmt::format("TRAP of {} by the vsyscall page has si_call_addr {:#x} and another RIP",
                                            entry.name, entry.address),
                       .why = "A handler that goes back to RIP must know that the page's return has been made already.",
                       .source = std::string(kCaveats),
                       .also = entry.address == kTimeEntry ? "gVisor: SeccompAppliesToVsyscall" : "",
                       .run = trap_names_the_entry,
                       .needs = kNeeds,
                       .parameters = place});
  scenarios.push_back({.name = fmt::format("vsyscall-{}-kill", entry.name),
                       .title = fmt::format("KILL_PROCESS of {} by the vsyscall page kills", entry.name),
                       .why = std::string(kWhy),
                       .source = std::string(kEmulate),
                       .also = entry.address == kTimeEntry ? "gVisor: RetKillVsyscallCausesDeathBySIGSYS" : "",
                       .run = it_is_killed,
                       .needs = kNeeds,
                       .parameters = place});
  scenarios.push_back({.name = fmt::format("vsyscall-{}-kill-thread", entry.name),
                       .title = fmt::format("KILL of {} by the vsyscall page kills the calling thread alone", entry.name),
                       .why = std::string(kWhy),
                       .source = std::string(kEmulate),
                       .run = a_worker_is_killed_alone,
                       .needs = kNeeds,
                       .parameters = place});
}

void add_tracers(std::vector<Scenario>& scenarios) {
  struct Row {
    std::string_view name;
    std::string_view title;
    TracerDoes does;
  };
  constexpr Row kRows[] = {
      {"vsyscall-trace", "A tracer of a call by the vsyscall page sees the entry, and the call runs if it changes nothing",
       TracerDoes::nothing},
      {"vsyscall-trace-skip", "A tracer may skip a call by the vsyscall page, and say what it returns", TracerDoes::skip},
      {"vsyscall-trace-change",
       "A tracer that makes another call of one by the vsyscall page has the program killed by SIGSYS", TracerDoes::change},
  };
  for (const Row& row : kRows)
    scenarios.push_back({.name = std::string(row.name),
                         .title = std::string(row.title),
                         .why = "The page can do three things only; a tracer must not make it a way to others.",
                         .source = std::string(kCaveats),
                         .run = the_tracer_may_skip,
                         .needs = kNeeds,
                         .parameters = {static_cast<std::int64_t>(row.does)}});
}

}  // namespace

std::vector<Scenario> vsyscall_scenarios() {
  std::vector<Scenario> scenarios = {
      {.name = "vsyscall-allow",
       .title = "A call by the vsyscall page that is allowed runs",
       .why = "Old programs must run in containers.",
       .source = std::string(kEmulate),
       .run = time_runs,
       .needs = kNeeds},
      {.name = "vsyscall-notify",
       .title = "A listener is asked about a call by the vsyscall page, and its answer is what the call returns",
       .why = "A supervisor that sets the clock of a container must be asked on this way too.",
       .source = std::string(kEmulate),
       .run = the_listener_answers,
       .needs = kNeeds},
      {.name = "vsyscall-strict",
       .title = "A call by the vsyscall page in strict mode is killed by SIGKILL",
       .why = "The page is not among the four calls.",
       .source = std::string(kEmulate),
       .run = strict_mode_kills,
       .needs = kNeeds},
  };
  for (const PageEntry& entry : kEntries) add_entry(scenarios, entry);
  add_tracers(scenarios);
  return scenarios;
}

}  // namespace sandgauge
