#include "evaluate/recover.h"

#include <gtest/gtest.h>
#include <linux/audit.h>

#include <algorithm>

#include "evaluate/decide.h"
#include "evaluate/evaluate.h"

namespace sandgauge::recover_test {
namespace {

constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;

/// Allows read, and write to descriptor 1; everything else gets EPERM, another arch KILL.
Program sample() {
  Program program;
  program.code = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4),
                  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
                  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_THREAD),
                  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
                  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 4, 0),
                  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 2),
                  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
                  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 0),
                  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
                  BPF_STMT(BPF_RET | BPF_K, kAllow)};
  return program;
}

/// sample(), which answers x32 calls as those of another arch.
Program sample_without_x32() {
  Program program = sample();
  program.code.insert(program.code.begin() + 4, BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));
  program.code.insert(program.code.begin() + 5, BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_THREAD));
  return program;
}

/// ALLOW, and what these steps answer to ioctl of x86_64.
Program ioctl_filter(std::vector<sock_filter> steps) {
  Program program;
  program.code = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4),
                  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
                  BPF_STMT(BPF_RET | BPF_K, kAllow),
                  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
                  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 16, 1, 0),
                  BPF_STMT(BPF_RET | BPF_K, kAllow)};
  program.code.insert(program.code.end(), steps.begin(), steps.end());
  return program;
}

std::vector<std::string> words_of(const Recovered& recovered) {
  std::vector<std::string> words;
  for (const ResolvedRule& rule : recovered.rules) {
    if (rule.abi != Abi::x86_64) continue;
    std::string text = to_string(rule.action);
    for (const ArgumentTest& test : rule.when) text += ", " + to_string(test);
    words.push_back(text);
  }
  return words;
}

TEST(RecoverTest, WhatAFilterDoesNotTellApartIsListedByAbi) {
  const Recovered recovered = recover(sample(), Abi::x86_64);
  EXPECT_EQ(recovered.policy.default_action, errno_action(1));
  EXPECT_EQ(recovered.policy.foreign_action, (Action{ActionKind::kill_thread, 0}));
  // x32 has x86_64's arch, and this filter does not look at bit 30.
  EXPECT_EQ(recovered.policy.architectures, (std::vector{Abi::x86_64, Abi::x32}));
  EXPECT_TRUE(recovered.left_out.empty());
  EXPECT_EQ(recovered.by_abi, (std::vector<std::string>{"read", "write"}));
  EXPECT_TRUE(std::ranges::all_of(recovered.rules, [](const ResolvedRule& rule) { return rule.abi == Abi::x86_64; }));
}

TEST(RecoverTest, AFilterThatTellsX32ApartGivesItsRules) {
  const Recovered recovered = recover(sample_without_x32(), Abi::x86_64);
  EXPECT_EQ(recovered.policy.architectures, std::vector{Abi::x86_64});
  EXPECT_TRUE(recovered.left_out.empty() && recovered.by_abi.empty());
  ASSERT_EQ(recovered.policy.rules.size(), 2U);
  EXPECT_EQ(recovered.policy.rules[0].syscalls, std::vector<std::string>{"read"});
  EXPECT_EQ(recovered.policy.rules[1].syscalls, std::vector<std::string>{"write"});
  EXPECT_EQ(words_of(recovered), (std::vector<std::string>{"ALLOW", "ALLOW, arg0 & 0xffffffff == 0x1"}));
}

TEST(RecoverTest, TestsOfBothHalvesBecomeTestsOfTheArgument) {
  const auto with = [](std::uint16_t compare, std::uint8_t yes, std::uint8_t no) {
    return ioctl_filter({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 28), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3),
                         BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 24),
                         sock_filter{static_cast<std::uint16_t>(BPF_JMP | compare | BPF_K), yes, no, 0x5412},
                         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1), BPF_STMT(BPF_RET | BPF_K, kAllow)});
  };
  using Words = std::vector<std::string>;
  EXPECT_EQ(words_of(recover(with(BPF_JEQ, 0, 1), Abi::x86_64)), Words{"ERRNO(EPERM), arg1 == 21522"});
  EXPECT_EQ(words_of(recover(with(BPF_JGT, 0, 1), Abi::x86_64)), Words{"ERRNO(EPERM), arg1 >= 21523, arg1 <= 4294967295"});
  EXPECT_EQ(words_of(recover(with(BPF_JGT, 1, 0), Abi::x86_64)), Words{"ERRNO(EPERM), arg1 <= 21522"});
  EXPECT_EQ(words_of(recover(with(BPF_JEQ, 1, 0), Abi::x86_64)),
            (Words{"ERRNO(EPERM), arg1 <= 21521", "ERRNO(EPERM), arg1 >= 21523, arg1 <= 4294967295"}));
}

TEST(RecoverTest, AllValuesButOneAreOneTest) {
  const Program program =
      ioctl_filter({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 28), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2),
                    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 24), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 7, 1, 0),
                    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1), BPF_STMT(BPF_RET | BPF_K, kAllow)});
  EXPECT_EQ(words_of(recover(program, Abi::x86_64)), std::vector<std::string>{"ERRNO(EPERM), arg1 != 7"});
}

TEST(RecoverTest, EveryAnswerIsThatOfTheFilter) {
  // Masked and ordered tests of half an argument: all that is recovered answers as the filter does.
  const Program program =
      ioctl_filter({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 24), BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x1234, 3, 0),
                    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x12, 2, 0),
                    BPF_STMT(BPF_RET | BPF_K, kAllow), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x70000, 0, 1),
                    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP)});
  const Recovered recovered = recover(program, Abi::x86_64);
  const auto rules = Rules::of(recovered.policy);
  ASSERT_TRUE(rules && recovered.left_out.empty());
  for (std::uint64_t value = 0; value < 0x3000; value += 29)
    for (const std::uint64_t more : {0x0ULL, 0x10000ULL, 0x80000ULL, 0x100000000ULL}) {
      const seccomp_data data = to_seccomp_data({.abi = Abi::x86_64, .number = 16, .args = {0, value | more}});
      ASSERT_EQ(rules->decide(data), evaluate(program, data).action) << std::hex << (value | more);
    }
}

TEST(RecoverTest, WhatEveryOtherValueGetsNeedsNoRule) {
  // Ten values of both halves, one after the other: all others get the default, in more alternatives than rules are made of.
  std::vector<sock_filter> steps;
  for (std::uint32_t value = 1; value <= 10; ++value) {
    steps.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 24));
    steps.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value * 0x1111, 0, 3));
    steps.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 28));
    steps.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1));
    steps.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1));
  }
  steps.push_back(BPF_STMT(BPF_RET | BPF_K, kAllow));
  const Recovered recovered = recover(ioctl_filter(steps), Abi::x86_64);
  EXPECT_TRUE(recovered.left_out.empty());
  EXPECT_EQ(words_of(recovered).size(), 10U);
}

TEST(RecoverTest, WhatIsComputedOfArgumentsIsLeftOut) {
  const Program program =
      ioctl_filter({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 24), BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1),
                    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 7, 1, 0), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
                    BPF_STMT(BPF_RET | BPF_K, kAllow)});
  EXPECT_EQ(recover(program, Abi::x86_64).left_out, std::vector<std::string>{"ioctl"});
}

TEST(RecoverTest, ExamplesLeadToEveryAnswer) {
  Tests tests;
  add_examples(sample(), tests);
  const auto found = tests.find({Abi::x86_64, 1});
  ASSERT_NE(found, tests.end());
  EXPECT_EQ(found->second.at(0).at(0).index, 0);
}

}  // namespace
}  // namespace sandgauge::recover_test
