#include "model/call.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace sandgauge::call_test {
namespace {

constexpr std::uint64_t kAllBits = ~std::uint64_t{0};

std::uint32_t raw_number(const Call& call) { return static_cast<std::uint32_t>(to_seccomp_data(call).nr); }

Call call_of(std::uint32_t arch, std::uint32_t number) {
  Call call;
  EXPECT_TRUE(from_seccomp_data({.nr = static_cast<int>(number), .arch = arch}, call));
  return call;
}

TEST(CallTest, EveryAbiRoundTrips) {
  for (const Abi abi : kEveryAbi) {
    for (const std::int32_t number : {0, 1, 511, 512, 0x3fffffff}) {
      const Call call{.abi = abi, .number = number, .args = {1, 2, 3, 4, 5, 0xffffffff}, .instruction_pointer = 0x401000};
      Call back;
      ASSERT_TRUE(from_seccomp_data(to_seccomp_data(call), back));
      EXPECT_EQ(back, call) << to_string(call);
    }
  }
}

TEST(CallTest, TheNumberOfATracerThatSkipsRoundTrips) {
  for (const Abi abi : {Abi::x86_64, Abi::i386, Abi::aarch64}) {
    Call back;
    ASSERT_TRUE(from_seccomp_data(to_seccomp_data({.abi = abi, .number = -1}), back));
    EXPECT_EQ(back, (Call{.abi = abi, .number = -1})) << abi_name(abi);
  }
}

TEST(CallTest, AnX32CallHasBitThirtyAndTheArchitectureOfX86_64) {
  const seccomp_data data = to_seccomp_data({.abi = Abi::x32, .number = 63});
  EXPECT_EQ(static_cast<std::uint32_t>(data.nr), kX32Bit | 63);
  EXPECT_EQ(data.arch, audit_arch(Abi::x86_64));
}

TEST(CallTest, OnlyX32GetsBitThirty) {
  for (const Abi abi : {Abi::x86_64, Abi::i386, Abi::aarch64}) EXPECT_EQ(raw_number({.abi = abi, .number = 63}), 63U);
}

TEST(CallTest, X32BeginsAtBitThirtyAndEndsBeforeMinusOne) {
  const std::uint32_t arch = audit_arch(Abi::x86_64);
  EXPECT_EQ(call_of(arch, 0x3fffffff), (Call{.abi = Abi::x86_64, .number = 0x3fffffff}));
  EXPECT_EQ(call_of(arch, 0x40000000), (Call{.abi = Abi::x32, .number = 0}));
  EXPECT_EQ(call_of(arch, 0x7fffffff), (Call{.abi = Abi::x32, .number = 0x3fffffff}));
  EXPECT_EQ(call_of(arch, 0x80000000).abi, Abi::x32);
  EXPECT_EQ(call_of(arch, 0xfffffffe).abi, Abi::x32);
  EXPECT_EQ(call_of(arch, 0xffffffff), (Call{.abi = Abi::x86_64, .number = -1}));
}

TEST(CallTest, BitThirtyMeansNothingOnOtherArchitectures) {
  EXPECT_EQ(call_of(audit_arch(Abi::i386), 0x40000001), (Call{.abi = Abi::i386, .number = 0x40000001}));
  EXPECT_EQ(call_of(audit_arch(Abi::aarch64), 0x40000001), (Call{.abi = Abi::aarch64, .number = 0x40000001}));
}

TEST(CallTest, ArgumentsOfI386AreCutTo32Bits) {
  const Call call{.abi = Abi::i386, .number = 4, .args = {kAllBits, 1ULL << 32, 0, 0, 0, kAllBits}};
  const seccomp_data data = to_seccomp_data(call);
  EXPECT_EQ(data.args[0], 0xffffffffU);
  EXPECT_EQ(data.args[1], 0U);
  EXPECT_EQ(data.args[5], 0xffffffffU);
}

TEST(CallTest, ArgumentsOfTheOthersKeep64Bits) {
  for (const Abi abi : {Abi::x86_64, Abi::x32, Abi::aarch64}) {
    const seccomp_data data = to_seccomp_data({.abi = abi, .args = {kAllBits, 0, 0, 0, 0, 1ULL << 32}});
    EXPECT_EQ(data.args[0], kAllBits) << abi_name(abi);
    EXPECT_EQ(data.args[5], 1ULL << 32) << abi_name(abi);
  }
}

TEST(CallTest, AnotherMachinesArchitectureIsNoCallOfOurs) {
  Call call;
  EXPECT_FALSE(from_seccomp_data({.nr = 1, .arch = 0}, call));
  call.number = 5;
  EXPECT_FALSE(from_seccomp_data({.nr = 1, .arch = 0xC00000F3}, call));  // AUDIT_ARCH_RISCV64
  EXPECT_EQ(call, Call{});
}

TEST(CallTest, OneThatIsOverwrittenKeepsNothing) {
  Call call{.abi = Abi::aarch64, .number = 9, .args = {1, 2, 3, 4, 5, 6}, .instruction_pointer = 7};
  ASSERT_TRUE(from_seccomp_data({.nr = 3, .arch = audit_arch(Abi::i386)}, call));
  EXPECT_EQ(call, (Call{.abi = Abi::i386, .number = 3}));
}

TEST(CallTest, TheTextHasNameNumberAndAbi) {
  EXPECT_EQ(to_string(Call{.abi = Abi::x86_64, .number = 63}), "uname (63), x86_64");
  EXPECT_EQ(to_string(Call{.abi = Abi::i386, .number = 122}), "uname (122), i386");
  EXPECT_EQ(to_string(Call{.abi = Abi::x32, .number = 513}), "rt_sigreturn (513), x32");
  EXPECT_EQ(to_string(Call{.abi = Abi::x86_64, .number = -1}), "syscall -1, x86_64");
  EXPECT_EQ(to_string(Call{.abi = Abi::aarch64, .number = 9999}), "syscall 9999, aarch64");
}

}  // namespace
}  // namespace sandgauge::call_test
