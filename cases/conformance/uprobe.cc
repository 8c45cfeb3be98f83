// Probes of the kernel in programs: since Linux 6.11 their return, and since 6.18 their entry, is a system call that the
// kernel puts into the program, and no filter may see it.
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <fstream>
#include <string>

#include "base/unique_fd.h"
#include "conformance/proc_files.h"
#include "conformance/strict.h"
#include "conformance/vsyscall_vdso.h"

#if defined(__x86_64__)
// It begins with the instruction of five bytes that does nothing: where the kernel can put a call instead of a breakpoint.
extern "C" int sandgauge_probed(int number);
__asm__(
    ".text\n"
    ".p2align 4\n"
    ".type sandgauge_probed, @function\n"
    "sandgauge_probed:\n"
    "  .byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n"
    "  lea 1(%rdi), %eax\n"
    "  ret\n"
    ".size sandgauge_probed, . - sandgauge_probed\n");
#else
static int sandgauge_probed(int number) { return number + 1; }
#endif

namespace sandgauge {
namespace {

// arch/x86/entry/syscalls/syscall_64.tbl
constexpr std::uint32_t kUretprobe = 335;
constexpr std::uint32_t kUprobe = 336;

/// Where a function lies in the file of this program.
std::uint64_t file_offset(Stage& stage, std::uint64_t address) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    unsigned long long start = 0;
    unsigned long long end = 0;
    unsigned long long offset = 0;
    if (std::sscanf(line.c_str(), "%llx-%llx %*s %llx", &start, &end, &offset) == 3 && address >= start && address < end)
      return address - start + offset;
  }
  stage.broken("the place of a function in /proc/self/maps");
}

/// A probe of this process at the function's entry or return; skips where the machine allows none.
UniqueFd probe(Stage& stage, bool at_return) {
  const std::string type = text_of_file("/sys/bus/event_source/devices/uprobe/type");
  perf_event_attr attributes{};
  if (std::from_chars(type.data(), type.data() + type.size(), attributes.type).ec != std::errc())
    stage.skip("this kernel has no probes of programs (CONFIG_UPROBE_EVENTS), or /sys is not mounted");
  attributes.size = sizeof attributes;
  attributes.config = at_return ? 1 : 0;
  attributes.uprobe_path = reinterpret_cast<std::uintptr_t>("/proc/self/exe");
  attributes.probe_offset = file_offset(stage, reinterpret_cast<std::uintptr_t>(&sandgauge_probed));
  const std::int64_t fd =
      raw_syscall(SYS_perf_event_open, reinterpret_cast<std::intptr_t>(&attributes), 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
  if (fd == -EACCES || fd == -EPERM) stage.skip("this process may not make probes of programs (perf_event_paranoid)");
  if (fd == -ENOSYS || fd == -EOPNOTSUPP || fd == -ENODEV) stage.skip("this machine makes no probes of programs");
  return UniqueFd(static_cast<int>(stage.must("perf_event_open", fd)));
}

std::uint64_t hits(Stage& stage, const UniqueFd& event) {
  std::uint64_t count = 0;
  if (::read(event.get(), &count, sizeof count) != sizeof count) stage.broken("read of a probe's count", errno);
  return count;
}

constexpr int kCalls = 3;  // the first hit of a probe may be a breakpoint still

int call_probed() {
  int number = 40;
  for (int i = 0; i < kCalls; ++i) number = sandgauge_probed(number);
  return number;
}

/// Parameters: 1 at the return; the number of the call that the kernel uses; the action.
void a_filter_does_not_see_it(Stage& stage) {
  stage.exited("a process that calls the function", 0, stage.child([&] {
    const UniqueFd own = probe(stage, stage.parameter(0) != 0);
    stage.load_as_it_is(
        Filter::answer(static_cast<std::uint32_t>(stage.parameter(1)), static_cast<std::uint32_t>(stage.parameter(2))));
    stage.equal("what the function returns", 40 + kCalls, call_probed());
    stage.equal("hits of the probe", kCalls, static_cast<std::int64_t>(hits(stage, own)));
  }));
}

void a_list_without_it(Stage& stage) {
  stage.exited("a process whose filter allows exit_group(2) only", 40 + kCalls, stage.child([&] {
    const UniqueFd own = probe(stage, stage.parameter(0) != 0);
    stage.load(Filter::answer(SYS_exit_group, SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS));
    raw_syscall(SYS_exit_group, call_probed());
  }));
}

void strict_mode_lets_it_run(Stage& stage) {
  stage.exited("a process in strict mode", 40 + kCalls, stage.child([&] {
    const UniqueFd own = probe(stage, stage.parameter(0) != 0);
    enter_strict(stage, StrictBy::seccomp);
    raw_syscall(SYS_exit, call_probed());
  }));
}

/// A call of the number by the program itself.
void its_number_is_a_call(Stage& stage) {
  stage.load(Filter::answer(kUretprobe, SECCOMP_RET_KILL_PROCESS));
  stage.killed("a process that makes the call", SIGSYS, stage.child([&] {
    raw_syscall(kUretprobe);
    stage.never("the call came back");
  }));
}

void its_number_is_not_filtered(Stage& stage) {
  stage.load_as_it_is(Filter::answer(kUretprobe, SECCOMP_RET_KILL_PROCESS));
  stage.killed("a process that makes the call itself", SIGILL, stage.child([&] {
    raw_syscall(kUretprobe);
    stage.never("the call came back");
  }));
}

struct Kind {
  std::string_view name;
  std::string_view text;
  bool at_return;
  std::uint32_t number;
  Requirements needs;
};

struct Denial {
  std::string_view name;
  std::string_view text;
  std::uint32_t value;
};

}  // namespace

