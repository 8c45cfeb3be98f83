#include "evaluate/agree.h"

#include <gtest/gtest.h>
#include <linux/filter.h>

#include <algorithm>

namespace sandgauge::agree_test {
namespace {

constexpr Action kKill{ActionKind::kill_thread, 0};
constexpr std::uint32_t kAllow = 0x7fff0000;
constexpr std::uint16_t kLoad = BPF_LD | BPF_W | BPF_ABS;
constexpr std::uint16_t kEqual = BPF_JMP | BPF_JEQ | BPF_K;
constexpr std::uint16_t kAtLeast = BPF_JMP | BPF_JGE | BPF_K;
constexpr std::uint16_t kReturn = BPF_RET | BPF_K;
constexpr std::uint32_t kArg0Low = 16;
constexpr std::uint32_t kArg0High = 20;

Policy x86_64_policy(std::vector<Rule> rules) {
  Policy policy;
  policy.architectures = {Abi::x86_64};
  policy.rules = std::move(rules);
  return policy;
}

std::vector<Disagreement> all(const Policy& policy, const Program& program, std::size_t limit = 1000000) {
  EXPECT_TRUE(validate(program)) << validate(program).error().message;
  return disagreements(policy, Rules::of(policy).value(), program, limit);
}

/// The x86_64 part of a filter by hand; `body` starts with nr in A and ends with its own RET.
Program by_hand(std::vector<sock_filter> body) {
  Program program{{{kLoad, 0, 0, 4}, {kEqual, 1, 0, 0xc000003e}, {kReturn, 0, 0, 0x80000000}, {kLoad, 0, 0, 0}}};
  for (const sock_filter& step : {sock_filter{kEqual, 2, 0, 0xffffffff}, sock_filter{kAtLeast, 0, 1, 0x40000000},
                                  sock_filter{kReturn, 0, 0, 0x80000000}})
    program.code.push_back(step);
  program.code.insert(program.code.end(), body.begin(), body.end());
  return program;
}

const Policy kKillUname = x86_64_policy({{.syscalls = {"uname"}, .action = kKill}});

TEST(AgreeTest, AFaithfulFilterHasNoDisagreement) {
  EXPECT_TRUE(all(kKillUname, by_hand({{kEqual, 0, 1, 63}, {kReturn, 0, 0, 0}, {kReturn, 0, 0, kAllow}})).empty());
}

TEST(AgreeTest, ADisagreementShowsBothAnswersAndTheCall) {
  const auto found = all(kKillUname, by_hand({{kEqual, 0, 1, 64}, {kReturn, 0, 0, 0}, {kReturn, 0, 0, kAllow}}));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].data.nr, 63);
  EXPECT_EQ(found[0].data.arch, 0xc000003eU);
  EXPECT_EQ(found[0].decided, kKill);
  EXPECT_EQ(found[0].evaluated, (Evaluation{kAllow, {ActionKind::allow, 0}, 7}));
  EXPECT_EQ(found[1].data.nr, 64);
  EXPECT_EQ(found[1].decided, (Action{ActionKind::allow, 0}));
}

TEST(AgreeTest, NoMoreThanTheLimitAreReturned) {
  const Program program{{{kReturn, 0, 0, 0x7ffc0000}}};
  EXPECT_EQ(all(kKillUname, program, 3).size(), 3U);
  EXPECT_EQ(all(kKillUname, program, 0).size(), 0U);
}

TEST(AgreeTest, AMissingArchTestIsFound) {
  const auto found = all(kKillUname, {{{kLoad, 0, 0, 0}, {kEqual, 0, 1, 63}, {kReturn, 0, 0, 0}, {kReturn, 0, 0, kAllow}}});
  for (const std::uint32_t arch : {0xc000003eU, 0x40000003U, 0xc00000b7U, 0x40000028U})
    EXPECT_TRUE(std::ranges::any_of(found, [arch](const Disagreement& one) { return one.data.arch == arch; })) << arch;
}

TEST(AgreeTest, AMissingX32GuardIsFound) {
  Program program = by_hand({{kEqual, 0, 1, 63}, {kReturn, 0, 0, 0}, {kReturn, 0, 0, kAllow}});
  program.code[5].k = 0x40000001;  // one number lets through
  const auto found = all(kKillUname, program);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(static_cast<std::uint32_t>(found[0].data.nr), 0x40000000U);
}

TEST(AgreeTest, AGuardThatTakesMinusOneIsFound) {
  Program program = by_hand({{kEqual, 0, 1, 63}, {kReturn, 0, 0, 0}, {kReturn, 0, 0, kAllow}});
  program.code[4].k = 0xfffffffe;
  const auto found = all(kKillUname, program);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].data.nr, -2);
  EXPECT_EQ(found[1].data.nr, -1);
}

