// Every comparison of classic BPF on both halves of an argument, with a constant and with X; and the comparisons of 64 bits
// that compilers of filters make of them.
#include <sys/syscall.h>

#include <cerrno>
#include <optional>

#include "conformance/arguments_bpf.h"
#include "conformance/data_filter.h"

namespace sandgauge {
namespace {

constexpr std::uint32_t kDenied = SECCOMP_RET_ERRNO | EXDEV;

std::int64_t call_with(std::uint64_t first, std::uint64_t second = 0) {
  return raw_syscall(SYS_getppid, static_cast<std::int64_t>(first), static_cast<std::int64_t>(second));
}

/// What BPF_JEQ, BPF_JGT, BPF_JGE and BPF_JSET are to say of unsigned numbers.
bool holds(std::int64_t comparison, std::uint64_t left, std::uint64_t right) {
  switch (comparison) {
    case BPF_JEQ: return left == right;
    case BPF_JGT: return left > right;
    case BPF_JGE: return left >= right;
    default: return (left & right) != 0;
  }
}

/// Denies getppid(2) if `steps`, of which the last is a comparison, end true.
template <std::size_t Steps>
Filter deny_if(const sock_filter (&steps)[Steps]) {
  sock_filter code[Steps + 4] = {load_word(offsetof(seccomp_data, nr)),
                                 BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, Steps + 1)};
  for (std::size_t i = 0; i < Steps; ++i) code[2 + i] = steps[i];
  code[Steps + 2] = BPF_STMT(BPF_RET | BPF_K, kDenied);
  code[Steps + 3] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  return Filter::of(code, Steps + 4, Steps + 2);
}

constexpr std::uint32_t kOperands[] = {0, 1, 4, 5, 6, 0x7FFFFFFF, 0x80000000, 0x80000005, 0xFFFFFFFE, 0xFFFFFFFF};

void check(Stage& stage, std::int64_t parent, std::uint64_t left, std::uint64_t right, bool denied, std::int64_t seen) {
  const std::string what = fmt::format("getppid of {:#x} against {:#x}", left, right);
  if (denied)
    stage.fails_with(what, EXDEV, seen);
  else
    stage.equal(what, parent, seen);
}

/// Parameters: the comparison, 1 for the high half, the constant.
void compares_with_a_constant(Stage& stage) {
  const std::int64_t parent = raw_syscall(SYS_getppid);
  const auto comparison = static_cast<std::uint16_t>(stage.parameter(0));
  const bool high = stage.parameter(1) != 0;
  const auto constant = static_cast<std::uint32_t>(stage.parameter(2));
  stage.load(deny_if({load_word(high ? high_word(0) : low_word(0)),
                      sock_filter BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | BPF_K | comparison), constant, 0, 1)}));
  for (const std::uint32_t operand : kOperands) {
    // The other half is the complement: whoever reads it is wrong.
    const std::uint64_t other = ~operand;
    const std::uint64_t argument = high ? std::uint64_t{operand} << 32 | other : other << 32 | operand;
    check(stage, parent, operand, constant, holds(comparison, operand, constant), call_with(argument));
  }
}

/// Parameters: the comparison, 1 for the high half. Argument 0 against argument 1.
void compares_with_x(Stage& stage) {
  const std::int64_t parent = raw_syscall(SYS_getppid);
  const auto comparison = static_cast<std::uint16_t>(stage.parameter(0));
  const bool high = stage.parameter(1) != 0;
  stage.load(deny_if({load_word(high ? high_word(1) : low_word(1)), sock_filter BPF_STMT(BPF_MISC | BPF_TAX, 0),
                      load_word(high ? high_word(0) : low_word(0)),
                      sock_filter BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | BPF_X | comparison), 0, 0, 1)}));
  for (const std::uint32_t left : {0U, 1U, 5U, 0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFFU}) {
    for (const std::uint32_t right : {0U, 4U, 5U, 6U, 0x80000000U, 0xFFFFFFFFU}) {
      const unsigned shift = high ? 32 : 0;
      const std::uint64_t other = std::uint64_t{0x5A5A5A5A} << (32 - shift);
      check(stage, parent, left, right, holds(comparison, left, right),
            call_with(std::uint64_t{left} << shift | other, std::uint64_t{right} << shift | other));
    }
  }
}