std::vector<Scenario> uprobe_scenarios() {
  const std::string source = "kernel/seccomp.c, seccomp_uprobe_exception";
  const std::string why = "An operator who traces a sandboxed program would kill it: the call is his and not the program's.";
  const Kind kinds[] = {
      {"uretprobe",
       "A probe at a function's return",
       true,
       kUretprobe,
       {.since = KernelVersion{6, 14}, .machine = {Abi::x86_64}}},
      {"uprobe", "A probe at a function's entry", false, kUprobe, {.since = KernelVersion{6, 18}, .machine = {Abi::x86_64}}},
      {"uretprobe-breakpoint",
       "A probe at a function's return, which was a breakpoint then,",
       true,
       kUretprobe,
       {.until = KernelVersion{6, 10}}},
  };
  constexpr Denial kDenials[] = {{"kill-process", "KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
                                 {"kill", "KILL", SECCOMP_RET_KILL_THREAD},
                                 {"trap", "TRAP", SECCOMP_RET_TRAP},
                                 {"errno", "ERRNO", SECCOMP_RET_ERRNO | EPERM}};
  std::vector<Scenario> scenarios;
  for (const Kind& kind : kinds) {
    for (const Denial& denial : kDenials)
      scenarios.push_back(
          {.name = fmt::format("{}-{}", kind.name, denial.name),
           .title = fmt::format("{} works under a filter that answers {} to its call", kind.text, denial.text),
           .why = why,
           .source = source,
           .also = denial.value == SECCOMP_RET_KILL_PROCESS ? "kselftest: UPROBE.uprobe_block_syscall" : "",
           .run = a_filter_does_not_see_it,
           .needs = kind.needs,
           .parameters = {kind.at_return ? 1 : 0, kind.number, denial.value}});
    scenarios.push_back(
        {.name = fmt::format("{}-list", kind.name),
         .title = fmt::format("{} works under a filter that kills for every call but exit_group(2)", kind.text),
         .why = why,
         .source = source,
         .run = a_list_without_it,
         .needs = kind.needs,
         .parameters = {kind.at_return ? 1 : 0}});
    scenarios.push_back({.name = fmt::format("{}-strict", kind.name),
                         .title = fmt::format("{} works in strict mode", kind.text),
                         .why = why,
                         .source = "kernel/seccomp.c, mode1_syscalls",
                         .run = strict_mode_lets_it_run,
                         .needs = kind.needs,
                         .parameters = {kind.at_return ? 1 : 0}});
  }
  scenarios.push_back({.name = "uretprobe-number",
                       .title = "A program that calls uretprobe itself meets SIGILL, and no filter",
                       .why = "The exception is for a number; the call must be of no use to a program.",
                       .source = "kernel/seccomp.c, seccomp_uprobe_exception; arch/x86/kernel/uprobes.c, uretprobe",
                       .run = its_number_is_not_filtered,
                       .needs = {.since = KernelVersion{6, 14}, .machine = {Abi::x86_64}}});
  scenarios.push_back({.name = "uretprobe-number-before-6.11",
                       .title = "Number 335 is filtered as every other",
                       .why = "Before there was such a call it was a number as any; an exception for it would be a gap.",
                       .source = "kernel/seccomp.c, __seccomp_filter",
                       .run = its_number_is_a_call,
                       .needs = {.until = KernelVersion{6, 10}, .machine = {Abi::x86_64}}});
  return scenarios;
}

}  // namespace sandgauge
