// The arguments as a filter sees them: six of 64 bits, in two halves, before the kernel takes what it needs of them.
// Comparisons are in arguments_bpf_compare.cc, computations in arguments_bpf_compute.cc.
#include "conformance/arguments_bpf.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "conformance/data_filter.h"
#include "conformance/topics.h"

namespace sandgauge {
namespace {

constexpr std::uint32_t kDenied = SECCOMP_RET_ERRNO | EXDEV;
constexpr std::uint64_t kBit32 = std::uint64_t{1} << 32;

/// Different in every half of every argument.
constexpr std::uint64_t distinct(unsigned index) { return 0xA1B2C3D4'11223344 + index * 0x01010101'02020202; }

std::int64_t call_with(std::uint64_t (&args)[6]) {
  return raw_syscall(SYS_getppid, static_cast<std::int64_t>(args[0]), static_cast<std::int64_t>(args[1]),
                     static_cast<std::int64_t>(args[2]), static_cast<std::int64_t>(args[3]),
                     static_cast<std::int64_t>(args[4]), static_cast<std::int64_t>(args[5]));
}

/// Parameter 0: the argument. Parameter 1: 1 for its high half.
void a_half_is_seen(Stage& stage) {
  const auto index = static_cast<unsigned>(stage.parameter(0));
  const bool high = stage.parameter(1) != 0;
  const std::int64_t parent = raw_syscall(SYS_getppid);
  std::uint64_t args[6];
  for (unsigned i = 0; i < 6; ++i) args[i] = distinct(i);
  const std::uint64_t value = args[index];
  const Word word = high ? Word{high_word(index), high_half(value)} : Word{low_word(index), low_half(value)};
  stage.load(word_filter(SYS_getppid, {word}, kDenied));
  stage.fails_with("a call with the value", EXDEV, call_with(args));
  args[index] = value ^ (high ? kBit32 : 1);
  stage.equal("a call with another value in this half", parent, call_with(args));
  args[index] = value ^ (high ? 1 : kBit32);
  stage.fails_with("a call with another value in the other half", EXDEV, call_with(args));
  args[index] = value << 32 | value >> 32;
  stage.equal("a call with the halves swapped", parent, call_with(args));
  std::swap(args[index], args[(index + 1) % 6]);
  args[(index + 1) % 6] = value;
  stage.equal("a call with the value in another argument", parent, call_with(args));
}

constexpr std::uint32_t kValue = 5;

/// Parameter 0: the argument; the others are 0.
std::int64_t call_with_argument(const Stage& stage, std::uint64_t value) {
  std::uint64_t args[6] = {};
  args[static_cast<std::size_t>(stage.parameter(0))] = value;
  return call_with(args);
}

void a_denied_low_half_is_wide(Stage& stage) {
  stage.load(Filter::answer_argument(SYS_getppid, static_cast<unsigned>(stage.parameter(0)), kValue, kDenied));
  stage.fails_with("the value", EXDEV, call_with_argument(stage, kValue));
  stage.fails_with("the value with bit 32", EXDEV, call_with_argument(stage, kValue | kBit32));
  stage.fails_with("the value with all high bits", EXDEV, call_with_argument(stage, kValue | ~std::uint64_t{0} << 32));
}

/// A list of what is allowed that forgets the high half lets other values pass.
void an_allowed_low_half_is_passed(Stage& stage) {
  const std::int64_t parent = raw_syscall(SYS_getppid);
  const auto index = static_cast<unsigned>(stage.parameter(0));
  stage.load(Filter::of({load_word(offsetof(seccomp_data, nr)), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 2),
                         load_word(low_word(index)), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kValue, 0, 1),
                         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW), BPF_STMT(BPF_RET | BPF_K, kDenied)},
                        5));
  stage.equal("the value", parent, call_with_argument(stage, kValue));
  stage.fails_with("another value", EXDEV, call_with_argument(stage, kValue + 1));
  stage.equal("the value with bit 32, which the filter does not see", parent, call_with_argument(stage, kValue | kBit32));
}

void both_halves_are_exact(Stage& stage) {
  const std::int64_t parent = raw_syscall(SYS_getppid);
  const auto index = static_cast<unsigned>(stage.parameter(0));
  stage.load(word_filter(SYS_getppid, {{high_word(index), 0}, {low_word(index), kValue}}, kDenied));
  stage.fails_with("the value", EXDEV, call_with_argument(stage, kValue));
  stage.equal("the value with bit 32", parent, call_with_argument(stage, kValue | kBit32));
  stage.equal("the value with bit 63", parent, call_with_argument(stage, kValue | std::uint64_t{1} << 63));
  stage.equal("another value", parent, call_with_argument(stage, kValue + 1));
}

