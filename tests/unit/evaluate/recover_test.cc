#include "evaluate/recover.h"

#include <gtest/gtest.h>
#include <linux/audit.h>

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

TEST(RecoverTest, CallsWithOneAnswerBecomeRulesAndTheOthersAreListed) {
  const Recovered recovered = recover(sample(), Abi::x86_64);
  EXPECT_EQ(recovered.policy.default_action, errno_action(1));
  EXPECT_EQ(recovered.policy.foreign_action, (Action{ActionKind::kill_thread, 0}));
  // x32 has x86_64's arch, and this filter does not look at bit 30.
  EXPECT_EQ(recovered.policy.architectures, (std::vector{Abi::x86_64, Abi::x32}));
  EXPECT_EQ(recovered.left_out, (std::vector<std::string>{"read", "write"}));
}

TEST(RecoverTest, AFilterThatTellsX32ApartGivesItsRules) {
  Program program = sample();
  program.code.insert(program.code.begin() + 4, BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));
  program.code.insert(program.code.begin() + 5, BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_THREAD));
  const Recovered recovered = recover(program, Abi::x86_64);
  EXPECT_EQ(recovered.policy.architectures, std::vector{Abi::x86_64});
  EXPECT_EQ(recovered.left_out, std::vector<std::string>{"write"});
  ASSERT_EQ(recovered.policy.rules.size(), 1U);
  EXPECT_EQ(recovered.policy.rules[0].syscalls, std::vector<std::string>{"read"});
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
