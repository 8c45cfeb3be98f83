// The vDSO: calls that are answered in the program itself. No filter sees them, whatever it says.
#include <elf.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "conformance/proc_files.h"
#include "conformance/vsyscall_vdso.h"

namespace sandgauge {
namespace {

using Function = long (*)(std::intptr_t, std::intptr_t);

#if defined(__x86_64__)
constexpr std::string_view kPrefix = "__vdso_";
constexpr long kTime = SYS_time;
#else
constexpr std::string_view kPrefix = "__kernel_";
constexpr long kTime = -1;  // there is no such call
#endif

/// A function of the vDSO, found by the section headers of its image; null if there is none.
Function find(std::string_view name) {
  const std::uint64_t base = ::getauxval(AT_SYSINFO_EHDR);
  if (base == 0) return nullptr;
  const auto* header = reinterpret_cast<const Elf64_Ehdr*>(base);
  const auto* sections = reinterpret_cast<const Elf64_Shdr*>(base + header->e_shoff);
  for (unsigned i = 0; i < header->e_shnum; ++i) {
    if (sections[i].sh_type != SHT_DYNSYM) continue;
    const auto* symbols = reinterpret_cast<const Elf64_Sym*>(base + sections[i].sh_offset);
    const auto* names = reinterpret_cast<const char*>(base + sections[sections[i].sh_link].sh_offset);
    for (std::size_t j = 0; j < sections[i].sh_size / sizeof(Elf64_Sym); ++j) {
      const std::string_view symbol = names + symbols[j].st_name;
      if (symbols[j].st_value != 0 && symbol.starts_with(kPrefix) && symbol.substr(kPrefix.size()) == name)
        return reinterpret_cast<Function>(base + symbols[j].st_value);
    }
  }
  return nullptr;
}

Function need(Stage& stage, std::string_view name) {
  const Function function = find(name);
  if (function == nullptr) stage.skip("this kernel's vDSO does not have the function");
  return function;
}

struct Served {
  std::string_view name;
  std::string_view function;
  long number;
  std::int64_t first;  // unless first_is_memory
  bool first_is_memory;
  bool second_is_memory;
  bool exact_clock;  // served only where the processor's counter is the clock
};

constexpr Served kServed[] = {
    {"clock-gettime-coarse", "clock_gettime", SYS_clock_gettime, CLOCK_REALTIME_COARSE, false, true, false},
    {"clock-gettime-monotonic-coarse", "clock_gettime", SYS_clock_gettime, CLOCK_MONOTONIC_COARSE, false, true, false},
    {"clock-gettime-realtime", "clock_gettime", SYS_clock_gettime, CLOCK_REALTIME, false, true, true},
    {"clock-gettime-monotonic", "clock_gettime", SYS_clock_gettime, CLOCK_MONOTONIC, false, true, true},
    {"clock-getres", "clock_getres", SYS_clock_getres, CLOCK_MONOTONIC, false, true, false},
    {"gettimeofday", "gettimeofday", SYS_gettimeofday, 0, true, false, true},
    {"gettimeofday-zone", "gettimeofday", SYS_gettimeofday, 0, false, true, false},
    {"time", "time", kTime, 0, true, false, false},
    {"getcpu", "getcpu", SYS_getcpu, 0, true, false, false},
};

void need_exact_clock(Stage& stage) {
  const std::string clock = text_of_file("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  if (clock != "tsc" && clock != "arch_sys_counter")
    stage.skip("the clock source of this machine may be one that the vDSO cannot read");
}

/// Parameter 0: of kServed.
void the_vdso_is_not_filtered(Stage& stage) {
  const Served& served = kServed[stage.parameter(0)];
  const Function function = need(stage, served.function);
  if (served.exact_clock) need_exact_clock(stage);
  static std::int64_t memory[4];
  const auto address = reinterpret_cast<std::intptr_t>(memory);
  const std::intptr_t first = served.first_is_memory ? address : served.first;
  const std::intptr_t second = served.second_is_memory ? address : 0;
  stage.load(Filter::answer(static_cast<std::uint32_t>(served.number), SECCOMP_RET_KILL_PROCESS));
  stage.succeeds("the vDSO's function", function(first, second));
  stage.killed("a process that makes the call", SIGSYS, stage.child([&] {
    raw_syscall(served.number, first, second);
    stage.never("the call came back");
  }));
}

void its_fallback_is_filtered(Stage& stage) {
  const Function function = need(stage, "clock_gettime");
  timespec time{};
  const auto address = reinterpret_cast<std::intptr_t>(&time);
  stage.load(Filter::answer(SYS_clock_gettime, SECCOMP_RET_ERRNO | EXDEV));
  stage.fails_with("the vDSO's clock_gettime of a clock that it does not know", EXDEV,
                   function(CLOCK_PROCESS_CPUTIME_ID, address));
  stage.equal("the vDSO's clock_gettime of a clock that it knows", 0, function(CLOCK_REALTIME_COARSE, address));
}

}  // namespace

std::vector<Scenario> vdso_scenarios() {
  std::vector<Scenario> scenarios;
  for (std::int64_t i = 0; i < std::ssize(kServed); ++i) {
    const Served& served = kServed[i];
    const bool only_x86 = served.function == "time" || served.function == "getcpu";
    scenarios.push_back(
        {.name = fmt::format("vdso-{}", served.name),
         .title = fmt::format("{} by the vDSO runs under a filter that kills for the call", served.function),
         .why = "A filter cannot take the clock away, and denying the call in vain hides which programs need it.",
         .source = "vdso(7); Documentation/userspace-api/seccomp_filter.rst, Caveats",
         .run = the_vdso_is_not_filtered,
         .needs = {.machine = only_x86 ? std::vector{Abi::x86_64} : std::vector<Abi>{}},
         .parameters = {i}});
  }
  scenarios.push_back({.name = "vdso-fallback",
                       .title = "Where the vDSO cannot answer it makes the call, and the filter answers",
                       .why = "A program runs under a filter on one machine, and on another clock source it does not.",
                       .source = "vdso(7); Documentation/userspace-api/seccomp_filter.rst, Caveats",
                       .run = its_fallback_is_filtered});
  return scenarios;
}

}  // namespace sandgauge