void the_kernel_takes_32_bits(Stage& stage) {
  const std::int64_t fd = stage.must("dup", raw_syscall(SYS_dup, 0));
  stage.load_as_it_is(word_filter(SYS_close, {{high_word(0), 0}, {low_word(0), static_cast<std::uint32_t>(fd)}}, kDenied));
  stage.fails_with("close of the descriptor", EXDEV, raw_syscall(SYS_close, fd));
  stage.equal("close of the descriptor with bit 32", 0, raw_syscall(SYS_close, fd | static_cast<std::int64_t>(kBit32)));
  stage.fails_with("the descriptor after that", EBADF, raw_syscall(SYS_fcntl, fd, F_GETFD));
}

void a_low_half_holds_for_32_bits(Stage& stage) {
  const std::int64_t fd = stage.must("dup", raw_syscall(SYS_dup, 0));
  stage.load(Filter::answer_argument(SYS_close, 0, static_cast<std::uint32_t>(fd), kDenied));
  stage.fails_with("close of the descriptor", EXDEV, raw_syscall(SYS_close, fd));
  stage.fails_with("close of the descriptor with bit 32", EXDEV,
                   raw_syscall(SYS_close, fd | static_cast<std::int64_t>(kBit32)));
  stage.succeeds("the descriptor after that", raw_syscall(SYS_fcntl, fd, F_GETFD));
}

constexpr std::int64_t kMinusOneUnsigned = 0xFFFFFFFF;  // -1 of 32 bits, in a register whose high half is 0

void minus_one_has_two_forms(Stage& stage) {
  const std::int64_t parent = raw_syscall(SYS_getppid);
  stage.load(word_filter(SYS_getppid, {{high_word(0), 0xFFFFFFFF}, {low_word(0), 0xFFFFFFFF}}, kDenied));
  stage.fails_with("-1 of 64 bits", EXDEV, raw_syscall(SYS_getppid, -1));
  stage.equal("-1 of 32 bits", parent, raw_syscall(SYS_getppid, kMinusOneUnsigned));
}

void minus_one_of_32_bits(Stage& stage) {
  const std::int64_t parent = raw_syscall(SYS_getppid);
  stage.load(word_filter(SYS_getppid, {{high_word(0), 0}, {low_word(0), 0xFFFFFFFF}}, kDenied));
  stage.fails_with("-1 of 32 bits", EXDEV, raw_syscall(SYS_getppid, kMinusOneUnsigned));
  stage.equal("-1 of 64 bits", parent, raw_syscall(SYS_getppid, -1));
}

void the_low_half_of_minus_one(Stage& stage) {
  stage.load(Filter::answer_argument(SYS_getppid, 0, 0xFFFFFFFF, kDenied));
  stage.fails_with("-1 of 64 bits", EXDEV, raw_syscall(SYS_getppid, -1));
  stage.fails_with("-1 of 32 bits", EXDEV, raw_syscall(SYS_getppid, kMinusOneUnsigned));
}

/// fcntl(2) takes an int: to the kernel both forms of -1 are the same, and to the filter they are not.
void the_kernel_knows_one_minus_one(Stage& stage) {
  stage.load(word_filter(SYS_fcntl, {{high_word(0), 0xFFFFFFFF}, {low_word(0), 0xFFFFFFFF}}, kDenied));
  stage.fails_with("fcntl of -1 of 64 bits", EXDEV, raw_syscall(SYS_fcntl, -1, F_GETFD));
  stage.fails_with("fcntl of -1 of 32 bits", EBADF, raw_syscall(SYS_fcntl, kMinusOneUnsigned, F_GETFD));
}

void lowest_and_highest(Stage& stage) {
  const std::int64_t parent = raw_syscall(SYS_getppid);
  constexpr std::int64_t kLowest = INT64_MIN;
  stage.load(word_filter(SYS_getppid, {{high_word(0), 0x80000000}, {low_word(0), 0}}, kDenied));
  stage.fails_with("the lowest number of 64 bits", EXDEV, raw_syscall(SYS_getppid, kLowest));
  stage.equal("the highest number of 64 bits", parent, raw_syscall(SYS_getppid, INT64_MAX));
  stage.equal("the lowest number of 32 bits", parent, raw_syscall(SYS_getppid, INT32_MIN));
  stage.equal("0", parent, raw_syscall(SYS_getppid, 0));
}

void a_pointer_is_an_address(Stage& stage) {
  static utsname first;
  static utsname second;
  const auto address = reinterpret_cast<std::uintptr_t>(&first);
  stage.load(word_filter(SYS_uname, {{high_word(0), high_half(address)}, {low_word(0), low_half(address)}}, kDenied));
  const auto call = [](utsname& names) { return raw_syscall(SYS_uname, reinterpret_cast<std::intptr_t>(&names)); };
  stage.equal("uname into another buffer", 0, call(second));
  std::memcpy(&first, &second, sizeof first);
  stage.fails_with("uname into the buffer", EXDEV, call(first));
  std::memset(&first, 0xFF, sizeof first);
  stage.fails_with("uname into the buffer with another content", EXDEV, call(first));
  std::memcpy(&second, &first, sizeof first);
  stage.equal("uname into another buffer with the same content", 0, call(second));
}

