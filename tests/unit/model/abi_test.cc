#include "model/abi.h"

#include <gtest/gtest.h>
#include <linux/audit.h>

namespace sandgauge::abi_test {
namespace {

TEST(AbiTest, TheKernelsArchitectureValues) {
  EXPECT_EQ(audit_arch(Abi::x86_64), static_cast<std::uint32_t>(AUDIT_ARCH_X86_64));
  EXPECT_EQ(audit_arch(Abi::i386), static_cast<std::uint32_t>(AUDIT_ARCH_I386));
  EXPECT_EQ(audit_arch(Abi::x32), audit_arch(Abi::x86_64));
  EXPECT_EQ(audit_arch(Abi::aarch64), static_cast<std::uint32_t>(AUDIT_ARCH_AARCH64));
}

TEST(AbiTest, EveryNameLeadsBackToItsAbi) {
  for (const Abi abi : kEveryAbi) EXPECT_EQ(parse_abi(abi_name(abi)), abi) << abi_name(abi);
}

TEST(AbiTest, TheOrderIsThatOfTheSyscallTable) {
  EXPECT_EQ(abi_name(Abi{0}), "x86_64");
  EXPECT_EQ(abi_name(Abi{1}), "i386");
  EXPECT_EQ(abi_name(Abi{2}), "x32");
  EXPECT_EQ(abi_name(Abi{3}), "aarch64");
}

TEST(AbiTest, OtherSpellingsAreKnown) {
  EXPECT_EQ(parse_abi("amd64"), Abi::x86_64);
  EXPECT_EQ(parse_abi("x86"), Abi::i386);
  EXPECT_EQ(parse_abi("arm64"), Abi::aarch64);
  EXPECT_EQ(parse_abi("SCMP_ARCH_X86_64"), Abi::x86_64);
  EXPECT_EQ(parse_abi("SCMP_ARCH_X86"), Abi::i386);
  EXPECT_EQ(parse_abi("SCMP_ARCH_X32"), Abi::x32);
  EXPECT_EQ(parse_abi("SCMP_ARCH_AARCH64"), Abi::aarch64);
}

TEST(AbiTest, OtherTextsAreNoAbi) {
  for (const char* text : {"", "X86_64", "x86-64", "SCMP_ARCH_I386", "SCMP_ARCH_", "arm", "x32 "})
    EXPECT_EQ(parse_abi(text), std::nullopt) << text;
}

TEST(AbiTest, TheNativeAbiIsTheCompilersOwn) {
#if defined(__x86_64__)
  EXPECT_EQ(native_abi(), Abi::x86_64);
#elif defined(__aarch64__)
  EXPECT_EQ(native_abi(), Abi::aarch64);
#else
#error "a machine that sandgauge does not know"
#endif
}

}  // namespace
}  // namespace sandgauge::abi_test
