#include "evaluate/changes.h"

#include <gtest/gtest.h>

namespace sandgauge::changes_test {
namespace {

std::vector<Change> between(const Policy& a, const Policy& b, const std::vector<Abi>& abis = {Abi::x86_64}) {
  Tests tests;
  add_tests(resolve(a).value(), tests);
  add_tests(resolve(b).value(), tests);
  return changes(abis, tests, decided_by(Rules::of(a).value()), decided_by(Rules::of(b).value()));
}

const Action kAllow{ActionKind::allow, 0};
const Action kKill{ActionKind::kill_thread, 0};

TEST(ChangesTest, APolicyDoesNotDifferFromItself) {
  const Policy policy{.rules = {{.syscalls = {"write"}, .action = kKill, .when = {{0, Compare::greater, 5}}}}};
  EXPECT_EQ(between(policy, policy), std::vector<Change>());
}

TEST(ChangesTest, AChangedCallIsOneChange) {
  const auto found = between({}, {.rules = {{.syscalls = {"mkdir"}, .action = kKill}}});
  EXPECT_EQ(found, (std::vector<Change>{{.call = {.number = 83}, .before = kAllow, .after = kKill}}));
}

TEST(ChangesTest, AnArgumentThatTurnsElsewhereIsFound) {
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{7}, std::uint64_t{1} << 32, ~std::uint64_t{0} - 1}) {
    const Policy a{.rules = {{.syscalls = {"write"}, .action = kKill, .when = {{2, Compare::greater, value}}}}};
    const Policy b{.rules = {{.syscalls = {"write"}, .action = kKill, .when = {{2, Compare::greater, value + 1}}}}};
    const auto found = between(a, b);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].call.args[2], value + 1);
    EXPECT_TRUE(found[0].some_arguments);
  }
}

TEST(ChangesTest, ASecondTestThatIsMissingIsFound) {
  const Policy a{
      .rules = {{.syscalls = {"write"}, .action = kKill, .when = {{0, Compare::equal, 1}, {2, Compare::equal, 9}}}}};
  const Policy b{.rules = {{.syscalls = {"write"}, .action = kKill, .when = {{0, Compare::equal, 1}}}}};
  const auto found = between(a, b);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].call.args[0], 1U);
  EXPECT_NE(found[0].call.args[2], 9U);
}

TEST(ChangesTest, AnotherDefaultChangesEveryCallAndTheNumbersWithoutAName) {
  const auto found = between({}, {.default_action = kKill});
  EXPECT_EQ(found.size(), numbers_of(Abi::x86_64).size());
  EXPECT_TRUE(found.back().unnamed);
  EXPECT_FALSE(found.front().unnamed);
}

TEST(ChangesTest, ANumberWithoutANameIsComparedIfARuleHasIt) {
  const auto found = between({}, {.rules = {{.syscalls = {"9999"}, .action = kKill}}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].call.number, 9999);
  EXPECT_FALSE(found[0].unnamed);
}

TEST(ChangesTest, SixTestedArgumentsAreTooManyCombinationsAndStillCompared) {
  std::vector<ArgumentTest> when;
  for (std::uint8_t i = 0; i < 6; ++i) when.push_back({i, Compare::equal, 1000U + i});
  const Policy a{.rules = {{.syscalls = {"mmap"}, .action = kKill, .when = when}}};
  when[5].value = 7;
  const Policy b{.rules = {{.syscalls = {"mmap"}, .action = kKill, .when = when}}};
  EXPECT_EQ(between(a, b).size(), 2U);
}

TEST(ChangesTest, OnlyTheAbisAskedForAreCompared) {
  const Policy foreign{.foreign_action = kAllow};
  EXPECT_TRUE(between({}, foreign).empty());
  EXPECT_EQ(between({}, foreign, {Abi::x32}).size(), numbers_of(Abi::x32).size());
}

TEST(ChangesTest, AFilterCanBeHeldAgainstRules) {
  Program program;
  program.code = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  EXPECT_TRUE(changes({Abi::x86_64}, {}, decided_by(program), decided_by(Rules::of({}).value())).empty());
}

}  // namespace
}  // namespace sandgauge::changes_test
