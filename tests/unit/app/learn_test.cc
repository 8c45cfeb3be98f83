#include "app/learn.h"

#include <gtest/gtest.h>

#include "evaluate/decide.h"

namespace sandgauge::learn_test {
namespace {

TEST(LearnTest, APolicyAllowsWhatWasSeenAndKillsForAllElse) {
  const Policy policy = policy_of({.calls = {{.abi = Abi::x86_64, .number = 63, .count = 3},
                                             {.abi = Abi::x86_64, .number = 0, .count = 1},
                                             {.abi = Abi::i386, .number = 3, .count = 1}}});
  EXPECT_EQ(policy.architectures, (std::vector{Abi::x86_64, Abi::i386}));
  EXPECT_EQ(policy.rules[0].syscalls, (std::vector<std::string>{"read", "uname"}));
  const auto rules = Rules::of(policy);
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(rules->decide({.abi = Abi::x86_64, .number = 63}).kind, ActionKind::allow);
  EXPECT_EQ(rules->decide({.abi = Abi::x86_64, .number = 1}).kind, ActionKind::kill_process);
  EXPECT_EQ(rules->decide({.abi = Abi::x32, .number = 0}).kind, ActionKind::kill_process);
}

TEST(LearnTest, ACallWithoutANameKeepsItsNumber) {
  const Policy policy = policy_of({.calls = {{.abi = Abi::x86_64, .number = 1000, .count = 1}}});
  EXPECT_EQ(policy.rules[0].syscalls, (std::vector<std::string>{"1000"}));
}

}  // namespace
}  // namespace sandgauge::learn_test
