#include "evaluate/bitmap.h"

#include <gtest/gtest.h>
#include <linux/filter.h>

#include <cerrno>

#include "model/abi.h"
#include "model/syscalls.h"

namespace sandgauge::bitmap_test {
namespace {

using Reason = BitmapAnswer::Reason;

constexpr std::uint32_t kNr = offsetof(seccomp_data, nr);
constexpr std::uint32_t kArch = offsetof(seccomp_data, arch);
constexpr std::uint32_t kArg1High = offsetof(seccomp_data, args) + 12;

seccomp_data call(std::int32_t nr, Abi abi = Abi::x86_64) { return {.nr = nr, .arch = audit_arch(abi)}; }
Program program(std::initializer_list<sock_filter> code) { return {code}; }
const sock_filter kAllow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
const sock_filter kDeny = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);

TEST(BitmapTest, AnAllowThatNeedsOnlyNumberAndArchIsAHit) {
  const Program filter =
      program({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kArch), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, audit_arch(Abi::x86_64), 0, 3),
               BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNr), BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 10, 1, 0), kAllow, kDeny});
  EXPECT_EQ(predict_bitmap(filter, call(9)), (BitmapAnswer{true, Reason::allowed, 4, SECCOMP_RET_ALLOW}));
  EXPECT_EQ(predict_bitmap(filter, call(10)), (BitmapAnswer{false, Reason::another_action, 5, SECCOMP_RET_ERRNO | EPERM}));
  EXPECT_FALSE(predict_bitmap(filter, call(9, Abi::i386)).hit);
  EXPECT_EQ(to_string(predict_bitmap(filter, call(10))), "ends in ERRNO(EPERM)");
}

TEST(BitmapTest, EachTestThatTheKernelFollowsIsFollowed) {
  const auto hit = [](std::uint16_t op, std::uint32_t k, std::int32_t nr) {
    return predict_bitmap(program({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNr),
                                   BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | op | BPF_K), k, 0, 1), kAllow, kDeny}),
                          call(nr))
        .hit;
  };
  EXPECT_TRUE(hit(BPF_JEQ, 5, 5) && !hit(BPF_JEQ, 5, 4));
  EXPECT_TRUE(hit(BPF_JGT, 5, 6) && !hit(BPF_JGT, 5, 5));
  EXPECT_TRUE(hit(BPF_JGE, 5, 5) && !hit(BPF_JGE, 5, 4));
  EXPECT_TRUE(hit(BPF_JSET, 4, 5) && !hit(BPF_JSET, 4, 3));
}

TEST(BitmapTest, AndWithAConstantAndAJumpAreFollowed) {
  const Program filter =
      program({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNr), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
               BPF_STMT(BPF_JMP | BPF_JA, 1), kDeny, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x10, 0, 1), kAllow, kDeny});
  EXPECT_TRUE(predict_bitmap(filter, call(0x1f)).hit);
  EXPECT_FALSE(predict_bitmap(filter, call(0x0f)).hit);
}

TEST(BitmapTest, AnArgumentIsNamedAsTheReason) {
  const Program filter = program({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kArg1High), kAllow});
  EXPECT_EQ(to_string(predict_bitmap(filter, call(0))), "argument rule: instruction 0 reads arg1.high");
}

TEST(BitmapTest, TheInstructionPointerIsNamedAsTheReason) {
  const Program filter = program({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 8), kAllow});
  EXPECT_EQ(to_string(predict_bitmap(filter, call(0))), "instruction 0 reads the instruction pointer");
}

TEST(BitmapTest, AnInstructionThatTheKernelsEmulatorDoesNotKnowIsAMiss) {
  for (const sock_filter step :
       {sock_filter BPF_STMT(BPF_LD | BPF_IMM, 0), sock_filter BPF_STMT(BPF_ALU | BPF_OR | BPF_K, 1),
        sock_filter BPF_STMT(BPF_MISC | BPF_TAX, 0), sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
        sock_filter BPF_STMT(BPF_RET | BPF_A, 0)})
    EXPECT_EQ(predict_bitmap(program({step, kAllow}), call(0)), (BitmapAnswer{false, Reason::not_followed, 0, 0}));
}

TEST(BitmapTest, AllowWithDataIsAMiss) {
  const Program filter = program({BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW | 1)});
  EXPECT_FALSE(predict_bitmap(filter, call(0)).hit);
  EXPECT_EQ(to_string(predict_bitmap(filter, call(0))), "ends in ALLOW with data (0x7fff0001)");
}

TEST(BitmapTest, WhatTheKernelDoesNotAskFiltersAboutIsAHitWhateverTheyAnswer) {
  for (const char* name : {"uretprobe", "uprobe"}) {
    const BitmapAnswer answer = predict_bitmap(program({kDeny}), call(*syscall_number(Abi::x86_64, name)));
    EXPECT_EQ(answer, (BitmapAnswer{true, Reason::never_asked, 0, 0})) << name;
    EXPECT_EQ(to_string(answer), "newer kernels do not ask filters about it");
  }
  EXPECT_FALSE(predict_bitmap(program({kDeny}), call(335, Abi::i386)).hit);
}

TEST(BitmapTest, NumbersOutsideTheTableMiss) {
  const Program filter = program({kAllow});
  std::int32_t last = 0;
  for (const SyscallEntry& entry : every_syscall()) last = std::max(last, entry.number[static_cast<int>(Abi::x86_64)]);
  EXPECT_TRUE(predict_bitmap(filter, call(last)).hit);
  EXPECT_EQ(predict_bitmap(filter, call(last + 1)).reason, Reason::outside);
  EXPECT_EQ(predict_bitmap(filter, call(-1)).reason, Reason::outside);
  EXPECT_EQ(predict_bitmap(filter, call(static_cast<std::int32_t>(kX32Bit))).reason, Reason::outside);
  EXPECT_EQ(predict_bitmap(filter, {.nr = 0, .arch = 1}).reason, Reason::foreign_to_table);
}

}  // namespace
}  // namespace sandgauge::bitmap_test