TEST(AgreeTest, AFilterThatTestsOnlyTheLowHalfOfAnArgumentIsFound) {
  for (const Compare compare : {Compare::equal, Compare::not_equal, Compare::less, Compare::less_or_equal, Compare::greater,
                                Compare::greater_or_equal, Compare::masked_equal}) {
    const Policy policy =
        x86_64_policy({{.syscalls = {"uname"}, .action = kKill, .when = {{.index = 0, .compare = compare, .value = 5}}}});
    const bool strict_greater = compare == Compare::greater || compare == Compare::less_or_equal;
    const bool equality = compare == Compare::equal || compare == Compare::not_equal || compare == Compare::masked_equal;
    const bool negated = compare == Compare::not_equal || compare == Compare::less || compare == Compare::less_or_equal;
    const auto code = static_cast<std::uint16_t>(BPF_JMP | BPF_K |
                                                 (equality         ? BPF_JEQ
                                                  : strict_greater ? BPF_JGT
                                                                   : BPF_JGE));
    const std::uint8_t to_kill = 0;
    const std::uint8_t to_allow = 1;
    const Program program = by_hand({{kEqual, 0, 3, 63},
                                     {kLoad, 0, 0, kArg0Low},
                                     {code, negated ? to_allow : to_kill, negated ? to_kill : to_allow, 5},
                                     {kReturn, 0, 0, 0},
                                     {kReturn, 0, 0, kAllow}});
    const auto found = all(policy, program);
    EXPECT_FALSE(found.empty()) << to_string(policy.rules[0].when[0]);
    for (const Disagreement& one : found) EXPECT_NE(one.data.args[0] >> 32, 0U);
  }
}

TEST(AgreeTest, EachTestOfARuleIsBrokenInTurn) {
  const Policy policy = x86_64_policy(
      {{.syscalls = {"uname"}, .action = kKill, .when = {{.index = 0, .value = 7}, {.index = 3, .value = 9}}}});
  const auto low_halves = [](std::uint32_t first, std::uint32_t second) {
    return by_hand({{kEqual, 0, 9, 63},
                    {kLoad, 0, 0, kArg0Low + 8 * first},
                    {kEqual, 0, 7, first == 0 ? 7U : 9U},
                    {kLoad, 0, 0, kArg0High + 8 * first},
                    {kEqual, 0, 5, 0},
                    {kLoad, 0, 0, kArg0Low + 8 * second},
                    {kEqual, 0, 3, second == 0 ? 7U : 9U},
                    {kLoad, 0, 0, kArg0High + 8 * second},
                    {kEqual, 0, 1, 0},
                    {kReturn, 0, 0, 0},
                    {kReturn, 0, 0, kAllow}});
  };
  EXPECT_TRUE(all(policy, low_halves(0, 3)).empty());
  EXPECT_FALSE(all(policy, low_halves(0, 0)).empty());  // does not look at argument 3
  EXPECT_FALSE(all(policy, low_halves(3, 3)).empty());  // does not look at argument 0
}

TEST(AgreeTest, TwoRulesThatHoldTogetherAreTried) {
  const Policy policy =
      x86_64_policy({{.syscalls = {"uname"}, .action = errno_action(1), .when = {{.index = 0, .value = 7}}},
                     {.syscalls = {"uname"}, .action = kKill, .when = {{.index = 1, .value = 9}}}});
  // Argument 0 first: right for either rule alone, wrong where both hold.
  const auto found = all(policy, by_hand({{kEqual, 0, 10, 63},
                                          {kLoad, 0, 0, 16},
                                          {kEqual, 0, 3, 7},
                                          {kLoad, 0, 0, 20},
                                          {kEqual, 0, 1, 0},
                                          {kReturn, 0, 0, 0x00050001},
                                          {kLoad, 0, 0, 24},
                                          {kEqual, 0, 3, 9},
                                          {kLoad, 0, 0, 28},
                                          {kEqual, 0, 1, 0},
                                          {kReturn, 0, 0, 0},
                                          {kReturn, 0, 0, kAllow}}));
  ASSERT_FALSE(found.empty());
  for (const Disagreement& one : found) {
    EXPECT_EQ(one.data.args[0], 7U);
    EXPECT_EQ(one.data.args[1], 9U);
  }
}

TEST(AgreeTest, AHugeNumberInARuleIsTriedWithoutCountingUpToIt) {
  const Policy policy = x86_64_policy({{.syscalls = {"1000000000"}, .action = kKill}});
  const auto found = all(policy, by_hand({{kReturn, 0, 0, kAllow}}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].data.nr, 1000000000);
}

TEST(AgreeTest, I386CallsCarry32Bits) {
  Policy policy = x86_64_policy({{.syscalls = {"write"}, .action = kKill, .when = {{.index = 0, .value = 1ULL << 32 | 1}}}});
  policy.architectures = {Abi::i386};
  const Program program{
      {{kLoad, 0, 0, 4}, {kEqual, 1, 0, 0x40000003}, {kReturn, 0, 0, 0x80000000}, {kReturn, 0, 0, kAllow}}};
  EXPECT_TRUE(all(policy, program).empty());  // no call can hold the test
}

}  // namespace
}  // namespace sandgauge::agree_test
