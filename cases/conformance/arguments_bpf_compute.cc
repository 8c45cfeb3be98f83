// Every operation of classic BPF that seccomp lets in, as the kernel computes it: in 32 bits, without a sign.
#include <sys/syscall.h>

#include <algorithm>
#include <optional>

#include "conformance/arguments_bpf.h"
#include "conformance/bpf_run.h"

namespace sandgauge {
namespace {

constexpr std::uint32_t kNumbers[] = {0, 1, 2, 3, 7, 31, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xDEADBEEF, 0xFFFFFFFF};
constexpr std::uint32_t kConstants[] = {1, 3, 7, 31, 0x80000000, 0xFFFFFFFF};

/// What BPF_ADD and so on are to give; nothing where the kernel kills or does not load.
std::optional<std::uint32_t> computed(std::int64_t operation, std::uint32_t a, std::uint32_t b) {
  switch (operation) {
    case BPF_ADD: return a + b;
    case BPF_SUB: return a - b;
    case BPF_MUL: return a * b;
    case BPF_DIV: return b == 0 ? std::nullopt : std::optional(a / b);
    case BPF_AND: return a & b;
    case BPF_OR: return a | b;
    case BPF_XOR: return a ^ b;
    case BPF_LSH: return a << (b & 31);
    case BPF_RSH: return a >> (b & 31);
    default: return 0 - a;
  }
}

std::int64_t call_with(std::uint32_t a, std::uint32_t b, std::uint32_t result) {
  constexpr std::uint64_t kOther = 0xC0FFEE00'00000000;  // a computation in 64 bits would take it in
  return raw_syscall(SYS_getppid, static_cast<std::int64_t>(kOther | a), static_cast<std::int64_t>(kOther | b), result);
}

void check(Stage& stage, std::uint32_t a, std::uint32_t b, std::uint32_t result) {
  stage.fails_with(fmt::format("{:#x} and {:#x} give {:#x}", a, b, result), kRight, call_with(a, b, result));
}

/// The filter can tell a wrong result from the right one.
void check_wrong(Stage& stage, std::uint32_t a, std::uint32_t b, std::uint32_t result) {
  stage.fails_with(fmt::format("{:#x} and {:#x} do not give {:#x}", a, b, ~result), kWrong, call_with(a, b, ~result));
}

sock_filter operation_with(std::int64_t operation, std::uint16_t source, std::uint32_t constant = 0) {
  return BPF_STMT(static_cast<std::uint16_t>(BPF_ALU | operation | source), constant);
}

void computes_with_x(Stage& stage) {
  const std::int64_t operation = stage.parameter(0);
  stage.load(computing({load_word(low_word(1)), kToX, load_word(low_word(0)), operation_with(operation, BPF_X)}));
  for (const std::uint32_t a : kNumbers)
    for (const std::uint32_t b : kNumbers)
      if (const auto result = computed(operation, a, b)) check(stage, a, b, *result);
  check_wrong(stage, 7, 3, *computed(operation, 7, 3));
}

/// Parameter 1: the constant.
void computes_with_a_constant(Stage& stage) {
  const std::int64_t operation = stage.parameter(0);
  const auto constant = static_cast<std::uint32_t>(stage.parameter(1));
  stage.load(computing({load_word(low_word(0)), operation_with(operation, BPF_K, constant)}));
  for (const std::uint32_t a : kNumbers) check(stage, a, constant, *computed(operation, a, constant));
  check_wrong(stage, 7, constant, *computed(operation, 7, constant));
}

void negates(Stage& stage) {
  stage.load(computing({load_word(low_word(0)), operation_with(BPF_NEG, 0)}));
  for (const std::uint32_t a : kNumbers) check(stage, a, 0, *computed(BPF_NEG, a, 0));
  check_wrong(stage, 7, 0, *computed(BPF_NEG, 7, 0));
}

void shifts_use_five_bits(Stage& stage) {
  const std::int64_t operation = stage.parameter(0);
  stage.load(computing({load_word(low_word(1)), kToX, load_word(low_word(0)), operation_with(operation, BPF_X)}));
  for (const std::uint32_t by : {32U, 33U, 63U, 64U, 0x80000001U, 0xFFFFFFFFU})
    check(stage, 0xDEADBEEF, by, *computed(operation, 0xDEADBEEF, by & 31));
  check_wrong(stage, 0xDEADBEEF, 33, *computed(operation, 0xDEADBEEF, 1));
}

constexpr std::uint32_t kSlots = 16;  // BPF_MEMWORDS

/// Parameter 0: the slot. Parameter 1: 0 for ST and LD, 1 for STX and LDX. All other slots get another value.
void memory_keeps(Stage& stage) {
  const auto slot = static_cast<std::uint32_t>(stage.parameter(0));
  const bool by_x = stage.parameter(1) != 0;
  sock_filter code[Filter::kMost] = {load_word(offsetof(seccomp_data, nr)),
                                     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 1, 0),
                                     BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  std::size_t at = 3;
  const std::uint16_t store = by_x ? BPF_STX : BPF_ST;
  const auto fill = [&](std::uint32_t to, std::uint32_t from) {
    code[at++] = load_word(from);
    if (by_x) code[at++] = kToX;
    code[at++] = BPF_STMT(store, to);
  };
  fill(slot, low_word(0));
  code[at++] = load_word(low_word(1));
  code[at++] = kToX;
  for (std::uint32_t other = 0; other < kSlots; ++other)
    if (other != slot) code[at++] = BPF_STMT(store, other);
  code[at++] = by_x ? sock_filter BPF_STMT(BPF_LDX | BPF_MEM, slot) : sock_filter BPF_STMT(BPF_LD | BPF_MEM, slot);
  if (by_x) code[at++] = kToA;
  code[at++] = kToX;
  code[at++] = load_word(low_word(2));
  code[at++] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1);
  code[at++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | kRight);
  code[at++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | kWrong);
  stage.load(Filter::of(code, at, static_cast<int>(at) - 2));
  stage.fails_with("the value that was stored", kRight, call_with(0x12345678, 0x9ABCDEF0, 0x12345678));
  stage.fails_with("the value of the other slots", kWrong, call_with(0x12345678, 0x9ABCDEF0, 0x9ABCDEF0));
}

void registers_are_copied(Stage& stage) {
  // A to X, A lost, X to A.
  stage.load(computing({load_word(low_word(0)), kToX, load_word(low_word(1)), kToA}));
  check(stage, 0x80000001, 0x55555555, 0x80000001);
  check_wrong(stage, 0x80000001, 0x55555555, 0x80000001);
}

void tax_keeps_a(Stage& stage) {
  stage.load(computing({load_word(low_word(0)), kToX, operation_with(BPF_ADD, BPF_X)}));
  check(stage, 21, 0, 42);
  check_wrong(stage, 21, 0, 42);
}

void constants_are_loaded(Stage& stage) {
  // A = 0x89ABCDEF ^ X, X = 0x01234567.
  stage.load(computing(
      {BPF_STMT(BPF_LDX | BPF_IMM, 0x01234567), BPF_STMT(BPF_LD | BPF_IMM, 0x89ABCDEF), operation_with(BPF_XOR, BPF_X)}));
  check(stage, 0, 0, 0x89ABCDEF ^ 0x01234567);
  check_wrong(stage, 0, 0, 0x89ABCDEF ^ 0x01234567);
}

/// Parameter 0: BPF_LD or BPF_LDX.
void the_length_is_64(Stage& stage) {
  if (stage.parameter(0) == BPF_LD)
    stage.load(computing({BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0)}));
  else
    stage.load(computing({BPF_STMT(BPF_LDX | BPF_W | BPF_LEN, 0), kToA}));
  check(stage, 0, 0, sizeof(seccomp_data));
  check_wrong(stage, 0, 0, sizeof(seccomp_data));
}

