#include "compile/libseccomp.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>

#include "compile/bpf.h"
#include "compile/compile.h"
#include "evaluate/agree.h"

namespace sandgauge::libseccomp_test {
namespace {

constexpr Action kAllow{ActionKind::allow, 0};
constexpr Action kKill{ActionKind::kill_thread, 0};

Policy policy_of(std::vector<Rule> rules, std::vector<Abi> abis = {Abi::x86_64}) {
  Policy policy;
  policy.architectures = std::move(abis);
  policy.rules = std::move(rules);
  return policy;
}

ArgumentTest test(std::uint8_t index, Compare compare, std::uint64_t value) {
  return {.index = index, .compare = compare, .value = value};
}

std::string refusal(const Policy& policy, int optimise = 1) {
  const Result<Program> program = compile_libseccomp(policy, optimise);
  return program ? "" : program.error().message;
}

std::vector<Disagreement> differences(const Policy& policy) {
  const Result<Program> program = compile_libseccomp(policy, 1);
  EXPECT_TRUE(program) << program.error().message;
  if (!program) return {};
  EXPECT_TRUE(validate(*program)) << validate(*program).error().message;
  return disagreements(policy, Rules::of(policy).value(), *program, 1000);
}

int open_files() {
  int count = 0;
  DIR* directory = ::opendir("/proc/self/fd");
  while (::readdir(directory) != nullptr) ++count;
  ::closedir(directory);
  return count;
}

TEST(LibseccompTest, BothOptimiseLevelsMeanTheSame) {
  std::vector<Rule> rules;
  for (int number = 0; number < 200; number += 3)
    rules.push_back({.syscalls = {std::to_string(number)}, .action = errno_action(static_cast<std::uint16_t>(number + 1))});
  const Policy policy = policy_of(rules);
  const Program list = compile_libseccomp(policy, 1).value();
  const Program tree = compile_libseccomp(policy, 2).value();
  EXPECT_NE(list, tree);
  const Rules meaning = Rules::of(policy).value();
  EXPECT_TRUE(disagreements(policy, meaning, list, 1).empty());
  EXPECT_TRUE(disagreements(policy, meaning, tree, 1).empty());
}

TEST(LibseccompTest, ANumberMeansTheCallOfEachAbi) {
  for (const std::vector<Abi>& abis : {std::vector{Abi::x86_64, Abi::i386, Abi::x32, Abi::aarch64},
                                       {Abi::i386},
                                       {Abi::aarch64, Abi::x86_64},
                                       {Abi::i386, Abi::x86_64}})
    EXPECT_TRUE(differences(policy_of({{.syscalls = {"63", "uname"}, .action = errno_action(1)}}, abis)).empty());
}

TEST(LibseccompTest, ANumberThatLibseccompHasNoNameForWorksOnTheNativeAbi) {
  if (native_abi() != Abi::x86_64) GTEST_SKIP() << "needs x86_64";
  EXPECT_TRUE(differences(policy_of({{.syscalls = {"471", "100000", "-1"}, .action = errno_action(1)}})).empty());
  EXPECT_EQ(refusal(policy_of({{.syscalls = {"100000"}, .action = errno_action(1)}}, {Abi::i386})),
            "libseccomp cannot express rule 1, syscall 100000, i386: ERRNO(EPERM): it does not know this call");
}

TEST(LibseccompTest, ARuleThatNoCallCanMatchIsLeftOut) {
  EXPECT_TRUE(differences(policy_of({{.syscalls = {"-2", "1073741824"}, .action = errno_action(1)}})).empty());
  EXPECT_TRUE(differences(policy_of({{.syscalls = {"-1"}, .action = errno_action(1)}}, {Abi::x86_64, Abi::x32})).empty());
}

TEST(LibseccompTest, ACallThatOnlyAnotherAbiHasIsTaken) {
  EXPECT_TRUE(differences(policy_of({{.syscalls = {"waitpid"}, .action = kKill}}, {Abi::x86_64, Abi::i386})).empty());
}

TEST(LibseccompTest, I386SocketAndIpcCallsReachBothEntries) {
  for (const char* name : {"socket", "send", "shmat", "semtimedop", "accept4"})
    EXPECT_TRUE(differences(policy_of({{.syscalls = {name}, .action = errno_action(1)}}, {Abi::i386})).empty()) << name;
}

TEST(LibseccompTest, ARuleThatDoesWhatTheDefaultDoesIsLeftOutWhereThatChangesNothing) {
  Policy policy = policy_of({{.syscalls = {"read"}, .action = kAllow},
                             {.syscalls = {"write"}, .action = kAllow},
                             {.syscalls = {"write"}, .action = kKill, .when = {test(0, Compare::equal, 2)}}});
  EXPECT_TRUE(differences(policy).empty());
  policy.default_action = kKill;
  policy.rules[2] = {.syscalls = {"write"}, .action = kKill, .when = {test(0, Compare::equal, 2)}};
  EXPECT_EQ(
      refusal(policy),
      "libseccomp cannot express rule 3, write (1), x86_64, arg0 == 2: KILL: it takes no rule that does what the default "
      "does");
}

TEST(LibseccompTest, OfTwoErrnosTheLaterMustNotBeLeftOut) {
  Policy policy = policy_of({{.syscalls = {"write"}, .action = errno_action(2), .when = {test(0, Compare::equal, 2)}},
                             {.syscalls = {"write"}, .action = errno_action(1)}});
  policy.default_action = errno_action(1);
  EXPECT_NE(refusal(policy), "");
  std::ranges::reverse(policy.rules);
  EXPECT_TRUE(differences(policy).empty());
}

TEST(LibseccompTest, ARuleLikeTheDefaultIsLeftOutWhereNoOtherHoldsAtOnce) {
  Policy policy = policy_of({{.syscalls = {"write"}, .action = kKill, .when = {test(0, Compare::equal, 1)}},
                             {.syscalls = {"write"}, .action = kAllow, .when = {test(0, Compare::equal, 2)}}});
  policy.default_action = kKill;
  EXPECT_TRUE(differences(policy).empty());
}

TEST(LibseccompTest, WhatItRefusesNamesTheRule) {
  EXPECT_EQ(refusal(policy_of({{.syscalls = {"write"}, .action = kKill, .when = {test(0, Compare::equal, 2)}},
                               {.syscalls = {"write"}, .action = errno_action(1), .when = {test(0, Compare::equal, 2)}}})),
            "libseccomp refuses rule 2, write (1), x86_64, arg0 == 2: ERRNO(EPERM): EEXIST (File exists)");
  EXPECT_EQ(refusal(policy_of({{.syscalls = {"write"}, .action = {ActionKind::trap, 3}}})),
            "libseccomp refuses rule 1, write (1), x86_64: TRAP(3): EINVAL (Invalid argument)");
  EXPECT_EQ(refusal(policy_of({{.syscalls = {"write"}, .action = errno_action(4095)}})),
            "libseccomp refuses rule 1, write (1), x86_64: ERRNO(4095): EINVAL (Invalid argument)");
  EXPECT_EQ(
      refusal(policy_of(
          {{.syscalls = {"write"}, .action = kKill, .when = {test(0, Compare::greater, 2), test(0, Compare::less, 9)}}})),
      "libseccomp cannot express rule 1, write (1), x86_64, arg0 > 2, arg0 < 9: KILL: it tests an argument once in a rule");
  EXPECT_EQ(refusal(policy_of({{.syscalls = {"-7"}, .action = kKill}}, {Abi::i386})),
            "libseccomp cannot express rule 1, syscall -7, i386: KILL: it keeps negative numbers for itself");
}

TEST(LibseccompTest, WhatItRefusesOfThePolicyIsNamed) {
  Policy policy = policy_of({});
  EXPECT_EQ(refusal(policy, 3), "libseccomp refuses optimise level 3: EOPNOTSUPP (Operation not supported)");
  policy.foreign_action = {ActionKind::trap, 1};
  EXPECT_EQ(refusal(policy), "libseccomp refuses the foreign action TRAP(1): EINVAL (Invalid argument)");
  policy.default_action = {ActionKind::trap, 1};
  EXPECT_EQ(refusal(policy), "libseccomp refuses the default action TRAP(1)");
  policy.architectures.clear();
  EXPECT_EQ(refusal(policy), "libseccomp cannot express a policy without architectures");
  policy.rules = {{.syscalls = {"unmae"}, .action = kKill}};
  EXPECT_EQ(refusal(policy), "unknown syscall 'unmae', did you mean 'uname'?");
}

TEST(LibseccompTest, TheDeadlineEndsItAndNothingIsLeftBehind) {
  std::vector<Rule> rules;
  for (int number = 0; number < 400; ++number)
    rules.push_back({.syscalls = {std::to_string(number)}, .action = kKill, .when = {test(0, Compare::greater, 1)}});
  const int before = open_files();
  const Result<Program> program = compile_libseccomp(policy_of(rules), 1, std::chrono::milliseconds(0));
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().message, "libseccomp did not finish within 0 ms");
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);  // no child
  EXPECT_EQ(open_files(), before);
}

