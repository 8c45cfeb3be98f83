// int 0x80 out of a 64-bit program: another arch, other numbers, and 32 bits of every argument.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>

#include "conformance/abi.h"
#include "conformance/asked_listener.h"
#include "conformance/call_site.h"
#include "conformance/data_filter.h"
#include "probe/raw_call.h"
#include "probe/sigsys.h"

namespace sandgauge {
namespace {

constexpr std::uint32_t kDenied = SECCOMP_RET_ERRNO | EXDEV;
constexpr std::uint32_t kI386 = audit_arch(Abi::i386);

// arch/x86/entry/syscalls/syscall_32.tbl and syscall_64.tbl
constexpr std::int32_t kClose32 = 6;         // lstat to x86_64
constexpr std::int32_t kGetpid32 = 20;       // writev to x86_64
constexpr std::int32_t kGetppid32 = 64;      // semget to x86_64
constexpr std::int32_t kSocketcall32 = 102;  // getuid to x86_64
constexpr std::int32_t kSocket32 = 359;
constexpr std::int32_t kGetpid64 = 39;  // mkdir to i386

std::int64_t call_i386(std::int32_t number, std::uint64_t a = 0, std::uint64_t b = 0) {
  const std::uint64_t args[6] = {a, b};
  return raw_call(Abi::i386, number, args);
}

void int80_has_its_arch(Stage& stage) {
  stage.load(word_filter(kGetpid32, {{kArchWord, kI386}}, kDenied));
  stage.fails_with("getpid by int 0x80", EXDEV, call_i386(kGetpid32));
}

void int80_passes_the_other_arch(Stage& stage) {
  stage.load_as_it_is(word_filter(kGetpid32, {{kArchWord, audit_arch(Abi::x86_64)}}, kDenied));
  stage.equal("getpid by int 0x80", raw_syscall(SYS_getpid), call_i386(kGetpid32));
}

/// The hole that a filter has which does not look at the arch.
void numbers_alone_are_passed(Stage& stage) {
  const std::int64_t pid = raw_syscall(SYS_getpid);
  stage.load(Filter::answer(kGetpid64, kDenied));
  stage.fails_with("getpid by syscall", EXDEV, raw_syscall(SYS_getpid));
  stage.equal("getpid by int 0x80", pid, call_i386(kGetpid32));
}

void numbers_alone_deny_another(Stage& stage) {
  stage.load(Filter::answer(kGetpid32, kDenied));
  stage.fails_with("writev by syscall, for which the filter was written", EXDEV, raw_syscall(SYS_writev, -1));
  stage.fails_with("getpid by int 0x80, which has the same number", EXDEV, call_i386(kGetpid32));
}

void the_arch_closes_the_hole(Stage& stage) {
  stage.load(Filter::of({load_word(kArchWord), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, audit_arch(Abi::x86_64), 1, 0),
                         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)},
                        2));
  stage.killed("a process that calls getpid by int 0x80", SIGSYS, stage.child([&] {
    call_i386(kGetpid32);
    stage.never("the call came back");
  }));
}

/// Parameter 0: the argument.
void arguments_have_32_bits(Stage& stage) {
  const auto index = static_cast<unsigned>(stage.parameter(0));
  const std::int64_t parent = raw_syscall(SYS_getppid);
  std::uint64_t args[6] = {};
  stage.load(word_filter(kGetppid32, {{kArchWord, kI386}, {low_word(index), 0xFFFFFFFE}, {high_word(index), 0}}, kDenied));
  stage.equal("0", parent, call_int80_wide(kGetppid32, args));
  args[index] = 0xFFFFFFFE;
  stage.fails_with("-2 of 32 bits", EXDEV, call_int80_wide(kGetppid32, args));
  args[(index + 1) % 6] = args[index];
  args[index] = 0;
  stage.equal("-2 of 32 bits in another argument", parent, call_int80_wide(kGetppid32, args));
}

/// Parameter 0: the argument.
void high_halves_are_seen(Stage& stage) {
  const auto index = static_cast<unsigned>(stage.parameter(0));
  const std::int64_t parent = raw_syscall(SYS_getppid);
  std::uint64_t args[6] = {};
  stage.load(
      word_filter(kGetppid32, {{kArchWord, kI386}, {low_word(index), 0xFFFFFFFE}, {high_word(index), 0xDEADBEEF}}, kDenied));
  args[index] = 0xFFFFFFFE;
  stage.equal("the low half alone", parent, call_int80_wide(kGetppid32, args));
  args[index] = 0xDEADBEEF'FFFFFFFE;
  stage.fails_with("both halves", EXDEV, call_int80_wide(kGetppid32, args));
}