void x_starts_at_zero(Stage& stage) {
  stage.load(computing({kToA}));
  check(stage, 0, 0, 0);
  check_wrong(stage, 0, 0, 0);
}

void jumps_skip(Stage& stage) {
  // A = argument 0, the addition is jumped over.
  stage.load(
      computing({load_word(low_word(0)), sock_filter BPF_STMT(BPF_JMP | BPF_JA, 1), operation_with(BPF_ADD, BPF_K, 1)}));
  check(stage, 7, 0, 7);
  check_wrong(stage, 7, 0, 7);
}

/// RET A: the return value is computed.
void the_answer_can_be_computed(Stage& stage) {
  stage.load_as_it_is(
      Filter::of({load_word(offsetof(seccomp_data, nr)), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 1, 0),
                  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW), load_word(low_word(0)),
                  BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO), BPF_STMT(BPF_RET | BPF_A, 0)}));
  stage.fails_with("getppid of 1", 1, raw_syscall(SYS_getppid, 1));
  stage.fails_with("getppid of 77", 77, raw_syscall(SYS_getppid, 77));
  stage.fails_with("getppid of 4095", 4095, raw_syscall(SYS_getppid, 4095));
}

struct Operation {
  std::string_view name;
  std::string_view text;
  std::int64_t code;
};

constexpr Operation kOperations[] = {{"add", "ADD", BPF_ADD}, {"sub", "SUB", BPF_SUB}, {"mul", "MUL", BPF_MUL},
                                     {"div", "DIV", BPF_DIV}, {"and", "AND", BPF_AND}, {"or", "OR", BPF_OR},
                                     {"xor", "XOR", BPF_XOR}, {"lsh", "LSH", BPF_LSH}, {"rsh", "RSH", BPF_RSH}};