TEST(LibseccompTest, NothingIsLeftBehindByASuccess) {
  const int before = open_files();
  EXPECT_TRUE(compile_libseccomp(policy_of({{.syscalls = {"uname"}, .action = kKill}}), 1));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(open_files(), before);
}

TEST(CompileTest, TheBackendPicksTheCompiler) {
  const Policy policy = policy_of({{.syscalls = {"uname", "read", "close"}, .action = errno_action(1)}});
  EXPECT_EQ(compile(policy, {}).value(), compile_bpf(policy).value());
  for (const int optimise : {1, 2})
    EXPECT_EQ(compile(policy, {Backend::Compiler::libseccomp, optimise}).value(),
              compile_libseccomp(policy, optimise).value());
  EXPECT_NE(compile(policy, {Backend::Compiler::libseccomp, 1}).value(), compile(policy, {}).value());
}

/// The differences that compile/libseccomp.h lists, each with a policy that shows it.
class LibseccompDifferenceTest : public testing::Test {
 protected:
  void SetUp() override {
    if (libseccomp_version() != "2.5.4") GTEST_SKIP() << "known of libseccomp 2.5.4, this is " << libseccomp_version();
    if (native_abi() != Abi::x86_64) GTEST_SKIP() << "needs x86_64";
  }
};

