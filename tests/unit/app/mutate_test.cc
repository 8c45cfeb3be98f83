#include "app/mutate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <set>

#include "evaluate/decide.h"

namespace sandgauge::mutate_test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

constexpr Call kUname{.abi = Abi::x86_64, .number = 63};
constexpr Call kMkdir{.abi = Abi::x86_64, .number = 83};

Case case_of(Policy policy, std::optional<CallRequest> call) {
  Case test;
  test.policy = std::move(policy);
  test.policy.architectures = {Abi::x86_64};
  test.call = std::move(call);
  return test;
}
Case uname_case(Action action) {
  Policy policy;
  policy.rules = {{{"uname", "mkdir"}, action, {}}};
  return case_of(std::move(policy), CallRequest{.syscall = "uname", .abi = Abi::x86_64});
}

std::vector<Mutant> mutants_of(const Case& test, const CaseResult& passed = {}) {
  auto found = mutants(test, passed);
  if (found) return *std::move(found);
  ADD_FAILURE() << found.error().message;
  return {};
}

std::vector<std::string> descriptions(const std::vector<Mutant>& all) {
  std::vector<std::string> texts;
  for (const Mutant& mutant : all) texts.push_back(mutant.description);
  return texts;
}

Action decided(const Mutant& mutant, const Call& call) { return Rules::of(mutant.test.policy)->decide(call); }

TEST(MutateTest, EveryOtherKindOfActionIsTried) {
  const Action answer = errno_action(EPERM);
  std::set<ActionKind> kinds;
  for (const Mutant& mutant : mutants_of(uname_case(answer))) {
    EXPECT_NE(decided(mutant, kUname), answer) << mutant.description;
    kinds.insert(decided(mutant, kUname).kind);
  }
  EXPECT_EQ(kinds, (std::set<ActionKind>(std::begin(kEveryActionKind), std::end(kEveryActionKind))));
}

TEST(MutateTest, AnActionWithDataIsAlsoTriedWithOtherData) {
  EXPECT_THAT(descriptions(mutants_of(uname_case(errno_action(EPERM)))), Contains("ERRNO(EPERM) -> ERRNO(ENOENT)"));
  EXPECT_THAT(descriptions(mutants_of(uname_case({ActionKind::trace, 7}))), Contains("TRACE(7) -> TRACE(8)"));
  EXPECT_THAT(descriptions(mutants_of(uname_case({ActionKind::trap, 0}))), Contains("TRAP -> TRAP(1)"));
}

TEST(MutateTest, NoMutantIsTheCaseItselfOrAnotherMutant) {
  for (const Action answer :
       {errno_action(4095), errno_action(0), errno_action(ENOSYS - 1), Action{ActionKind::trace, 65535}}) {
    std::vector<std::string> seen;
    for (const Mutant& mutant : mutants_of(uname_case(answer))) {
      EXPECT_NE(decided(mutant, kUname), answer) << mutant.description;
      seen.push_back(to_string(decided(mutant, kUname)));
    }
    EXPECT_THAT(std::set<std::string>(seen.begin(), seen.end()), testing::SizeIs(seen.size())) << to_string(answer);
  }
}

TEST(MutateTest, ACallOfEachAbiOfThePolicyHasItsOwnAnswerChanged) {
  Case test = uname_case(errno_action(EPERM));
  test.policy.architectures = {Abi::x86_64, Abi::i386};
  test.call->abi = Abi::i386;
  const Call uname_of_i386{.abi = Abi::i386, .number = 122};
  const Call semctl_of_x86_64{.abi = Abi::x86_64, .number = 122};  // the same number, another call
  const Action untouched = Rules::of(test.policy)->decide(semctl_of_x86_64);
  for (const Mutant& mutant : mutants_of(test)) {
    EXPECT_NE(decided(mutant, uname_of_i386), errno_action(EPERM)) << mutant.description;
    EXPECT_EQ(decided(mutant, semctl_of_x86_64), untouched) << mutant.description;
  }
}

TEST(MutateTest, ACallBehindI386sMultiplexerHasItsAnswerChanged) {
  Policy policy;
  policy.rules = {{{"socket"}, errno_action(EPERM), {}}};
  CallArgument first;
  first.number = 1;
  Case test = case_of(std::move(policy), CallRequest{.syscall = "socketcall", .abi = Abi::i386, .args = {first}});
  test.policy.architectures = {Abi::i386};
  const Call socket{.abi = Abi::i386, .number = 102, .args = {1}};
  ASSERT_EQ(Rules::of(test.policy)->decide(socket), errno_action(EPERM));
  for (const Mutant& mutant : mutants_of(test))
    EXPECT_NE(decided(mutant, socket), errno_action(EPERM)) << mutant.description;
}

TEST(MutateTest, OnlyTheCasesCallIsChanged) {
  const Action answer = errno_action(EPERM);
  for (const Mutant& mutant : mutants_of(uname_case(answer))) EXPECT_EQ(decided(mutant, kMkdir), answer);
}

