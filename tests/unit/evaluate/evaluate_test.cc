#include "evaluate/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>

#include "model/call.h"

namespace sandgauge::evaluate_test {
namespace {

using testing::HasSubstr;

constexpr std::uint32_t kAllow = 0x7fff0000;

sock_filter statement(int code, std::uint32_t k = 0) { return {static_cast<std::uint16_t>(code), 0, 0, k}; }
sock_filter jump(int condition, std::uint32_t k, std::uint8_t jt, std::uint8_t jf) {
  return {static_cast<std::uint16_t>(BPF_JMP | condition), jt, jf, k};
}
sock_filter ret(std::uint32_t k) { return statement(BPF_RET | BPF_K, k); }
sock_filter ret_a() { return statement(BPF_RET | BPF_A); }
sock_filter load(std::uint32_t k) { return statement(BPF_LD | BPF_IMM, k); }
sock_filter load_x(std::uint32_t k) { return statement(BPF_LDX | BPF_IMM, k); }

std::string refusal(std::vector<sock_filter> code) {
  const Result<void> checked = validate({std::move(code)});
  return checked ? "" : checked.error().message;
}

std::uint32_t result(std::vector<sock_filter> code, const seccomp_data& data = {}) {
  const Program program{std::move(code)};
  EXPECT_TRUE(validate(program)) << validate(program).error().message;
  return evaluate(program, data).value;
}

/// What `op` makes of A = a and k, and of A = a and X = k.
std::uint32_t with_constant(int op, std::uint32_t a, std::uint32_t k) {
  return result({load(a), statement(BPF_ALU | op | BPF_K, k), ret_a()});
}
std::uint32_t with_x(int op, std::uint32_t a, std::uint32_t x) {
  return result({load(a), load_x(x), statement(BPF_ALU | op | BPF_X), ret_a()});
}
bool taken(int condition, std::uint32_t a, std::uint32_t k) {
  const std::uint32_t constant = result({load(a), jump(condition | BPF_K, k, 0, 1), ret(1), ret(0)});
  const std::uint32_t x = result({load(a), load_x(k), jump(condition | BPF_X, 0, 0, 1), ret(1), ret(0)});
  EXPECT_EQ(constant, x);
  return constant == 1;
}

TEST(ValidateTest, AnEmptyProgramIsRefused) { EXPECT_EQ(refusal({}), "the filter has 0 instructions, expected 1 to 4096"); }

TEST(ValidateTest, TheLongestProgramIsAcceptedAndOneMoreIsRefused) {
  EXPECT_EQ(refusal(std::vector<sock_filter>(4096, ret(kAllow))), "");
  EXPECT_EQ(refusal(std::vector<sock_filter>(4097, ret(kAllow))), "the filter has 4097 instructions, expected 1 to 4096");
}

TEST(ValidateTest, OpcodesOutsideTheFilterSetAreRefused) {
  for (const int code : {BPF_LD | BPF_H | BPF_ABS, BPF_LD | BPF_B | BPF_ABS, BPF_LD | BPF_W | BPF_IND,
                         BPF_LD | BPF_H | BPF_IND, BPF_LDX | BPF_B | BPF_MSH, BPF_ALU | BPF_MOD | BPF_K,
                         BPF_ALU | BPF_MOD | BPF_X, BPF_RET | BPF_X, 0x00ff, 0xffff, 0x0100 | BPF_RET | BPF_K})
    EXPECT_THAT(refusal({statement(code, 4), ret(kAllow)}), HasSubstr("instruction 0: opcode")) << code;
  EXPECT_EQ(refusal({statement(BPF_ALU | BPF_MOD | BPF_K, 2), ret(0)}),
            "instruction 0: opcode 0x0094 is not one of a seccomp filter");
}

TEST(ValidateTest, LoadsMustBeAlignedAndInsideTheCall) {
  EXPECT_EQ(refusal({statement(BPF_LD | BPF_W | BPF_ABS, 60), ret(0)}), "");
  EXPECT_EQ(refusal({statement(BPF_LD | BPF_W | BPF_ABS, 64), ret(0)}),
            "instruction 0: load from offset 64, expected a multiple of 4 below 64");
  EXPECT_EQ(refusal({ret(0), statement(BPF_LD | BPF_W | BPF_ABS, 2), ret(0)}),
            "instruction 1: load from offset 2, expected a multiple of 4 below 64");
}

TEST(ValidateTest, ConstantShiftsAndDivisorsAreBounded) {
  EXPECT_EQ(refusal({statement(BPF_ALU | BPF_LSH | BPF_K, 31), ret(0)}), "");
  EXPECT_EQ(refusal({statement(BPF_ALU | BPF_LSH | BPF_K, 32), ret(0)}), "instruction 0: shift by 32, expected at most 31");
  EXPECT_EQ(refusal({statement(BPF_ALU | BPF_RSH | BPF_K, 32), ret(0)}), "instruction 0: shift by 32, expected at most 31");
  EXPECT_EQ(refusal({statement(BPF_ALU | BPF_DIV | BPF_K, 1), ret(0)}), "");
  EXPECT_EQ(refusal({statement(BPF_ALU | BPF_DIV | BPF_K, 0), ret(0)}), "instruction 0: division by the constant 0");
}

TEST(ValidateTest, JumpsMustStayInside) {
  EXPECT_EQ(refusal({statement(BPF_JMP | BPF_JA, 0), ret(0)}), "");
  EXPECT_EQ(refusal({statement(BPF_JMP | BPF_JA, 1), ret(0)}), "instruction 0: jump to 2, expected at most 1");
  EXPECT_EQ(refusal({statement(BPF_JMP | BPF_JA, 0xffffffff), ret(0)}),
            "instruction 0: jump to 4294967296, expected at most 1");
  EXPECT_EQ(refusal({jump(BPF_JEQ, 0, 1, 0), ret(0), ret(0)}), "");
  EXPECT_EQ(refusal({jump(BPF_JEQ, 0, 2, 0), ret(0), ret(0)}), "instruction 0: jump to 3, expected at most 2");
  EXPECT_EQ(refusal({jump(BPF_JEQ, 0, 0, 2), ret(0), ret(0)}), "instruction 0: jump to 3, expected at most 2");
}

TEST(ValidateTest, TheLastInstructionMustReturn) {
  EXPECT_EQ(refusal({load(1)}), "instruction 0: the last one, expected a RET");
  EXPECT_EQ(refusal({ret(0), load(1)}), "instruction 1: the last one, expected a RET");
  EXPECT_EQ(refusal({ret_a()}), "");
}

TEST(ValidateTest, MemoryCellsAreSixteen) {
  EXPECT_EQ(refusal({statement(BPF_ST, 15), ret(0)}), "");
  EXPECT_EQ(refusal({statement(BPF_ST, 16), ret(0)}), "instruction 0: memory cell 16, expected at most 15");
  EXPECT_EQ(refusal({statement(BPF_LDX | BPF_MEM, 16), ret(0)}), "instruction 0: memory cell 16, expected at most 15");
}

TEST(ValidateTest, ACellMustBeStoredOnEveryWayToItsLoad) {
  const auto load_cell = statement(BPF_LD | BPF_MEM, 3);
  EXPECT_EQ(refusal({load_cell, ret(0)}), "instruction 0: memory cell 3 is loaded, expected a store on every way to it");
  EXPECT_EQ(refusal({statement(BPF_STX, 3), load_cell, ret(0)}), "");
  EXPECT_EQ(refusal({jump(BPF_JEQ, 0, 0, 1), statement(BPF_ST, 3), load_cell, ret(0)}),
            "instruction 2: memory cell 3 is loaded, expected a store on every way to it");
  EXPECT_EQ(refusal({jump(BPF_JEQ, 0, 0, 2), statement(BPF_ST, 3), statement(BPF_JMP | BPF_JA, 1), statement(BPF_ST, 3),
                     load_cell, ret(0)}),
            "");
}

TEST(ValidateTest, WhatFollowsAReturnIsReadAsIfReached) {
  EXPECT_EQ(refusal({ret(0), statement(BPF_LD | BPF_MEM, 0), ret(0)}),
            "instruction 1: memory cell 0 is loaded, expected a store on every way to it");
  EXPECT_EQ(refusal({statement(BPF_ST, 0), ret(0), statement(BPF_LD | BPF_MEM, 0), ret(0)}), "");
  EXPECT_EQ(refusal({statement(BPF_JMP | BPF_JA, 1), statement(BPF_LD | BPF_MEM, 0), ret(0)}), "");  // nothing arrives
}

TEST(EvaluateTest, RegistersStartAtZero) {
  EXPECT_EQ(result({ret_a()}), 0U);
  EXPECT_EQ(result({load(7), statement(BPF_MISC | BPF_TXA), ret_a()}), 0U);
}

TEST(EvaluateTest, EveryWordOfTheCallIsLoadedFromItsOffset) {
  seccomp_data data{.nr = -2, .arch = 0xc000003e, .instruction_pointer = 0x1111111122222222, .args = {}};
  for (std::uint32_t i = 0; i < 6; ++i) data.args[i] = std::uint64_t{100 + i} << 32 | (200 + i);
  const auto word = [&data](std::uint32_t offset) {
    return result({statement(BPF_LD | BPF_W | BPF_ABS, offset), ret_a()}, data);
  };
  EXPECT_EQ(word(0), 0xfffffffeU);
  EXPECT_EQ(word(4), 0xc000003eU);
  EXPECT_EQ(word(8), 0x22222222U);
  EXPECT_EQ(word(12), 0x11111111U);
  for (std::uint32_t i = 0; i < 6; ++i) {
    EXPECT_EQ(word(16 + 8 * i), 200 + i);
    EXPECT_EQ(word(20 + 8 * i), 100 + i);
  }
}

TEST(EvaluateTest, TheLengthIsThatOfTheCall) {
  EXPECT_EQ(result({statement(BPF_LD | BPF_W | BPF_LEN), ret_a()}), 64U);
  EXPECT_EQ(result({statement(BPF_LDX | BPF_W | BPF_LEN), statement(BPF_MISC | BPF_TXA), ret_a()}), 64U);
}

TEST(EvaluateTest, ArithmeticIsUnsignedAnd32BitsWide) {
  struct Row {
    int op;
    std::uint32_t a, k, expected;
  };
  for (const Row& row :
       {Row{BPF_ADD, 0xffffffff, 2, 1}, Row{BPF_SUB, 1, 2, 0xffffffff}, Row{BPF_MUL, 0x80000001, 2, 2},
        Row{BPF_DIV, 0xfffffffe, 2, 0x7fffffff}, Row{BPF_AND, 0xf0f0, 0xff00, 0xf000}, Row{BPF_OR, 0xf0f0, 0xff00, 0xfff0},
        Row{BPF_XOR, 0xf0f0, 0xff00, 0x0ff0}, Row{BPF_LSH, 0x80000001, 1, 2}, Row{BPF_RSH, 0x80000001, 1, 0x40000000}}) {
    EXPECT_EQ(with_constant(row.op, row.a, row.k), row.expected) << row.op;
    EXPECT_EQ(with_x(row.op, row.a, row.k), row.expected) << row.op;
  }
  EXPECT_EQ(result({load(1), statement(BPF_ALU | BPF_NEG), ret_a()}), 0xffffffffU);
}

TEST(EvaluateTest, DivisionByZeroInXKills) {
  const Program program{{load(5), statement(BPF_ALU | BPF_DIV | BPF_X), ret(kAllow)}};
  ASSERT_TRUE(validate(program));
  EXPECT_EQ(evaluate(program, {}), (Evaluation{0, {ActionKind::kill_thread, 0}, 2}));
}

TEST(EvaluateTest, AShiftByXUsesItsLowFiveBits) {
  EXPECT_EQ(with_x(BPF_LSH, 3, 32), 3U);
  EXPECT_EQ(with_x(BPF_LSH, 3, 33), 6U);
  EXPECT_EQ(with_x(BPF_RSH, 8, 0xffffffe1), 4U);
}

TEST(EvaluateTest, ComparisonsAreUnsigned) {
  EXPECT_TRUE(taken(BPF_JEQ, 5, 5));
  EXPECT_FALSE(taken(BPF_JEQ, 5, 6));
  EXPECT_TRUE(taken(BPF_JGE, 5, 5));
  EXPECT_FALSE(taken(BPF_JGE, 5, 6));
  EXPECT_TRUE(taken(BPF_JGE, 0x80000000, 1));
  EXPECT_FALSE(taken(BPF_JGT, 5, 5));
  EXPECT_TRUE(taken(BPF_JGT, 0xffffffff, 0));
  EXPECT_TRUE(taken(BPF_JSET, 6, 2));
  EXPECT_FALSE(taken(BPF_JSET, 6, 9));
}

TEST(EvaluateTest, MemoryKeepsBothRegisters) {
  EXPECT_EQ(
      result({load(7), load_x(9), statement(BPF_ST, 0), statement(BPF_STX, 15), load(0), load_x(0),
              statement(BPF_LD | BPF_MEM, 15), statement(BPF_LDX | BPF_MEM, 0), statement(BPF_ALU | BPF_MUL | BPF_X),
              statement(BPF_MISC | BPF_TAX), statement(BPF_ALU | BPF_SUB | BPF_X), statement(BPF_MISC | BPF_TXA), ret_a()}),
      63U);
}

TEST(EvaluateTest, StepsCountTheExecutedInstructionsAndTheReturn) {
  const Program program{{jump(BPF_JEQ, 0, 1, 0), load(1), statement(BPF_JMP | BPF_JA, 1), load(2), ret_a()}};
  ASSERT_TRUE(validate(program));
  EXPECT_EQ(evaluate(program, {}).steps, 3U);
  EXPECT_EQ(evaluate({{ret(kAllow)}}, {}).steps, 1U);
}

TEST(EvaluateTest, TheActionIsTheKernelsReadingOfTheValue) {
  EXPECT_EQ(evaluate({{ret(0x00050001)}}, {}).action, errno_action(1));
  EXPECT_EQ(evaluate({{ret(0x00060000)}}, {}).action, (Action{ActionKind::kill_process, 0}));
  EXPECT_EQ(evaluate({{ret(kAllow | 9)}}, {}), (Evaluation{kAllow | 9, {ActionKind::allow, 0}, 1}));
}

TEST(EvaluateTest, ATraceIsTheInstructionsThatWereExecuted) {
  const Program program{{load(7), jump(BPF_JEQ, 7, 1, 0), ret(1), ret(2)}};
  EXPECT_EQ(trace(program, {}), (std::vector<std::size_t>{0, 1, 3}));
}

}  // namespace
}  // namespace sandgauge::evaluate_test
