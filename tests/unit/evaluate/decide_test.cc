#include "evaluate/decide.h"

#include <gtest/gtest.h>

namespace sandgauge::decide_test {
namespace {

constexpr Action kAllow{ActionKind::allow, 0};
constexpr Action kKill{ActionKind::kill_thread, 0};
constexpr Action kKillProcess{ActionKind::kill_process, 0};

Rules rules_of(const Policy& policy) {
  Result<Rules> rules = Rules::of(policy);
  EXPECT_TRUE(rules) << rules.error().message;
  return std::move(rules).value();
}

Policy policy_of(std::vector<Rule> rules) {
  Policy policy;
  policy.architectures = {Abi::x86_64};
  policy.rules = std::move(rules);
  return policy;
}

Call uname_call(std::uint64_t arg0 = 0) { return {.abi = Abi::x86_64, .number = 63, .args = {arg0}}; }

TEST(DecideTest, ACallWithoutARuleGetsTheDefault) {
  const Rules rules = rules_of(policy_of({{.syscalls = {"uname"}, .action = kKill}}));
  EXPECT_EQ(rules.decide(uname_call()), kKill);
  EXPECT_EQ(rules.decide({.abi = Abi::x86_64, .number = 64}), kAllow);
  EXPECT_EQ(rules.decide({.abi = Abi::x86_64, .number = 100000}), kAllow);
}

TEST(DecideTest, TheStrictestMatchingRuleWinsInAnyOrder) {
  const Rule kill{.syscalls = {"uname"}, .action = kKill};
  const Rule deny{.syscalls = {"uname"}, .action = errno_action(1)};
  EXPECT_EQ(rules_of(policy_of({kill, deny})).decide(uname_call()), kKill);
  EXPECT_EQ(rules_of(policy_of({deny, kill})).decide(uname_call()), kKill);
}

TEST(DecideTest, OfTwoErrnosTheLaterWins) {
  const Rules rules = rules_of(
      policy_of({{.syscalls = {"uname"}, .action = errno_action(1)}, {.syscalls = {"uname"}, .action = errno_action(2)}}));
  EXPECT_EQ(rules.decide(uname_call()), errno_action(2));
}

TEST(DecideTest, AMatchingRuleBeatsAStricterDefault) {
  Policy policy = policy_of({{.syscalls = {"uname"}, .action = kAllow}});
  policy.default_action = kKill;
  EXPECT_EQ(rules_of(policy).decide(uname_call()), kAllow);
}

TEST(DecideTest, AllTestsOfARuleMustHold) {
  const Rules rules = rules_of(policy_of({{.syscalls = {"uname"},
                                           .action = kKill,
                                           .when = {{.index = 0, .compare = Compare::greater, .value = 5},
                                                    {.index = 0, .compare = Compare::less, .value = 1ULL << 33},
                                                    {.index = 1, .compare = Compare::equal, .value = 0}}}}));
  EXPECT_EQ(rules.decide(uname_call(5)), kAllow);
  EXPECT_EQ(rules.decide(uname_call(6)), kKill);
  EXPECT_EQ(rules.decide(uname_call((1ULL << 33) - 1)), kKill);
  EXPECT_EQ(rules.decide(uname_call(1ULL << 33)), kAllow);
  EXPECT_EQ(rules.decide({.abi = Abi::x86_64, .number = 63, .args = {6, 1}}), kAllow);
}

TEST(DecideTest, AnUnlistedAbiIsForeign) {
  Policy policy = policy_of({{.syscalls = {"uname"}, .action = errno_action(1)}});
  policy.foreign_action = {ActionKind::trap, 3};
  const Rules rules = rules_of(policy);
  for (const Abi abi : {Abi::i386, Abi::x32, Abi::aarch64})
    EXPECT_EQ(rules.decide({.abi = abi, .number = 63}), (Action{ActionKind::trap, 3})) << abi_name(abi);
  EXPECT_EQ(rules.decide(seccomp_data{.nr = 63, .arch = 0x40000028}), (Action{ActionKind::trap, 3}));
}

TEST(DecideTest, MinusOneIsOfX86_64AndNeverOfX32) {
  Policy policy = policy_of({{.syscalls = {"-1"}, .action = errno_action(1)}});
  EXPECT_EQ(rules_of(policy).decide(seccomp_data{.nr = -1, .arch = 0xc000003e}), errno_action(1));
  EXPECT_EQ(rules_of(policy).decide(seccomp_data{.nr = -2, .arch = 0xc000003e}), kKillProcess);
  policy.architectures = {Abi::x32};
  EXPECT_EQ(rules_of(policy).decide(seccomp_data{.nr = -1, .arch = 0xc000003e}), kKillProcess);
  EXPECT_EQ(rules_of(policy).decide(seccomp_data{.nr = -2, .arch = 0xc000003e}), kAllow);
}

TEST(DecideTest, X32AndX86_64HaveRulesOfTheirOwn) {
  Policy policy = policy_of({{.syscalls = {"ioctl"}, .action = kKill}});  // 16, and 514 for x32
  policy.architectures = {Abi::x86_64, Abi::x32};
  const Rules rules = rules_of(policy);
  EXPECT_EQ(rules.decide({.abi = Abi::x86_64, .number = 16}), kKill);
  EXPECT_EQ(rules.decide({.abi = Abi::x86_64, .number = 514}), kAllow);
  EXPECT_EQ(rules.decide({.abi = Abi::x32, .number = 514}), kKill);
  EXPECT_EQ(rules.decide({.abi = Abi::x32, .number = 16}), kAllow);
}

TEST(DecideTest, I386ArgumentsHave32Bits) {
  Policy policy = policy_of({{.syscalls = {"write"}, .action = kKill, .when = {{.index = 0, .value = 1}}}});
  policy.architectures = {Abi::i386};
  EXPECT_EQ(rules_of(policy).decide({.abi = Abi::i386, .number = 4, .args = {0x100000001}}), kKill);
}

TEST(DecideTest, DataThatAnActionIgnoresIsDropped) {
  const Rules rules = rules_of(policy_of({{.syscalls = {"uname"}, .action = {ActionKind::log, 9}},
                                          {.syscalls = {"read"}, .action = {ActionKind::error, 5000}}}));
  EXPECT_EQ(rules.decide(uname_call()), (Action{ActionKind::log, 0}));
  EXPECT_EQ(rules.decide({.abi = Abi::x86_64, .number = 0}), errno_action(4095));
}

TEST(DecideTest, ABadPolicyIsAnError) {
  EXPECT_EQ(Rules::of(policy_of({{.syscalls = {"unmae"}}})).error().message,
            "unknown syscall 'unmae', did you mean 'uname'?");
  EXPECT_EQ(Rules::of(policy_of({{.syscalls = {"uname"}, .when = {{.index = 6}}}})).error().message,
            "rule 1: a test of argument 6, expected 0 to 5");
}

}  // namespace
}  // namespace sandgauge::decide_test
