// Strict mode on x86: the calls of the other ABIs, and the time-stamp counter, which strict mode takes away.
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>

#include "conformance/asked_listener.h"
#include "conformance/sibling.h"
#include "conformance/strict.h"
#include "conformance/strict_mode.h"
#include "probe/raw_call.h"

namespace sandgauge {
namespace {

/// Reads the time-stamp counter by RDTSC (0) or RDTSCP (1).
std::uint64_t time_stamp([[maybe_unused]] std::int64_t by) {
#if defined(__x86_64__)
  unsigned processor = 0;
  return by == 0 ? __builtin_ia32_rdtsc() : __builtin_ia32_rdtscp(&processor);
#else
  return 0;
#endif
}

void the_counter_is_gone(Stage& stage) {
  const std::int64_t by = stage.parameter(0);
  stage.holds("the counter before strict mode is not zero", time_stamp(by) != 0);
  const int status = stage.child([&] {
    enter_strict(stage, StrictBy::seccomp);
    [[maybe_unused]] const volatile std::uint64_t now = time_stamp(by);
    stage.never("the instruction came back");
    raw_syscall(SYS_exit, 0);
  });
  stage.killed("the process", SIGSEGV, status);
}

void a_filter_leaves_the_counter(Stage& stage) {
  stage.load_as_it_is(Filter::always(SECCOMP_RET_ALLOW));
  stage.holds("the counter under a filter is not zero", time_stamp(stage.parameter(0)) != 0);
}

void others_keep_the_counter(Stage& stage) {
  Sibling strict(stage);
  strict.run([&] { enter_strict(stage, StrictBy::seccomp); });
  stage.holds("the counter in the other thread is not zero", time_stamp(0) != 0);
}

// Of the i386 table, arch/x86/entry/syscalls/syscall_32.tbl.
constexpr std::int32_t kRead = 3;
constexpr std::int32_t kWrite = 4;
constexpr std::int32_t kExit = 1;

std::int64_t call_i386(std::int64_t number, std::uint64_t a = 0, std::uint64_t b = 0, std::uint64_t c = 0) {
  const std::uint64_t args[6] = {a, b, c};
  return raw_call(Abi::i386, static_cast<std::int32_t>(number), args);
}

/// One byte of memory that a 32-bit pointer reaches.
char* low_byte([[maybe_unused]] Stage& stage) {
#if defined(MAP_32BIT)
  void* memory = ::mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (memory == MAP_FAILED) stage.broken("mmap of memory below 2 GiB", errno);
  return static_cast<char*>(memory);
#else
  return nullptr;
#endif
}

void i386_read_runs(Stage& stage) {
  Pipe to(stage);
  say(to.in.get());
  char* byte = low_byte(stage);
  *byte = 'x';
  stage.exited("the process", 0, stage.child([&] {
    enter_strict(stage, StrictBy::seccomp);
    const auto fd = static_cast<std::uint64_t>(to.out.get());
    stage.equal("read", 1, call_i386(kRead, fd, reinterpret_cast<std::uintptr_t>(byte), 1));
    stage.holds("the byte is the one that was sent", *byte != 'x');
    raw_syscall(SYS_exit, 0);
  }));
}

void i386_write_runs(Stage& stage) {
  Pipe from(stage);
  char* byte = low_byte(stage);
  *byte = 'w';
  stage.exited("the process", 0, stage.child([&] {
    enter_strict(stage, StrictBy::seccomp);
    const auto fd = static_cast<std::uint64_t>(from.in.get());
    stage.equal("write", 1, call_i386(kWrite, fd, reinterpret_cast<std::uintptr_t>(byte), 1));
    raw_syscall(SYS_exit, 0);
  }));
  char seen = 0;
  from.in.reset();
  stage.equal("bytes that arrived", 1, raw_syscall(SYS_read, from.out.get(), reinterpret_cast<std::intptr_t>(&seen), 1));
  stage.equal("what arrived", 'w', seen);
}

void i386_exit_runs(Stage& stage) {
  stage.exited("the process", 8, stage.child([&] {
    enter_strict(stage, StrictBy::seccomp);
    call_i386(kExit, 8);
    stage.never("exit came back");
    raw_syscall(SYS_exit, 0);
  }));
}

void a_foreign_call_is_killed(Stage& stage) {
  const std::uint64_t args[6] = {};
  const int status = stage.child([&] {
    enter_strict(stage, StrictBy::seccomp);
    raw_call(static_cast<Abi>(stage.parameter(0)), static_cast<std::int32_t>(stage.parameter(1)), args);
    stage.never("the call came back");
    raw_syscall(SYS_exit, 0);
  });
  stage.killed("the process", SIGKILL, status);
}

struct Killed {
  std::string_view name;
  std::string_view text;
  Abi abi;
  std::int64_t number;
};

constexpr Killed kKilled[] = {
    {"i386-getpid", "getpid by int 0x80 (20)", Abi::i386, 20},
    {"i386-exit-group", "exit_group by int 0x80 (252)", Abi::i386, 252},
    {"i386-restart-syscall", "number 0 by int 0x80, which is read(2) by syscall,", Abi::i386, 0},
    {"i386-close", "close by int 0x80 (6)", Abi::i386, 6},
    {"i386-open", "open by int 0x80 (5)", Abi::i386, 5},
    {"i386-rt-sigreturn", "rt_sigreturn by int 0x80 (173), where only sigreturn (119) is in the list,", Abi::i386, 173},
    {"i386-number-60", "number 60 by int 0x80, which is exit(2) by syscall,", Abi::i386, 60},
    {"x32-read", "read(2) with the bit of x32", Abi::x32, 0},
    {"x32-write", "write(2) with the bit of x32", Abi::x32, 1},
    {"x32-exit", "exit(2) with the bit of x32", Abi::x32, 60},
};

void add_killed(std::vector<Scenario>& scenarios) {
  for (const Killed& call : kKilled) {
    const bool is_i386 = call.abi == Abi::i386;
    scenarios.push_back({.name = std::string(call.name),
                         .title = fmt::format("In strict mode {} is killed by SIGKILL", call.text),
                         .why = is_i386 ? "Each ABI has its own numbers; a list of the wrong one would allow other calls."
                                        : "Numbers with the bit are not in the list, whether or not the kernel has x32.",
                         .source = "kernel/seccomp.c, __secure_computing_strict; arch/x86/include/asm/seccomp.h",
                         .run = a_foreign_call_is_killed,
                         .needs = {.machine = {Abi::x86_64}, .abis = is_i386 ? std::vector{Abi::i386} : std::vector<Abi>{}},
                         .parameters = {static_cast<std::int64_t>(call.abi), call.number}});
  }
}

std::vector<Scenario> of_the_counter() {
  const std::string why =
      "A precise clock is what side channels are read with; strict mode is for code that is not trusted.";
  const std::string source = "kernel/seccomp.c, seccomp_set_mode_strict (disable_TSC); prctl(2), PR_SET_TSC";
  return {
      {.name = "rdtsc",
       .title = "RDTSC in strict mode dies of SIGSEGV",
       .why = why,
       .source = source,
       .run = the_counter_is_gone,
       .needs = {.machine = {Abi::x86_64}},
       .parameters = {0}},
      {.name = "rdtscp",
       .title = "RDTSCP in strict mode dies of SIGSEGV",
       .why = why,
       .source = source,
       .run = the_counter_is_gone,
       .needs = {.machine = {Abi::x86_64}},
       .parameters = {1}},
      {.name = "rdtsc-under-filter",
       .title = "RDTSC under a filter runs",
       .why = "Only strict mode takes the counter away; a filter that did would break clock_gettime(2) of every container.",
       .source = source,
       .run = a_filter_leaves_the_counter,
       .needs = {.machine = {Abi::x86_64}},
       .parameters = {0}},
      {.name = "rdtsc-of-others",
       .title = "RDTSC runs in a thread beside one in strict mode",
       .why = "Strict mode is for one thread; the others' clocks would stop with it.",
       .source = source,
       .run = others_keep_the_counter,
       .needs = {.machine = {Abi::x86_64}}},
  };
}

std::vector<Scenario> of_int80() {
  const Requirements needs = {.machine = {Abi::x86_64}, .abis = {Abi::i386}};
  const std::string why = "A 32-bit part of a program is to have the same four calls.";
  const std::string source = "seccomp(2), SECCOMP_SET_MODE_STRICT; arch/x86/include/asm/seccomp.h, __NR_seccomp_*_32";
  return {
      {.name = "i386-read",
       .title = "In strict mode read by int 0x80 (3) runs",
       .why = why,
       .source = source,
       .run = i386_read_runs,
       .needs = needs},
      {.name = "i386-write",
       .title = "In strict mode write by int 0x80 (4) runs",
       .why = why,
       .source = source,
       .run = i386_write_runs,
       .needs = needs},
      {.name = "i386-exit",
       .title = "In strict mode exit by int 0x80 (1) runs, with its code",
       .why = why,
       .source = source,
       .run = i386_exit_runs,
       .needs = needs},
  };
}

}  // namespace

std::vector<Scenario> strict_mode_x86_scenarios() {
  std::vector<Scenario> scenarios;
  for (auto part : {of_the_counter(), of_int80()})
    for (Scenario& scenario : part) scenarios.push_back(std::move(scenario));
  add_killed(scenarios);
  return scenarios;
}

}  // namespace sandgauge