void add_halves(std::vector<Scenario>& scenarios) {
  for (int index = 0; index < 6; ++index)
    for (const int high : {0, 1})
      scenarios.push_back({.name = fmt::format("argument-{}-{}", index, high != 0 ? "high" : "low"),
                           .title = fmt::format("The {} half of argument {} is in its own word of seccomp_data",
                                                high != 0 ? "high" : "low", index),
                           .why = "A rule that reads the wrong word checks something else than its author thinks.",
                           .source = "seccomp(2), struct seccomp_data; kernel/seccomp.c, populate_seccomp_data",
                           .also = high == 0 && index == 0   ? "kselftest: KILL_one_arg_one"
                                   : high == 0 && index == 5 ? "kselftest: KILL_one_arg_six"
                                                             : "",
                           .run = a_half_is_seen,
                           .parameters = {index, high}});
}

void add_bit_32(std::vector<Scenario>& scenarios) {
  const std::string source = "seccomp(2), Caveats; kernel/seccomp.c, populate_seccomp_data";
  for (int index = 0; index < 6; ++index) {
    scenarios.push_back(
        {.name = fmt::format("low-half-denied-{}", index),
         .title = fmt::format("A denial by the low half of argument {} holds with every high half", index),
         .why = "For arguments that the kernel takes as int this is the right test, and bit 32 no way around.",
         .source = source,
         .run = a_denied_low_half_is_wide,
         .parameters = {index}});
    scenarios.push_back(
        {.name = fmt::format("low-half-allowed-{}", index),
         .title = fmt::format("A permission by the low half of argument {} is passed by a value with bit 32", index),
         .why = "For arguments of 64 bits, such as sizes and pointers, this is a hole: 0x100000005 is not 5.",
         .source = source,
         .run = an_allowed_low_half_is_passed,
         .parameters = {index}});
    scenarios.push_back({.name = fmt::format("both-halves-{}", index),
                         .title = fmt::format("A test of both halves of argument {} holds for one value only", index),
                         .why = "Compilers of filters make such tests of every 64-bit comparison.",
                         .source = source,
                         .run = both_halves_are_exact,
                         .parameters = {index}});
  }
}

std::vector<Scenario> of_signs_and_pointers() {
  const std::string source = "seccomp(2), struct seccomp_data; kernel/seccomp.c, populate_seccomp_data";
  const std::string why = "A negative int has two forms in a register; a rule for one is passed by the other.";
  return {
      {.name = "kernel-takes-low-half",
       .title = "close(2) of fd with bit 32 passes a filter for fd in 64 bits, and closes fd",
       .why = "The kernel cuts an int argument after the filter has seen it whole: an exact test of it is a hole.",
       .source = "seccomp(2), Caveats; fs/open.c, close (unsigned int)",
       .run = the_kernel_takes_32_bits},
      {.name = "low-half-for-int",
       .title = "close(2) of fd with bit 32 is denied by a filter for the low half, and fd stays open",
       .why = "This is the right test for an int argument.",
       .source = "seccomp(2), Caveats; fs/open.c, close (unsigned int)",
       .run = a_low_half_holds_for_32_bits},
      {.name = "minus-one-64",
       .title = "-1 of 64 bits has all bits set in both halves, and -1 of 32 bits is another value",
       .why = why,
       .source = source,
       .run = minus_one_has_two_forms},
      {.name = "minus-one-32",
       .title = "-1 of 32 bits has a high half of 0, and -1 of 64 bits is another value",
       .why = why,
       .source = source,
       .run = minus_one_of_32_bits},
      {.name = "minus-one-low",
       .title = "The low half of -1 is the same in both forms",
       .why = why,
       .source = source,
       .run = the_low_half_of_minus_one},
      {.name = "minus-one-kernel",
       .title = "fcntl(2) of -1 of 32 bits passes a filter for -1 of 64 bits, and is -1 to the kernel",
       .why = why,
       .source = source,
       .run = the_kernel_knows_one_minus_one},
      {.name = "extremes",
       .title = "The lowest number of 64 bits is 0x80000000 and 0, and no other extreme is",
       .why = why,
       .source = source,
       .run = lowest_and_highest},
      {.name = "pointer",
       .title = "A pointer is an address of 64 bits, and what it points to does not matter",
       .why = "A filter cannot follow it; a path or a structure must be checked by somebody else.",
       .source = "seccomp(2), SECCOMP_SET_MODE_FILTER; Documentation/userspace-api/seccomp_filter.rst, Introduction",
       .run = a_pointer_is_an_address},
  };
}

}  // namespace

std::vector<Case> arguments_bpf_cases() {
  std::vector<Scenario> scenarios;
  add_halves(scenarios);
  add_bit_32(scenarios);
  for (auto part : {of_signs_and_pointers(), comparison_scenarios(), computation_scenarios()})
    std::ranges::move(part, std::back_inserter(scenarios));
  return topic("arguments-bpf", std::move(scenarios));
}

}  // namespace sandgauge