TEST_F(LibseccompDifferenceTest, BitsOutsideAMaskAreIgnored) {
  ArgumentTest masked = test(0, Compare::masked_equal, 3);
  masked.mask = 1;
  EXPECT_FALSE(differences(policy_of({{.syscalls = {"write"}, .action = kKill, .when = {masked}}})).empty());
}

TEST_F(LibseccompDifferenceTest, I386ValuesAreCutTo32Bits) {
  const auto rule = [](std::uint64_t value) {
    return Rule{.syscalls = {"write"}, .action = kKill, .when = {test(0, Compare::greater_or_equal, value)}};
  };
  EXPECT_TRUE(differences(policy_of({rule(0xffffffff)}, {Abi::i386})).empty());
  EXPECT_FALSE(differences(policy_of({rule(0x100000000)}, {Abi::i386})).empty());
}

TEST_F(LibseccompDifferenceTest, TheUpperHalfOfX32ArgumentsIsNotSeen) {
  const auto found = differences(
      policy_of({{.syscalls = {"write"}, .action = kKill, .when = {test(0, Compare::equal, 5)}}}, {Abi::x86_64, Abi::x32}));
  ASSERT_FALSE(found.empty());
  for (const Disagreement& one : found) EXPECT_NE(one.data.args[0] >> 32, 0U);
}

TEST_F(LibseccompDifferenceTest, MinusOneIsNotForeignToX32Alone) {
  const auto found = differences(policy_of({}, {Abi::x32}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].data.nr, -1);
}

TEST_F(LibseccompDifferenceTest, TestsOfI386SocketCallsSpreadToSocketcall) {
  const auto found =
      differences(policy_of({{.syscalls = {"socket"}, .action = kKill, .when = {test(0, Compare::equal, 2)}}}, {Abi::i386}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].data.nr, 102);
  EXPECT_EQ(found[0].data.args[0], 1U);
}

