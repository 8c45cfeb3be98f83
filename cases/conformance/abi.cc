// Which call it is: number, architecture and place, as a filter sees them, for every entry into the kernel. The entry of
// 32-bit programs is in abi_i386.cc.
#include "conformance/abi.h"

#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iterator>

#include "conformance/call_site.h"
#include "conformance/data_filter.h"
#include "conformance/topics.h"
#include "probe/raw_call.h"
#include "probe/sigsys.h"

namespace sandgauge {
namespace {

constexpr std::uint32_t kDenied = SECCOMP_RET_ERRNO | EXDEV;
constexpr std::int32_t kGetpid = 39;  // of the x86_64 and x32 tables

std::int64_t call_x32(std::int32_t number) {
  const std::uint64_t args[6] = {};
  return raw_call(Abi::x32, number, args);
}

std::int64_t native_call(std::int32_t number) {
  const std::uint64_t args[6] = {};
  return raw_call(native_abi(), number, args);
}

/// What a call of x32 gives where no filter stops it.
std::int64_t x32_getpid(const Stage& stage) {
  return stage.host().abis.contains(Abi::x32) ? raw_syscall(SYS_getpid) : -ENOSYS;
}

void native_arch(Stage& stage) {
  stage.load(word_filter(SYS_getppid, {{kArchWord, audit_arch(native_abi())}}, kDenied));
  stage.fails_with("getppid", EXDEV, raw_syscall(SYS_getppid));
}

void native_arch_of_sigsys(Stage& stage) {
  static CallFacts facts;
  const std::uint64_t args[6] = {};
  record_sigsys(&facts);
  stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_TRAP));
  make_call(&facts, native_abi(), SYS_getppid, args);
  stage.equal("runs of the handler", 1, facts.handler_runs);
  stage.equal_hex("si_arch", audit_arch(native_abi()), facts.sigsys.arch);
  stage.equal("si_syscall", SYS_getppid, facts.sigsys.syscall);
}

void the_pointer_is_after_the_call(Stage& stage) {
  const std::int64_t parent = raw_syscall(SYS_getppid);
  const std::uint64_t after = address_after_call(Entry::native);
  stage.load(word_filter(SYS_getppid, {{kLowPointerWord, low_half(after)}, {kHighPointerWord, high_half(after)}}, kDenied));
  stage.fails_with("the call at the place", EXDEV, call_at_known_place(Entry::native, SYS_getppid));
  stage.equal("the same call at another place", parent, raw_syscall(SYS_getppid));
}

void the_pointer_is_not_at_the_call(Stage& stage) {
  const std::int64_t parent = raw_syscall(SYS_getppid);
  const std::uint64_t after = address_after_call(Entry::native);
  for (const std::uint64_t address : {after - 4, after - 2, after - 1, after + 1})
    stage.load_as_it_is(
        word_filter(SYS_getppid, {{kLowPointerWord, low_half(address)}, {kHighPointerWord, high_half(address)}}, kDenied));
  stage.equal("getppid", parent, call_at_known_place(Entry::native, SYS_getppid));
}

/// Parameter 0: the number, which no kernel has.
void a_number_is_matched(Stage& stage) {
  const auto number = static_cast<std::int32_t>(stage.parameter(0));
  stage.fails_with("the call without a filter", ENOSYS, native_call(number));
  stage.load(Filter::answer(static_cast<std::uint32_t>(number), kDenied));
  stage.fails_with("the call", EXDEV, native_call(number));
  stage.fails_with("the call with the next number", ENOSYS, native_call(number ^ 1));
}

void a_number_is_killed_for(Stage& stage) {
  const auto number = static_cast<std::int32_t>(stage.parameter(0));
  stage.load(Filter::answer(static_cast<std::uint32_t>(number), SECCOMP_RET_KILL_PROCESS));
  stage.killed("a process that made the call", SIGSYS, stage.child([&] {
    native_call(number);
    stage.never("the call came back");
  }));
}

void numbers_are_unsigned(Stage& stage) {
  stage.load(Filter::of({load_word(offsetof(seccomp_data, nr)), BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x80000000, 0, 1),
                         BPF_STMT(BPF_RET | BPF_K, kDenied), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)},
                        2));
  stage.fails_with("call -1", EXDEV, native_call(-1));
  stage.fails_with("the call with the lowest number", EXDEV, native_call(INT32_MIN));
  stage.succeeds("getppid", raw_syscall(SYS_getppid));
}

