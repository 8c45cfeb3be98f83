#include "compile/bpf.h"

#include <gtest/gtest.h>
#include <linux/filter.h>

#include <algorithm>

#include "evaluate/agree.h"

namespace sandgauge::bpf_test {
namespace {

constexpr Action kAllow{ActionKind::allow, 0};
constexpr Action kKill{ActionKind::kill_thread, 0};
constexpr Action kKillProcess{ActionKind::kill_process, 0};

Policy policy_of(std::vector<Rule> rules) {
  Policy policy;
  policy.architectures = {Abi::x86_64};
  policy.rules = std::move(rules);
  return policy;
}

/// The program, after the kernel's checks and the comparison with the rules.
Program compiled(const Policy& policy) {
  const Result<Program> program = compile_bpf(policy);
  EXPECT_TRUE(program) << program.error().message;
  if (!program) return {};
  EXPECT_TRUE(validate(*program)) << validate(*program).error().message;
  const auto found = disagreements(policy, Rules::of(policy).value(), *program, 1);
  EXPECT_TRUE(found.empty()) << "nr " << found[0].data.nr << ": the rules say " << to_string(found[0].decided)
                             << ", the filter " << to_string(found[0].evaluated.action);
  return *program;
}

Action answer(const Program& program, const Call& call) { return evaluate(program, to_seccomp_data(call)).action; }

TEST(BpfTest, APolicyWithoutRulesTestsOnlyTheAbi) {
  const Program program = compiled(policy_of({}));
  EXPECT_EQ(answer(program, {.abi = Abi::x86_64, .number = 5}), kAllow);
  EXPECT_EQ(answer(program, {.abi = Abi::x32, .number = 5}), kKillProcess);
  EXPECT_EQ(answer(program, {.abi = Abi::i386, .number = 5}), kKillProcess);
}

TEST(BpfTest, APolicyThatAnswersEverythingAlikeIsOneReturn) {
  Policy policy = policy_of({{.syscalls = {"uname"}, .action = kKill}});
  policy.default_action = policy.foreign_action = kKill;
  EXPECT_EQ(compiled(policy).code.size(), 1U);
}

TEST(BpfTest, APolicyWithoutAbisAnswersEverythingAsForeign) {
  Policy policy;
  policy.architectures = {};
  EXPECT_EQ(answer(compiled(policy), {.abi = Abi::x86_64, .number = 1}), kKillProcess);
}

TEST(BpfTest, X32IsForeignEvenToAPolicyThatAllowsEverythingElse) {
  const Program program = compiled(policy_of({{.syscalls = {"read"}, .action = errno_action(1)}}));
  EXPECT_EQ(answer(program, {.abi = Abi::x32, .number = 0}), kKillProcess);
  EXPECT_EQ(answer(program, {.abi = Abi::x86_64, .number = -1}), kAllow);
}

TEST(BpfTest, X32AndX86_64ShareAnArchAndHaveTheirOwnRules) {
  Policy policy = policy_of({{.syscalls = {"ioctl"}, .action = kKill}});
  policy.architectures = {Abi::x32, Abi::x86_64};
  const Program program = compiled(policy);
  EXPECT_EQ(answer(program, {.abi = Abi::x86_64, .number = 16}), kKill);
  EXPECT_EQ(answer(program, {.abi = Abi::x32, .number = 514}), kKill);
  EXPECT_EQ(answer(program, {.abi = Abi::x32, .number = 16}), kAllow);
}

TEST(BpfTest, ARuleForANumberOfAnotherAbisRangeNeverMatches) {
  compiled(policy_of({{.syscalls = {"1073741824"}, .action = kKill}, {.syscalls = {"-2"}, .action = kKill}}));
}

TEST(BpfTest, EveryComparisonIsExactInBothHalves) {
  for (const std::uint64_t value : {0ULL, 1ULL, 0xffffffffULL, 0x100000000ULL, 0x1ffffffffULL, 0x8000000080000000ULL,
                                    0xffffffff00000000ULL, 0xffffffffffffffffULL})
    for (int compare = 0; compare <= static_cast<int>(Compare::masked_equal); ++compare)
      for (const std::uint64_t mask : std::vector<std::uint64_t>{~0ULL, 0, value, ~value, 0xffffffff, 0xf0f0f0f0f0f0f0f0})
        compiled(policy_of(
            {{.syscalls = {"write"},
              .action = kKill,
              .when = {{.index = 5, .compare = static_cast<Compare>(compare), .value = value & mask, .mask = mask}}}}));
}

TEST(BpfTest, AMaskedTestOfBitsOutsideTheMaskNeverHolds) {
  const Policy policy =
      policy_of({{.syscalls = {"write"},
                  .action = kKill,
                  .when = {{.index = 0, .compare = Compare::masked_equal, .value = 1ULL << 40 | 1, .mask = 1}}}});
  EXPECT_EQ(compiled(policy), compiled(policy_of({})));
}

TEST(BpfTest, TheStrictestMatchingRuleWinsWhateverTheOrder) {
  std::vector<Rule> rules = {
      {.syscalls = {"write"}, .action = kAllow, .when = {{.index = 0, .value = 1}}},
      {.syscalls = {"write"}, .action = errno_action(1), .when = {{.index = 0, .compare = Compare::less, .value = 3}}},
      {.syscalls = {"write"}, .action = kKill, .when = {{.index = 1, .value = 0}}},
      {.syscalls = {"write"}, .action = {ActionKind::trace, 7}}};
  const Program first = compiled(policy_of(rules));
  std::ranges::reverse(rules);
  EXPECT_EQ(first, compiled(policy_of(rules)));
  EXPECT_EQ(answer(first, {.abi = Abi::x86_64, .number = 1, .args = {1, 0}}), kKill);
  EXPECT_EQ(answer(first, {.abi = Abi::x86_64, .number = 1, .args = {1, 1}}), errno_action(1));
  EXPECT_EQ(answer(first, {.abi = Abi::x86_64, .number = 1, .args = {3, 1}}), (Action{ActionKind::trace, 7}));
}

TEST(BpfTest, OfTwoErrnosTheLaterRuleWins) {
  const Program program = compiled(policy_of({{.syscalls = {"write"}, .action = errno_action(1)},
                                              {.syscalls = {"write"}, .action = errno_action(2), .when = {{.index = 0}}},
                                              {.syscalls = {"read"}, .action = errno_action(1), .when = {{.index = 0}}},
                                              {.syscalls = {"read"}, .action = errno_action(2)}}));
  EXPECT_EQ(answer(program, {.abi = Abi::x86_64, .number = 1, .args = {0}}), errno_action(2));
  EXPECT_EQ(answer(program, {.abi = Abi::x86_64, .number = 1, .args = {1}}), errno_action(1));
  EXPECT_EQ(answer(program, {.abi = Abi::x86_64, .number = 0, .args = {0}}), errno_action(2));
}

TEST(BpfTest, ShadowedRulesChangeNothing) {
  const std::vector<Rule> rules = {{.syscalls = {"write", "read"}, .action = kKill}};
  std::vector<Rule> more = rules;
  more.push_back(rules[0]);
  more.push_back({.syscalls = {"write"}, .action = errno_action(3), .when = {{.index = 2, .value = 9}}});
  more.push_back({.syscalls = {"read"}, .action = kAllow});
  EXPECT_EQ(compiled(policy_of(rules)), compiled(policy_of(more)));
}

TEST(BpfTest, DuplicatedTestsDoNotChangeTheMeaning) {
  const Rule rule{.syscalls = {"write"}, .action = kKill, .when = {{.index = 0, .value = 5}, {.index = 0, .value = 5}}};
  compiled(policy_of({rule, rule, rule}));
}

TEST(BpfTest, NeighbouringNumbersWithOneAnswerAreOneRange) {
  std::vector<Rule> rules;
  for (int number = 100; number < 400; ++number)
    rules.push_back({.syscalls = {std::to_string(number)}, .action = kKill, .when = {{.index = 0, .value = 1}}});
  EXPECT_LT(compiled(policy_of(rules)).code.size(), 20U);
}

TEST(BpfTest, TestsThatAreTooFarAwayAreReachedByLongJumps) {
  std::vector<Rule> rules;
  for (int number = 0; number < 300; ++number)
    rules.push_back(
        {.syscalls = {std::to_string(number)},
         .action = kKill,
         .when = {{.index = 0, .compare = Compare::greater, .value = static_cast<std::uint64_t>(number) << 31}}});
  const Program program = compiled(policy_of(rules));
  EXPECT_TRUE(std::ranges::any_of(program.code, [](const sock_filter& step) { return step.code == (BPF_JMP | BPF_JA); }));
}

TEST(BpfTest, ASearchTakesLogarithmicallyManySteps) {
  std::vector<Rule> rules;
  for (int number = 0; number < 400; ++number)
    rules.push_back({.syscalls = {std::to_string(number)}, .action = errno_action(static_cast<std::uint16_t>(number))});
  const Program program = compiled(policy_of(rules));
  std::uint64_t most = 0;
  for (int number = 0; number < 410; ++number)
    most = std::max(most, evaluate(program, to_seccomp_data({.abi = Abi::x86_64, .number = number})).steps);
  EXPECT_LE(most, 3 + 9 + 1 + 2U);  // arch and nr, log2 of 403 segments, RET, at most two long jumps
}

TEST(BpfTest, AFilterThatIsTooLongIsAnErrorThatSaysSo) {
  std::vector<Rule> rules;
  for (int number = 0; number < 1500; ++number)
    rules.push_back(
        {.syscalls = {std::to_string(number)},
         .action = kKill,
         .when = {{.index = 0, .compare = Compare::greater, .value = static_cast<std::uint64_t>(number) << 31}}});
  const Result<Program> program = compile_bpf(policy_of(rules));
  ASSERT_FALSE(program);
  EXPECT_TRUE(program.error().message.ends_with("instructions, the kernel takes at most 4096")) << program.error().message;
}

TEST(BpfTest, ManyRulesForOneNumberDoNotExhaustTheStack) {
  std::vector<Rule> rules;
  for (std::uint64_t value = 0; value < 50000; ++value)
    rules.push_back({.syscalls = {"write"}, .action = kKill, .when = {{.index = 0, .value = value * 7}}});
  EXPECT_FALSE(compile_bpf(policy_of(rules)));
}

TEST(BpfTest, ABadPolicyIsAnError) {
  EXPECT_EQ(compile_bpf(policy_of({{.syscalls = {"unmae"}}})).error().message,
            "unknown syscall 'unmae', did you mean 'uname'?");
  EXPECT_EQ(compile_bpf(policy_of({{.syscalls = {"uname"}, .when = {{.index = 6}}}})).error().message,
            "rule 1: a test of argument 6, expected 0 to 5");
}

}  // namespace
}  // namespace sandgauge::bpf_test