TEST_F(LibseccompDifferenceTest, ARuleWithoutTestsHidesStricterOnes) {
  std::vector<Rule> rules = {{.syscalls = {"write"}, .action = kKill, .when = {test(0, Compare::equal, 2)}},
                             {.syscalls = {"write"}, .action = errno_action(1)}};
  EXPECT_FALSE(differences(policy_of(rules)).empty());
  std::ranges::reverse(rules);
  EXPECT_FALSE(differences(policy_of(rules)).empty());
}

TEST_F(LibseccompDifferenceTest, OfOverlappingTestsTheStrictestDoesNotAlwaysWin) {
  EXPECT_FALSE(
      differences(policy_of({{.syscalls = {"write"}, .action = errno_action(1), .when = {test(0, Compare::less, 1)}},
                             {.syscalls = {"write"}, .action = kKill, .when = {test(0, Compare::less, 2)}}}))
          .empty());
}

TEST_F(LibseccompDifferenceTest, AnUpperHalfIsComparedWithTheLowerOneStillLoaded) {
  const auto rule = [](ArgumentTest only) { return Rule{.syscalls = {"write"}, .action = errno_action(1), .when = {only}}; };
  const auto found = differences(policy_of({rule(test(1, Compare::less, 2)), rule(test(1, Compare::greater, 0x500000000))}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].data.args[1], 0xffffffffU);
  EXPECT_EQ(found[0].decided, kAllow);
}

TEST_F(LibseccompDifferenceTest, RulesOfOneActionWithTwoTestsAreMixed) {
  const auto rule = [](ArgumentTest first, ArgumentTest second) {
    return Rule{.syscalls = {"write"}, .action = errno_action(1), .when = {first, second}};
  };
  const auto found = differences(policy_of({rule(test(0, Compare::less, 1), test(1, Compare::less, 1)),
                                            rule(test(0, Compare::greater, 1), test(1, Compare::greater, 2))}));
  ASSERT_FALSE(found.empty());
  for (const Disagreement& one : found) {
    EXPECT_EQ(one.data.args[0], 0U);  // of the first rule
    EXPECT_GT(one.data.args[1], 2U);  // of the second
    EXPECT_EQ(one.decided, kAllow);
  }
}

TEST_F(LibseccompDifferenceTest, RulesThatStartAlikeCanMakeItLoopForever) {
  const Policy policy = policy_of(
      {{.syscalls = {"write"}, .action = errno_action(1), .when = {test(0, Compare::less, 1), test(1, Compare::less, 1)}},
       {.syscalls = {"write"}, .action = errno_action(1), .when = {test(0, Compare::less, 1), test(1, Compare::equal, 2)}}});
  const Result<Program> program = compile_libseccomp(policy, 1, std::chrono::milliseconds(300));
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().message, "libseccomp did not finish within 300 ms");
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(LibseccompTest, NamesThatItDoesNotKnowCanBeLeftOut) {
  Policy policy;
  policy.architectures = {Abi::x86_64, Abi::i386};
  policy.rules = {{.syscalls = {"uname", "rseq_slice_yield"}, .action = errno_action(1), .when = {}},
                  {.syscalls = {"rseq_slice_yield"}, .action = errno_action(2), .when = {}}};
  EXPECT_EQ(unknown_to_libseccomp(policy), std::vector<std::string>{"rseq_slice_yield"});
  const Policy rest = without_calls(policy, {"rseq_slice_yield"});
  ASSERT_EQ(rest.rules.size(), 1U);
  EXPECT_EQ(rest.rules[0].syscalls, std::vector<std::string>{"uname"});
  EXPECT_TRUE(compile_libseccomp(rest, 1));
}

TEST(LibseccompTest, AJobThatNobodyWaitsForLeavesNoProcess) {
  { const auto dropped = LibseccompJob::start({}, 1); }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

}  // namespace
}  // namespace sandgauge::libseccomp_test
