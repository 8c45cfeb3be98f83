#include "model/syscalls.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

namespace sandgauge::syscalls_test {
namespace {

/// A call and its number, as a header of the machine has it: "#define __NR_uname 63", "(__X32_SYSCALL_BIT + 63)".
std::vector<std::pair<std::string, int>> calls_of_header(const std::string& file) {
  std::vector<std::pair<std::string, int>> calls;
  for (const char* folder : {"/usr/include/x86_64-linux-gnu/asm/", "/usr/include/asm/"}) {
    std::ifstream lines(folder + file);
    char name[64];
    int number = 0;
    for (std::string line; std::getline(lines, line);)
      if (std::sscanf(line.c_str(), "#define __NR_%63s %d", name, &number) == 2 ||
          std::sscanf(line.c_str(), "#define __NR_%63s (__X32_SYSCALL_BIT + %d)", name, &number) == 2)
        calls.emplace_back(name, number);
    if (!calls.empty()) break;
  }
  return calls;
}

struct Header {
  const char* file;
  Abi abi;
};

class HeaderTest : public testing::TestWithParam<Header> {};

TEST_P(HeaderTest, EveryCallOfTheMachinesHeaderHasItsNumber) {
  const auto calls = calls_of_header(GetParam().file);
  if (calls.empty()) GTEST_SKIP() << "this machine has no asm/" << GetParam().file;
  EXPECT_GT(calls.size(), 300U);
  for (const auto& [name, number] : calls) EXPECT_EQ(syscall_number(GetParam().abi, name), number) << name;
}

INSTANTIATE_TEST_SUITE_P(SyscallsTest, HeaderTest,
                         testing::Values(Header{"unistd_64.h", Abi::x86_64}, Header{"unistd_32.h", Abi::i386},
                                         Header{"unistd_x32.h", Abi::x32}),
                         [](const auto& header) { return std::string(abi_name(header.param.abi)); });

TEST(SyscallsTest, KnownNumbers) {
  EXPECT_EQ(syscall_number(Abi::x86_64, "read"), 0);
  EXPECT_EQ(syscall_number(Abi::x86_64, "execve"), 59);
  EXPECT_EQ(syscall_number(Abi::x86_64, "uname"), 63);
  EXPECT_EQ(syscall_number(Abi::x86_64, "getuid"), 102);
  EXPECT_EQ(syscall_number(Abi::x86_64, "seccomp"), 317);
  EXPECT_EQ(syscall_number(Abi::x86_64, "clone3"), 435);
  EXPECT_EQ(syscall_number(Abi::i386, "exit"), 1);
  EXPECT_EQ(syscall_number(Abi::i386, "socketcall"), 102);
  EXPECT_EQ(syscall_number(Abi::i386, "uname"), 122);
  EXPECT_EQ(syscall_number(Abi::i386, "getuid32"), 199);
  EXPECT_EQ(syscall_number(Abi::x32, "uname"), 63);
  EXPECT_EQ(syscall_number(Abi::x32, "rt_sigaction"), 512);
  EXPECT_EQ(syscall_number(Abi::x32, "execve"), 520);
  EXPECT_EQ(syscall_number(Abi::aarch64, "mkdirat"), 34);
  EXPECT_EQ(syscall_number(Abi::aarch64, "uname"), 160);
  EXPECT_EQ(syscall_number(Abi::aarch64, "execve"), 221);
}

TEST(SyscallsTest, ACallThatAnAbiLacksHasNoNumber) {
  EXPECT_EQ(syscall_number(Abi::aarch64, "mkdir"), std::nullopt);
  EXPECT_EQ(syscall_number(Abi::x86_64, "socketcall"), std::nullopt);
  EXPECT_EQ(syscall_number(Abi::i386, "accept"), std::nullopt);
  EXPECT_EQ(syscall_number(Abi::x32, "uselib"), std::nullopt);
  EXPECT_EQ(syscall_number(Abi::x86_64, "nosuchcall"), std::nullopt);
  EXPECT_EQ(syscall_number(Abi::x86_64, ""), std::nullopt);
}

TEST(SyscallsTest, TheTableIsSortedAndNamesNoCallTwice) {
  const auto calls = every_syscall();
  EXPECT_EQ(std::ranges::adjacent_find(calls, std::ranges::greater_equal{}, &SyscallEntry::name), calls.end());
}

TEST(SyscallsTest, EveryNumberLeadsBackToItsName) {
  for (const SyscallEntry& entry : every_syscall()) {
    EXPECT_TRUE(is_syscall_name(entry.name));
    int abis = 0;
    for (const Abi abi : kEveryAbi) {
      const auto number = syscall_number(abi, entry.name);
      if (!number) continue;
      ++abis;
      EXPECT_EQ(syscall_name(abi, *number), entry.name) << abi_name(abi) << " " << *number;
    }
    EXPECT_GT(abis, 0) << entry.name << " is a call of no ABI";
  }
}

TEST(SyscallsTest, NewCallsHaveOneNumberForAllAbis) {
  constexpr int kFirstCommonNumber = 424;  // pidfd_send_signal, Linux 5.1
  constexpr int kFirstX32Number = 512;     // of those that x32 has for itself
  for (const SyscallEntry& entry : every_syscall()) {
    const int highest = *std::ranges::max_element(entry.number);
    if (highest < kFirstCommonNumber || entry.number[static_cast<int>(Abi::x32)] >= kFirstX32Number) continue;
    for (const std::int32_t number : entry.number) EXPECT_TRUE(number == highest || number == -1) << entry.name;
  }
}

TEST(SyscallsTest, NumbersOutsideTheTableHaveNoName) {
  for (const int number : {-1, 385, 999, 1023, 1024, 0x40000000, INT32_MIN, INT32_MAX})
    EXPECT_EQ(syscall_name(Abi::x86_64, number), "") << number;
}

TEST(SyscallsTest, ADescriptionHasTheNumberAlways) {
  EXPECT_EQ(describe_syscall(Abi::x86_64, 63), "uname (63)");
  EXPECT_EQ(describe_syscall(Abi::i386, 63), "dup2 (63)");
  EXPECT_EQ(describe_syscall(Abi::x86_64, 9999), "syscall 9999");
  EXPECT_EQ(describe_syscall(Abi::x86_64, -1), "syscall -1");
}

TEST(SyscallsTest, ANameOfAnyAbiIsAName) {
  EXPECT_TRUE(is_syscall_name("socketcall"));
  EXPECT_TRUE(is_syscall_name("arch_prctl"));
  EXPECT_FALSE(is_syscall_name("Uname"));
  EXPECT_FALSE(is_syscall_name("unam"));
  EXPECT_FALSE(is_syscall_name("unamee"));
  EXPECT_FALSE(is_syscall_name(""));
}

TEST(ClosestSyscallTest, FindsTheNameBehindASlip) {
  EXPECT_EQ(closest_syscall("uname"), "uname");
  EXPECT_EQ(closest_syscall("unmae"), "uname");         // two letters swapped
  EXPECT_EQ(closest_syscall("opeenat"), "openat");      // one too many
  EXPECT_EQ(closest_syscall("getrandm"), "getrandom");  // one missing
  EXPECT_EQ(closest_syscall("socxetpeir"), "socketpair");
  EXPECT_EQ(closest_syscall("clone_3"), "clone3");
}

TEST(ClosestSyscallTest, OneSwapCountsAsOneSlip) {
  EXPECT_EQ(closest_syscall("scokteapir"), "");
  EXPECT_EQ(closest_syscall("scoketpiar"), "socketpair");
}

TEST(ClosestSyscallTest, GivesNothingWhenNoneIsNear) {
  EXPECT_EQ(closest_syscall("frobnicate"), "");
  EXPECT_EQ(closest_syscall("socketpairxyz"), "");
  EXPECT_EQ(closest_syscall(std::string(100'000, 'a')), "");
}

}  // namespace
}  // namespace sandgauge::syscalls_test