void a_high_half_passes_an_exact_test(Stage& stage) {
  const std::int64_t fd = stage.must("dup", raw_syscall(SYS_dup, 0));
  const auto low = static_cast<std::uint32_t>(fd);
  stage.load_as_it_is(word_filter(kClose32, {{kArchWord, kI386}, {low_word(0), low}, {high_word(0), 0}}, kDenied));
  std::uint64_t args[6] = {low};
  stage.fails_with("close of the descriptor by int 0x80", EXDEV, call_int80_wide(kClose32, args));
  args[0] = 0xDEADBEEF'00000000 | low;
  stage.equal("close of the descriptor, with a high half in RBX", 0, call_int80_wide(kClose32, args));
  stage.fails_with("the descriptor after that", EBADF, raw_syscall(SYS_fcntl, fd, F_GETFD));
}

void a_low_half_test_holds(Stage& stage) {
  const std::int64_t fd = stage.must("dup", raw_syscall(SYS_dup, 0));
  const auto low = static_cast<std::uint32_t>(fd);
  stage.load(word_filter(kClose32, {{kArchWord, kI386}, {low_word(0), low}}, kDenied));
  const std::uint64_t args[6] = {0xDEADBEEF'00000000 | low};
  stage.fails_with("close of the descriptor, with a high half in RBX", EXDEV, call_int80_wide(kClose32, args));
  stage.succeeds("the descriptor after that", raw_syscall(SYS_fcntl, fd, F_GETFD));
}

void the_pointer_is_after_int80(Stage& stage) {
  const std::int64_t parent = raw_syscall(SYS_getppid);
  const std::uint64_t after = address_after_call(Entry::int80);
  stage.load(word_filter(
      kGetppid32, {{kArchWord, kI386}, {kLowPointerWord, low_half(after)}, {kHighPointerWord, high_half(after)}}, kDenied));
  stage.fails_with("getppid at the place", EXDEV, call_at_known_place(Entry::int80, kGetppid32));
  stage.equal("getppid at another place", parent, call_i386(kGetppid32));
}

void sigsys_of_int80(Stage& stage) {
  static CallFacts facts;
  const std::uint64_t args[6] = {};
  record_sigsys(&facts);
  stage.load(Filter::answer(kGetpid32, SECCOMP_RET_TRAP | 7));
  make_call(&facts, Abi::i386, kGetpid32, args);
  stage.equal("runs of the handler", 1, facts.handler_runs);
  stage.equal("si_signo", SIGSYS, facts.sigsys.signo);
  stage.equal("si_code", 1, facts.sigsys.code);
  stage.equal("si_errno", 7, facts.sigsys.error);
  stage.equal_hex("si_arch", kI386, facts.sigsys.arch);
  stage.equal("si_syscall", kGetpid32, facts.sigsys.syscall);
  stage.equal_hex("si_call_addr", facts.sigsys.instruction_pointer, facts.sigsys.call_addr);
  stage.equal("RAX in the handler", kGetpid32, static_cast<std::int64_t>(facts.sigsys.result_register));
}

/// Parameter 0: the errno, with which EAX is a negative number of 32 bits.
void errno_of_int80(Stage& stage) {
  const auto error = static_cast<std::uint32_t>(stage.parameter(0));
  stage.load(Filter::answer(kGetpid32, SECCOMP_RET_ERRNO | error));
  stage.equal("getpid by int 0x80", -stage.parameter(0), call_i386(kGetpid32));
}

void kill_of_int80(Stage& stage) {
  stage.load(Filter::answer(kGetpid32, SECCOMP_RET_KILL_PROCESS));
  stage.killed("a process that calls getpid by int 0x80", SIGSYS, stage.child([&] {
    call_i386(kGetpid32);
    stage.never("the call came back");
  }));
}

/// Parameter 0: a number that i386 does not have.
void a_number_of_int80_is_matched(Stage& stage) {
  const auto number = static_cast<std::int32_t>(stage.parameter(0));
  stage.fails_with("the call without a filter", ENOSYS, call_i386(number));
  stage.load(word_filter(static_cast<std::uint32_t>(number), {{kArchWord, kI386}}, kDenied));
  stage.fails_with("the call", EXDEV, call_i386(number));
  stage.fails_with("the same number by syscall", ENOSYS, raw_syscall(number));
}

void the_listener_is_told_the_arch(Stage& stage) {
  AskedListener listener(stage, {.number = kGetppid32});
  Caller caller(listener, [&] { stage.equal("getppid by int 0x80", 4242, call_i386(kGetppid32, 0xFFFFFFFE)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  stage.equal_hex("arch in the notification", kI386, request.data.arch);
  stage.equal("nr in the notification", kGetppid32, request.data.nr);
  stage.equal_hex("argument 0 in the notification", 0xFFFFFFFE, request.data.args[0]);
  stage.succeeds("the reply", listener.reply({.id = request.id, .val = 4242, .error = 0, .flags = 0}));
  stage.exited("the caller", 0, caller.end());
}

/// Six words that a 32-bit pointer reaches: the arguments of socket(AF_UNIX, SOCK_DGRAM, 0).
std::uint64_t socket_arguments([[maybe_unused]] Stage& stage) {
#if defined(MAP_32BIT)
  void* memory = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (memory == MAP_FAILED) stage.broken("mmap of memory below 2 GiB", errno);
  auto* words = static_cast<std::uint32_t*>(memory);
  words[0] = AF_UNIX;
  words[1] = SOCK_DGRAM;
  return reinterpret_cast<std::uintptr_t>(memory);
#else
  return 0;
#endif
}

constexpr std::uint64_t kMakeSocket = 1;  // SYS_SOCKET, linux/net.h

void socketcall_passes_a_denial_of_socket(Stage& stage) {
  const std::uint64_t arguments = socket_arguments(stage);
  stage.load_as_it_is(word_filter(kSocket32, {{kArchWord, kI386}}, kDenied));
  stage.fails_with("socket by int 0x80", EXDEV, call_i386(kSocket32, AF_UNIX, SOCK_DGRAM));
  stage.succeeds("socket by socketcall", call_i386(kSocketcall32, kMakeSocket, arguments));
}

void socketcall_is_denied_by_its_first_argument(Stage& stage) {
  const std::uint64_t arguments = socket_arguments(stage);
  stage.load(word_filter(kSocketcall32, {{kArchWord, kI386}, {low_word(0), kMakeSocket}}, kDenied));
  stage.fails_with("socket by socketcall", EXDEV, call_i386(kSocketcall32, kMakeSocket, arguments));
  constexpr std::uint64_t kNone = 99;
  stage.fails_with("another call by socketcall", EINVAL, call_i386(kSocketcall32, kNone, arguments));
}

struct Row {
  std::string_view name;
  std::string_view title;
  std::string_view why;
  std::string_view source;
  void (*run)(Stage&);
  std::vector<std::int64_t> parameters = {};
};

const Requirements kNeeds = {.machine = {Abi::x86_64}, .abis = {Abi::i386}};

constexpr std::string_view kArchitectures = "seccomp(2), Architecture support for seccomp BPF; Caveats";
constexpr std::string_view kData = "seccomp(2), struct seccomp_data; kernel/seccomp.c, populate_seccomp_data";
constexpr std::string_view kBypass = "A filter for x86_64 that does not look at the arch is passed by int 0x80.";

void add_rows(std::vector<Scenario>& scenarios) {
  const Row rows[] = {
      {"i386-arch", "A call by int 0x80 has arch 0x40000003", kBypass, kArchitectures, int80_has_its_arch},
      {"i386-other-arch", "A rule for the arch of x86_64 does not hold for a call by int 0x80",
       "The numbers differ: a rule for one arch would deny something else in the other.", kArchitectures,
       int80_passes_the_other_arch},
      {"i386-bypass", "A filter that denies getpid by its number alone is passed by getpid by int 0x80", kBypass,
       kArchitectures, numbers_alone_are_passed},
      {"i386-confusion", "A filter that denies writev by its number alone denies getpid by int 0x80, which has the same",
       "A filter without a test of the arch breaks 32-bit programs in ways that nobody wrote.", kArchitectures,
       numbers_alone_deny_another},
      {"i386-kept-out", "A filter that kills for every arch but its own kills for a call by int 0x80", kBypass,
       kArchitectures, the_arch_closes_the_hole},
      {"i386-pointer", "instruction_pointer is the address right after int 0x80, in both halves",
       "A 64-bit program's address does not fit in 32 bits, whatever the call's ABI.", kData, the_pointer_is_after_int80},
      {"i386-sigsys", "SIGSYS of a call by int 0x80 has arch 0x40000003 and the number of i386",
       "A handler that emulates calls picks its table by them.", "seccomp(2), SECCOMP_RET_TRAP; sigaction(2), si_arch",
       sigsys_of_int80},
      {"i386-errno",
       "ERRNO of a call by int 0x80 is the errno",
       "32-bit programs are told why as all others.",
       "seccomp(2), SECCOMP_RET_ERRNO",
       errno_of_int80,
       {EXDEV}},
      {"i386-errno-4095",
       "ERRNO(4095) of a call by int 0x80 is -4095",
       "32-bit programs are told why as all others.",
       "seccomp(2), SECCOMP_RET_ERRNO",
       errno_of_int80,
       {4095}},
      {"i386-kill", "KILL_PROCESS of a call by int 0x80 kills", kBypass, "seccomp(2), SECCOMP_RET_KILL_PROCESS",
       kill_of_int80},
      {"i386-minus-one",
       "Number -1 by int 0x80 is ENOSYS, and a filter can match it",
       "A list must be able to close every gap.",
       kData,
       a_number_of_int80_is_matched,
       {-1}},
      {"i386-huge",
       "A huge number by int 0x80 is ENOSYS, and a filter can match it",
       "A list must be able to close every gap.",
       kData,
       a_number_of_int80_is_matched,
       {0x3FFFFFFF}},
      {"i386-listener", "A notification of a call by int 0x80 has arch 0x40000003, and arguments extended by zero",
       "A supervisor that answers for 32-bit programs picks its table by it.", "seccomp_unotify(2), struct seccomp_notif",
       the_listener_is_told_the_arch},
      {"i386-socketcall-bypass", "A denial of socket by int 0x80 is passed by socketcall",
       "i386 has two ways to most calls of sockets, and System V IPC; a rule for one leaves the other.",
       "socketcall(2), NOTES; kernel/seccomp.c, populate_seccomp_data", socketcall_passes_a_denial_of_socket},
      {"i386-socketcall", "socketcall shows a filter which call it is, in its first argument",
       "A filter can deny the call by it, but never see the arguments, which lie in memory.",
       "socketcall(2); kernel/seccomp.c, populate_seccomp_data", socketcall_is_denied_by_its_first_argument},
  };
  for (const Row& row : rows)
    scenarios.push_back({.name = std::string(row.name),
                         .title = std::string(row.title),
                         .why = std::string(row.why),
                         .source = std::string(row.source),
                         .run = row.run,
                         .needs = kNeeds,
                         .parameters = row.parameters});
}

void add_arguments(std::vector<Scenario>& scenarios) {
  const std::string source =
      "arch/x86/include/asm/syscall.h, syscall_get_arguments; kernel/seccomp.c, populate_seccomp_data";
  const std::string difference =
      "seccomp_data holds all 64 bits of the registers for int 0x80 out of a 64-bit program, although the call takes the "
      "low 32 "
      "only (arch/x86/include/asm/syscall_wrapper.h, SC_IA32_REGS_TO_ARGS). seccomp(2) does not say so.";
  for (int index = 0; index < 6; ++index) {
    scenarios.push_back({.name = fmt::format("i386-argument-{}", index),
                         .title = fmt::format("Argument {} of 32 bits by int 0x80 has a high half of 0", index),
                         .why = "-2 of a 32-bit program is 0xfffffffe to a filter, and not -2 of 64 bits.",
                         .source = source,
                         .run = arguments_have_32_bits,
                         .needs = kNeeds,
                         .parameters = {index}});
    scenarios.push_back(
        {.name = fmt::format("i386-argument-{}-high", index),
         .title = fmt::format("What a 64-bit program has in the high half of argument {} is seen by the filter", index),
         .why = "The call uses the low half only: a comparison of 64 bits looks at what does not count.",
         .source = source,
         .run = high_halves_are_seen,
         .needs = kNeeds,
         .difference = difference,
         .parameters = {index}});
  }
  scenarios.push_back(
      {.name = "i386-high-half-bypass",
       .title = "close by int 0x80 with a high half in RBX passes a filter for the descriptor in 64 bits",
       .why = "A filter for i386 that tests 64 bits is passed by a 64-bit program that sets a bit of the high half.",
       .source = source,
       .run = a_high_half_passes_an_exact_test,
       .needs = kNeeds,
       .difference = difference});
  scenarios.push_back({.name = "i386-low-half-holds",
                       .title = "close by int 0x80 with a high half in RBX is denied by a filter for the low half",
                       .why = "For i386 the low half is the whole argument: this is the right test.",
                       .source = source,
                       .run = a_low_half_test_holds,
                       .needs = kNeeds});
}

}  // namespace

std::vector<Scenario> abi_i386_scenarios() {
  std::vector<Scenario> scenarios;
  add_rows(scenarios);
  add_arguments(scenarios);
  return scenarios;
}

}  // namespace sandgauge
