#include "compile/listing.h"

#include <gtest/gtest.h>
#include <linux/filter.h>

namespace sandgauge::listing_test {
namespace {

std::string one(int code, std::uint32_t k = 0, std::uint8_t jt = 0, std::uint8_t jf = 0) {
  std::string line = listing({{{static_cast<std::uint16_t>(code), jt, jf, k}}});
  EXPECT_TRUE(line.starts_with("   0  ") && line.ends_with("\n")) << line;
  return line.substr(6, line.size() - 7);
}

TEST(ListingTest, AnEmptyProgramHasNoLines) { EXPECT_EQ(listing({}), ""); }

TEST(ListingTest, LoadsNameTheFieldOfTheCall) {
  EXPECT_EQ(one(BPF_LD | BPF_W | BPF_ABS, 0), "ld   nr");
  EXPECT_EQ(one(BPF_LD | BPF_W | BPF_ABS, 4), "ld   arch");
  EXPECT_EQ(one(BPF_LD | BPF_W | BPF_ABS, 8), "ld   ip.low");
  EXPECT_EQ(one(BPF_LD | BPF_W | BPF_ABS, 12), "ld   ip.high");
  EXPECT_EQ(one(BPF_LD | BPF_W | BPF_ABS, 16), "ld   arg0.low");
  EXPECT_EQ(one(BPF_LD | BPF_W | BPF_ABS, 60), "ld   arg5.high");
  EXPECT_EQ(one(BPF_LD | BPF_W | BPF_ABS, 64), "ld   [64]");
  EXPECT_EQ(one(BPF_LD | BPF_W | BPF_ABS, 6), "ld   [6]");
}

TEST(ListingTest, EveryOtherInstructionHasItsMnemonic) {
  EXPECT_EQ(one(BPF_LD | BPF_W | BPF_LEN), "ld   len");
  EXPECT_EQ(one(BPF_LDX | BPF_W | BPF_LEN), "ldx  len");
  EXPECT_EQ(one(BPF_LD | BPF_IMM, 7), "ld   #7");
  EXPECT_EQ(one(BPF_LDX | BPF_IMM, 0x10000), "ldx  #0x10000");
  EXPECT_EQ(one(BPF_LD | BPF_MEM, 3), "ld   mem[3]");
  EXPECT_EQ(one(BPF_LDX | BPF_MEM, 3), "ldx  mem[3]");
  EXPECT_EQ(one(BPF_ST, 1), "st   mem[1]");
  EXPECT_EQ(one(BPF_STX, 1), "stx  mem[1]");
  EXPECT_EQ(one(BPF_MISC | BPF_TAX), "tax");
  EXPECT_EQ(one(BPF_MISC | BPF_TXA), "txa");
  EXPECT_EQ(one(BPF_ALU | BPF_NEG), "neg");
  EXPECT_EQ(one(BPF_ALU | BPF_ADD | BPF_K, 255), "add  0xff");
  EXPECT_EQ(one(BPF_ALU | BPF_XOR | BPF_X), "xor  x");
  EXPECT_EQ(one(BPF_ALU | BPF_MOD | BPF_K, 2), "mod  0x2");
  EXPECT_EQ(one(BPF_JMP | BPF_JA, 4), "ja   5");
  EXPECT_EQ(one(BPF_JMP | BPF_JSET | BPF_X, 0, 1, 2), "jset x, 2, 3");
  EXPECT_EQ(one(BPF_JMP | BPF_JGT | BPF_K, 0x10000, 255, 0), "jgt  0x10000, 256, 1");
  EXPECT_EQ(one(BPF_RET | BPF_A), "ret  a");
}

TEST(ListingTest, WhatIsNoInstructionIsShownRaw) {
  EXPECT_EQ(one(0xffff, 1, 2, 3), ".op  0xffff, jt 2, jf 3, k 0x1");
  EXPECT_EQ(one(BPF_JMP | 0x50, 1, 2, 3), ".op  0x0055, jt 2, jf 3, k 0x1");
  EXPECT_EQ(one(BPF_LD | BPF_H | BPF_ABS, 0), ".op  0x0028, jt 0, jf 0, k 0x0");
}

TEST(ListingTest, AReturnShowsItsAction) {
  EXPECT_EQ(one(BPF_RET | BPF_K, 0x00050001), "ret  0x00050001             ; ERRNO(EPERM)");
  EXPECT_EQ(one(BPF_RET | BPF_K, 0x00000000), "ret  0x00000000             ; KILL");
  EXPECT_EQ(one(BPF_RET | BPF_K, 0x12345678), "ret  0x12345678             ; KILL_PROCESS");
}

constexpr std::uint16_t kLoad = BPF_LD | BPF_W | BPF_ABS;
constexpr std::uint16_t kEqual = BPF_JMP | BPF_JEQ | BPF_K;
constexpr std::uint16_t kAtLeast = BPF_JMP | BPF_JGE | BPF_K;
constexpr std::uint16_t kReturn = BPF_RET | BPF_K;

TEST(ListingTest, CallsAreNamedWhereTheArchIsKnown) {
  EXPECT_EQ(listing({{{kLoad, 0, 0, 4},
                      {kEqual, 1, 0, 0x40000003},
                      {kEqual, 3, 6, 0xc000003e},
                      {kLoad, 0, 0, 0},
                      {kEqual, 4, 0, 122},
                      {kReturn, 0, 0, 0x7fff0000},
                      {kLoad, 0, 0, 0},
                      {kAtLeast, 0, 1, 0x40000000},
                      {kEqual, 0, 0, 0x4000003f},
                      {kReturn, 0, 0, 0}}}),
            "   0  ld   arch\n"
            "   1  jeq  0x40000003, 3, 2       ; i386\n"
            "   2  jeq  0xc000003e, 6, 9       ; x86_64\n"
            "   3  ld   nr\n"
            "   4  jeq  122, 9, 5              ; uname\n"
            "   5  ret  0x7fff0000             ; ALLOW\n"
            "   6  ld   nr\n"
            "   7  jge  0x40000000, 8, 9       ; x32 calls\n"
            "   8  jeq  0x4000003f, 9, 9       ; uname, x32\n"
            "   9  ret  0x00000000             ; KILL\n");
}

TEST(ListingTest, ACallIsNotNamedWhereTwoArchsMeet) {
  const std::string text = listing({{{kLoad, 0, 0, 4},
                                     {kEqual, 1, 0, 0x40000003},
                                     {kEqual, 0, 2, 0xc000003e},
                                     {kLoad, 0, 0, 0},
                                     {kEqual, 0, 0, 63},
                                     {kReturn, 0, 0, 0}}});
  EXPECT_NE(text.find("   4  jeq  63, 5, 5\n"), std::string::npos) << text;
}

TEST(ListingTest, AnArgumentIsNotTakenForANumber) {
  const std::string text =
      listing({{{kLoad, 0, 0, 4}, {kEqual, 0, 2, 0xc000003e}, {kLoad, 0, 0, 16}, {kEqual, 0, 0, 63}, {kReturn, 0, 0, 0}}});
  EXPECT_NE(text.find("   3  jeq  63, 4, 4\n"), std::string::npos) << text;
}

TEST(ListingTest, AChangedAccumulatorIsNoLongerANumber) {
  const std::string text = listing({{{kLoad, 0, 0, 4},
                                     {kEqual, 0, 3, 0xc000003e},
                                     {kLoad, 0, 0, 0},
                                     {BPF_ALU | BPF_AND | BPF_K, 0, 0, 0xff},
                                     {kEqual, 0, 0, 63},
                                     {kReturn, 0, 0, 0}}});
  EXPECT_NE(text.find("   4  jeq  63, 5, 5\n"), std::string::npos) << text;
}

TEST(ListingTest, AProgramThatJumpsOutOfItselfCanBeListed) {
  EXPECT_EQ(listing({{{BPF_JMP | BPF_JA, 0, 0, 0xffffffff}, {kEqual, 255, 255, 1}}}),
            "   0  ja   4294967296\n"
            "   1  jeq  1, 257, 257\n");
}

TEST(ListingTest, AnAnnotatedListingHasLabelsAndNotes) {
  const Program program{{{BPF_LD | BPF_W | BPF_ABS, 0, 0, 4},
                         {BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 0xc000003e},
                         {BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},
                         {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 63},
                         {BPF_RET | BPF_K, 0, 0, 0x7fff0000},
                         {BPF_RET | BPF_K, 0, 0, 0x00050001}}};
  const ListingNotes notes{.by_call = {{{Abi::x86_64, 63}, "rule 1"}}, .by_instruction = {"", "", "", "", "no rule"}};
  EXPECT_EQ(annotated_listing(program, notes),
            (std::vector<std::string>{"          0  ld   arch", "          1  jeq  0xc000003e, L2, L4       ; x86_64",
                                      "   L2:    2  ld   nr", "          3  jeq  63, L5, L4               ; uname: rule 1",
                                      "   L4:    4  ret  0x7fff0000               ; ALLOW: no rule",
                                      "   L5:    5  ret  0x00050001               ; ERRNO(EPERM)"}));
}

}  // namespace
}  // namespace sandgauge::listing_test