constexpr std::uint64_t kWide = 0x00000003'00000005;
constexpr std::uint64_t kWideOperands[] = {0,
                                           5,
                                           0x00000002'FFFFFFFF,
                                           0x00000003'00000000,
                                           0x00000003'00000004,
                                           kWide,
                                           0x00000003'00000006,
                                           0x00000003'FFFFFFFF,
                                           0x00000004'00000000,
                                           0x00000004'00000005,
                                           0x80000003'00000005,
                                           ~std::uint64_t{0}};

Filter wide_filter(std::int64_t comparison) {
  const std::uint32_t high = high_half(kWide);
  const std::uint32_t low = low_half(kWide);
  const sock_filter load_high = load_word(high_word(0));
  const sock_filter load_low = load_word(low_word(0));
  switch (comparison) {
    case BPF_JEQ:
      return deny_if({load_high, sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, high, 0, 3), load_low,
                      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, low, 0, 1)});
    case BPF_JSET:
      return deny_if({load_high, sock_filter BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, high, 2, 0), load_low,
                      sock_filter BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, low, 0, 1)});
    default:  // greater in the high half, or equal there and the comparison in the low one
      return deny_if({load_high, sock_filter BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, high, 3, 0),
                      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, high, 0, 3), load_low,
                      sock_filter BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | BPF_K | comparison), low, 0, 1)});
  }
}

void compares_64_bits(Stage& stage) {
  const std::int64_t parent = raw_syscall(SYS_getppid);
  const std::int64_t comparison = stage.parameter(0);
  stage.load(wide_filter(comparison));
  for (const std::uint64_t operand : kWideOperands)
    check(stage, parent, operand, kWide, holds(comparison, operand, kWide), call_with(operand));
}

struct Comparison {
  std::string_view name;
  std::string_view text;
  std::int64_t code;
};

constexpr Comparison kComparisons[] = {
    {"jeq", "JEQ", BPF_JEQ}, {"jgt", "JGT", BPF_JGT}, {"jge", "JGE", BPF_JGE}, {"jset", "JSET", BPF_JSET}};

}  // namespace

std::vector<Scenario> comparison_scenarios() {
  const std::string source = "kernel/bpf/core.c, ___bpf_prog_run (JMP32); net/core/filter.c, bpf_convert_filter";
  const std::string why = "Ranges of descriptors, flags and sizes are checked so; a signed comparison would let -1 through.";
  std::vector<Scenario> scenarios;
  for (const Comparison& comparison : kComparisons) {
    for (const int high : {0, 1}) {
      const std::string_view half = high != 0 ? "high" : "low";
      for (const std::int64_t constant : {std::int64_t{5}, std::int64_t{0x80000000}})
        scenarios.push_back({.name = fmt::format("{}-{}-{:#x}", comparison.name, half, constant),
                             .title = fmt::format("{} of the {} half with {:#x} compares 32 bits without a sign",
                                                  comparison.text, half, constant),
                             .why = why,
                             .source = source,
                             .run = compares_with_a_constant,
                             .parameters = {comparison.code, high, constant}});
      scenarios.push_back(
          {.name = fmt::format("{}-{}-x", comparison.name, half),
           .title = fmt::format("{} of the {} half with X compares 32 bits without a sign", comparison.text, half),
           .why = why,
           .source = source,
           .run = compares_with_x,
           .parameters = {comparison.code, high}});
    }
    scenarios.push_back(
        {.name = fmt::format("{}-wide", comparison.name),
         .title =
             fmt::format("{} of 64 bits, made of tests of both halves, is right on all sides of its bound", comparison.text),
         .why = "This is what compilers of filters make of a 64-bit comparison; no high half may pass for a low one.",
         .source = source,
         .run = compares_64_bits,
         .parameters = {comparison.code}});
  }
  return scenarios;
}

}  // namespace sandgauge