const char* const kSource = "net/core/filter.c, bpf_convert_filter; kernel/bpf/core.c, ___bpf_prog_run";
const char* const kWhy =
    "A filter that computes a mask or a range decides by the result; JIT and interpreter must agree on it.";

bool is_shift(std::int64_t operation) { return operation == BPF_LSH || operation == BPF_RSH; }

void add_operations(std::vector<Scenario>& scenarios) {
  for (const Operation& operation : kOperations) {
    scenarios.push_back({.name = fmt::format("{}-x", operation.name),
                         .title = fmt::format("{} with X computes in 32 bits without a sign", operation.text),
                         .why = kWhy,
                         .source = kSource,
                         .run = computes_with_x,
                         .parameters = {operation.code}});
    for (const std::uint32_t constant : kConstants)
      if (!is_shift(operation.code) || constant < 32)
        scenarios.push_back(
            {.name = fmt::format("{}-{:#x}", operation.name, constant),
             .title = fmt::format("{} with {:#x} computes in 32 bits without a sign", operation.text, constant),
             .why = kWhy,
             .source = kSource,
             .run = computes_with_a_constant,
             .parameters = {operation.code, constant}});
    if (is_shift(operation.code))
      scenarios.push_back(
          {.name = fmt::format("{}-far", operation.name),
           .title = fmt::format("{} by X of 32 and more shifts by its low five bits", operation.text),
           .why = "A shift of everything out would be 0; who relies on that has a filter that decides otherwise.",
           .source = "kernel/bpf/core.c, ___bpf_prog_run (SHT)",
           .run = shifts_use_five_bits,
           .difference = "Classic BPF does not say what a shift by X of 32 and more is; the kernel refuses such a "
                         "constant, and takes X modulo 32 as its processors do.",
           .parameters = {operation.code}});
  }
  scenarios.push_back({.name = "neg", .title = "NEG computes in 32 bits", .why = kWhy, .source = kSource, .run = negates});
}

void add_memory(std::vector<Scenario>& scenarios) {
  for (std::uint32_t slot = 0; slot < kSlots; ++slot)
    for (const int by_x : {0, 1})
      scenarios.push_back({.name = fmt::format("memory-{}-{}", slot, by_x != 0 ? "x" : "a"),
                           .title = fmt::format("M[{}] keeps what {} stored while all other slots are written", slot,
                                                by_x != 0 ? "STX" : "ST"),
                           .why = "Compilers of filters keep one half there while they look at the other.",
                           .source = kSource,
                           .run = memory_keeps,
                           .parameters = {slot, by_x}});
}

std::vector<Scenario> of_registers() {
  return {
      {.name = "tax-txa",
       .title = "TAX and TXA copy all 32 bits from A to X and back",
       .why = kWhy,
       .source = kSource,
       .run = registers_are_copied},
      {.name = "tax-keeps-a", .title = "TAX leaves A as it is", .why = kWhy, .source = kSource, .run = tax_keeps_a},
      {.name = "constants",
       .title = "LD IMM and LDX IMM load constants of 32 bits",
       .why = kWhy,
       .source = kSource,
       .run = constants_are_loaded},
      {.name = "length-a",
       .title = "LD LEN loads 64, the size of seccomp_data",
       .why = "A filter that asks for the size must not be told that of a network packet.",
       .source = "kernel/seccomp.c, seccomp_check_filter (BPF_LD|BPF_W|BPF_LEN)",
       .run = the_length_is_64,
       .parameters = {BPF_LD}},
      {.name = "length-x",
       .title = "LDX LEN loads 64, the size of seccomp_data",
       .why = "A filter that asks for the size must not be told that of a network packet.",
       .source = "kernel/seccomp.c, seccomp_check_filter (BPF_LDX|BPF_W|BPF_LEN)",
       .run = the_length_is_64,
       .parameters = {BPF_LDX}},
      {.name = "x-zero",
       .title = "X is 0 at the start of a filter",
       .why = "What the kernel computed before could be read from it.",
       .source = "net/core/filter.c, bpf_convert_filter (the first instructions)",
       .run = x_starts_at_zero},
      {.name = "jump",
       .title = "JA skips as many instructions as it says",
       .why = kWhy,
       .source = kSource,
       .run = jumps_skip},
      {.name = "ret-a",
       .title = "RET A answers with the value that was computed",
       .why = "A filter may take the errno out of the call; the action in it must be the one computed.",
       .source = "kernel/seccomp.c, seccomp_check_filter (BPF_RET|BPF_A)",
       .run = the_answer_can_be_computed},
  };
}

}  // namespace

std::vector<Scenario> computation_scenarios() {
  std::vector<Scenario> scenarios;
  add_operations(scenarios);
  add_memory(scenarios);
  std::ranges::move(of_registers(), std::back_inserter(scenarios));
  return scenarios;
}

}  // namespace sandgauge