/// Parameter 0: what is in the high half of RAX.
void a_wide_number_is_cut(Stage& stage) {
  const std::uint64_t wide = static_cast<std::uint64_t>(stage.parameter(0)) << 32 | SYS_getppid;
  stage.load(Filter::answer(SYS_getppid, kDenied));
  stage.fails_with("getppid", EXDEV, call_with_wide_number(SYS_getppid));
  stage.fails_with("getppid with a high half", EXDEV, call_with_wide_number(wide));
}

void x32_has_its_bit(Stage& stage) {
  stage.equal("getpid of x32 without a filter", x32_getpid(stage), call_x32(kGetpid));
  stage.load(Filter::answer(kX32Bit | kGetpid, kDenied));
  stage.fails_with("getpid of x32", EXDEV, call_x32(kGetpid));
  stage.equal("getpid of x86_64", raw_syscall(SYS_gettid), raw_syscall(SYS_getpid));
}

void x32_has_the_arch_of_x86_64(Stage& stage) {
  stage.load(word_filter(kX32Bit | kGetpid, {{kArchWord, audit_arch(Abi::x86_64)}}, kDenied));
  stage.fails_with("getpid of x32", EXDEV, call_x32(kGetpid));
}

void x32_passes_a_list_of_x86_64(Stage& stage) {
  stage.load_as_it_is(word_filter(kGetpid, {{kArchWord, audit_arch(Abi::x86_64)}}, kDenied));
  stage.fails_with("getpid of x86_64", EXDEV, raw_syscall(SYS_getpid));
  stage.equal("getpid of x32", x32_getpid(stage), call_x32(kGetpid));
}

void x32_is_kept_out_by_its_bit(Stage& stage) {
  stage.load(Filter::of({load_word(offsetof(seccomp_data, nr)), BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kX32Bit, 0, 1),
                         BPF_STMT(BPF_RET | BPF_K, kDenied), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)},
                        2));
  stage.fails_with("getpid of x32", EXDEV, call_x32(kGetpid));
  stage.succeeds("getpid of x86_64", raw_syscall(SYS_getpid));
}

void x32_is_killed(Stage& stage) {
  stage.load(Filter::answer(kX32Bit | kGetpid, SECCOMP_RET_KILL_PROCESS));
  stage.killed("a process that made the call", SIGSYS, stage.child([&] {
    call_x32(kGetpid);
    stage.never("the call came back");
  }));
}

void x32_of_sigsys(Stage& stage) {
  static CallFacts facts;
  const std::uint64_t args[6] = {};
  record_sigsys(&facts);
  stage.load(Filter::answer(kX32Bit | kGetpid, SECCOMP_RET_TRAP | 7));
  make_call(&facts, Abi::x32, kGetpid, args);
  stage.equal("runs of the handler", 1, facts.handler_runs);
  stage.equal_hex("si_arch", audit_arch(Abi::x86_64), facts.sigsys.arch);
  stage.equal_hex("si_syscall", kX32Bit | kGetpid, static_cast<std::uint32_t>(facts.sigsys.syscall));
  stage.equal("si_errno", 7, facts.sigsys.error);
}

std::vector<Scenario> of_the_native() {
  return {
      {.name = "native-arch",
       .title = "The machine's own calls have its arch in seccomp_data",
       .why = "Every filter begins by comparing it; a wrong value denies all or nothing.",
       .source = "seccomp(2), struct seccomp_data; linux/audit.h, AUDIT_ARCH_*",
       .run = native_arch},
      {.name = "native-sigsys",
       .title = "SIGSYS of one of the machine's own calls has its arch in si_arch",
       .why = "A handler that emulates calls picks its table by it.",
       .source = "seccomp(2), SECCOMP_RET_TRAP; sigaction(2), si_arch",
       .also = "gVisor: RetTrapCausesSIGSYS; kselftest: TRAP.handler",
       .run = native_arch_of_sigsys},
      {.name = "pointer",
       .title = "instruction_pointer is the address right after the call's instruction, in both halves",
       .why = "A filter that allows calls from one library only looks at it.",
       .source = "seccomp(2), struct seccomp_data; kernel/seccomp.c, populate_seccomp_data (KSTK_EIP)",
       .run = the_pointer_is_after_the_call},
      {.name = "pointer-exact",
       .title = "instruction_pointer is not the address of the instruction, or one beside it",
       .why = "A range that is off by the instruction's length would leave out its last call.",
       .source = "kernel/seccomp.c, populate_seccomp_data (KSTK_EIP)",
       .run = the_pointer_is_not_at_the_call},
      {.name = "numbers-unsigned",
       .title = "A test for numbers from 0x80000000 holds for negative numbers and not for others",
       .why = "Numbers are compared without a sign: -1 is the greatest.",
       .source = "seccomp(2), struct seccomp_data; linux/filter.h",
       .run = numbers_are_unsigned},
  };
}