TEST(MutateTest, NothingButThePolicyIsChanged) {
  Case test = uname_case(errno_action(EPERM));
  test.id = "uname/errno";
  test.program = {"uname"};
  test.expect.exit = 2;
  for (Mutant& mutant : mutants_of(test)) {
    mutant.test.policy = test.policy;
    EXPECT_EQ(mutant.test, test);
  }
}

TEST(MutateTest, ARuleWithArgumentTestsGivesWay) {
  Case test = uname_case(errno_action(EPERM));
  test.policy.rules[0].when = {{.index = 0, .value = 0}};
  for (const Mutant& mutant : mutants_of(test)) EXPECT_NE(decided(mutant, kUname), errno_action(EPERM));
}

TEST(MutateTest, ACallThatNoRuleNamesHasTheDefaultAnswerChanged) {
  Policy policy;
  policy.default_action = errno_action(ENOSYS);
  const Case test = case_of(std::move(policy), CallRequest{.syscall = "uname", .abi = Abi::x86_64});
  const auto all = mutants_of(test);
  EXPECT_THAT(descriptions(all), Contains("ERRNO(ENOSYS) -> ALLOW"));
  for (const Mutant& mutant : all) {
    EXPECT_NE(decided(mutant, kUname), errno_action(ENOSYS)) << mutant.description;
    EXPECT_EQ(decided(mutant, kMkdir), errno_action(ENOSYS)) << mutant.description;
  }
}

TEST(MutateTest, ACallOfAnAbiThatIsNotListedHasTheForeignAnswerChanged) {
  const Case test = case_of({}, CallRequest{.syscall = "uname", .abi = Abi::i386});
  const Call foreign{.abi = Abi::i386, .number = 122};
  const auto all = mutants_of(test);
  EXPECT_THAT(descriptions(all), Contains("KILL_PROCESS -> ALLOW"));
  for (const Mutant& mutant : all) {
    EXPECT_NE(decided(mutant, foreign), Action{ActionKind::kill_process}) << mutant.description;
    EXPECT_EQ(decided(mutant, kUname), Action{ActionKind::allow}) << mutant.description;
  }
}

TEST(MutateTest, WithoutACallEachRuleAndTheDefaultAreChangedInTurn) {
  Policy policy;
  policy.rules = {{{"uname"}, errno_action(EPERM), {}}, {{"mkdir"}, {ActionKind::log}, {}}};
  const auto all = mutants_of(case_of(std::move(policy), std::nullopt));
  EXPECT_THAT(descriptions(all), Contains("ERRNO(EPERM) -> ALLOW (rule 1)"));
  EXPECT_THAT(descriptions(all), Contains("LOG -> KILL (rule 2)"));
  EXPECT_THAT(descriptions(all), Contains("ALLOW -> ERRNO(ENOSYS) (default)"));
  EXPECT_THAT(descriptions(all), Not(Contains("LOG -> LOG (rule 2)")));
  const Action allow{ActionKind::allow};
  for (const Mutant& mutant : all) {
    const int changes = (decided(mutant, kUname) != errno_action(EPERM) ? 1 : 0) +
                        (decided(mutant, kMkdir) != Action{ActionKind::log} ? 1 : 0) +
                        (decided(mutant, {.abi = Abi::x86_64, .number = 0}) != allow ? 1 : 0);
    EXPECT_EQ(changes, 1) << mutant.description;
  }
}

TEST(MutateTest, StrictModeBecomesNoConfinement) {
  Case test;
  test.mechanism = Mechanism::strict;
  const auto all = mutants_of(test);
  EXPECT_THAT(descriptions(all), ElementsAre("strict mode -> no confinement"));
  EXPECT_EQ(all[0].test.mechanism, Mechanism::none);
}

TEST(MutateTest, AControlHasNoMutants) {
  Case test;
  test.mechanism = Mechanism::none;
  EXPECT_THAT(mutants_of(test), IsEmpty());
}

TEST(MutateTest, AScenarioHasItsChecksTurnedRoundAndItsFiltersChanged) {
  Case test;
  test.attach = Attach::scenario;
  CaseResult passed;
  passed.stage_checks = 2;
  passed.stage_filters = 1;
  const auto all = mutants_of(test, passed);
  EXPECT_THAT(descriptions(all), ElementsAre("check 1 turned round", "check 2 turned round", "filter 1 answers ALLOW",
                                             "filter 1 answers KILL_PROCESS", "filter 1 answers ERRNO(EUCLEAN)"));
  EXPECT_EQ(all[1].stage, StageMutation{.expectation = 1});
  EXPECT_EQ(all[2].stage, (StageMutation{.filter = 0, .answer = return_value({ActionKind::allow})}));
  for (const Mutant& mutant : all) EXPECT_EQ(mutant.test, test);
}

TEST(MutateTest, APolicyThatCannotBeReadIsAnError) {
  const auto found = mutants(
      case_of({.rules = {{{"unmae"}, errno_action(EPERM), {}}}}, CallRequest{.syscall = "uname", .abi = Abi::x86_64}), {});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message, "unknown syscall 'unmae', did you mean 'uname'?");
}

}  // namespace
}  // namespace sandgauge::mutate_test