void add_numbers(std::vector<Scenario>& scenarios) {
  struct Number {
    std::string_view name;
    std::int32_t value;
  };
  constexpr Number kNumbers[] = {{"minus-one", -1},          {"minus-101", -101},     {"minus-4095", -4095},
                                 {"lowest", INT32_MIN},      {"highest", 0x3FFFFFFE}, {"65534", 0xFFFE},
                                 {"with-bit-29", 0x20000000}};
  for (const Number& number : kNumbers) {
    scenarios.push_back(
        {.name = fmt::format("number-{}", number.name),
         .title = fmt::format("Call number {}, which no kernel has, is ENOSYS, and a filter can match it", number.value),
         .why = "Emulators and supervisors use numbers of their own; and a list must be able to close every gap.",
         .source = "seccomp(2), struct seccomp_data; kernel/entry/common.c, syscall_trace_enter",
         .also = number.value == -1 || number.value == -101 ? "kselftest: TRACE_syscall.seccomp.negative_ENOSYS" : "",
         .run = a_number_is_matched,
         .parameters = {number.value}});
    scenarios.push_back({.name = fmt::format("number-{}-killed", number.name),
                         .title = fmt::format("KILL_PROCESS of call number {} kills", number.value),
                         .why = "A call that the kernel does not have must not be a way to find out about the filter.",
                         .source = "seccomp(2), SECCOMP_RET_KILL_PROCESS",
                         .run = a_number_is_killed_for,
                         .parameters = {number.value}});
  }
  for (const std::int64_t high : {std::int64_t{1}, std::int64_t{0x7FFFFFFF}, std::int64_t{0xFFFFFFFF}})
    scenarios.push_back(
        {.name = fmt::format("number-high-half-{:#x}", high),
         .title = fmt::format("A number with {:#x} in the high half of RAX is filtered as its low half", high),
         .why = "The kernel runs the call of the low half; a filter that saw another number would be passed.",
         .source = "arch/x86/entry/entry_64.S, entry_SYSCALL_64; kernel/seccomp.c, populate_seccomp_data",
         .run = a_wide_number_is_cut,
         .needs = {.machine = {Abi::x86_64}},
         .parameters = {high}});
}

std::vector<Scenario> of_x32() {
  const Requirements needs = {.machine = {Abi::x86_64}};
  const std::string source = "seccomp(2), Architecture support for seccomp BPF (x32)";
  const std::string why = "A list of x86_64 numbers that forgets the bit is passed by the same calls with it.";
  return {
      {.name = "x32-number",
       .title = "A call of x32 has bit 30 in its number, and the filter runs also where the kernel has no x32",
       .why = why,
       .source = source,
       .run = x32_has_its_bit,
       .needs = needs},
      {.name = "x32-arch",
       .title = "A call of x32 has the arch of x86_64",
       .why = "A filter that tests the arch alone takes x32 for x86_64.",
       .source = source,
       .run = x32_has_the_arch_of_x86_64,
       .needs = needs},
      {.name = "x32-bypass",
       .title = "A denial of a number of x86_64 is passed by the number with the bit",
       .why = why,
       .source = source,
       .run = x32_passes_a_list_of_x86_64,
       .needs = needs},
      {.name = "x32-kept-out",
       .title = "A test for numbers from 0x40000000 keeps x32 out",
       .why = "This is how filters close the gap.",
       .source = source,
       .run = x32_is_kept_out_by_its_bit,
       .needs = needs},
      {.name = "x32-killed",
       .title = "KILL_PROCESS of a call of x32 kills, also where the kernel has no x32",
       .why = why,
       .source = source,
       .run = x32_is_killed,
       .needs = needs},
      {.name = "x32-sigsys",
       .title = "SIGSYS of a call of x32 has the arch of x86_64 and the number with the bit",
       .why = "A handler that emulates calls picks its table by them.",
       .source = "seccomp(2), SECCOMP_RET_TRAP",
       .run = x32_of_sigsys,
       .needs = needs},
  };
}

}  // namespace

std::vector<Case> abi_cases() {
  std::vector<Scenario> scenarios = of_the_native();
  add_numbers(scenarios);
  for (auto part : {of_x32(), abi_i386_scenarios()}) std::ranges::move(part, std::back_inserter(scenarios));
  return topic("abi", std::move(scenarios));
}

}  // namespace sandgauge
