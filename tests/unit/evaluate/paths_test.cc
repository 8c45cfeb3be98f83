#include "evaluate/paths.h"

#include <gtest/gtest.h>
#include <linux/filter.h>

#include <algorithm>
#include <cerrno>
#include <random>

#include "evaluate/evaluate.h"
#include "model/abi.h"

namespace sandgauge::paths_test {
namespace {

constexpr std::uint32_t kNr = offsetof(seccomp_data, nr);
constexpr std::uint32_t kArch = offsetof(seccomp_data, arch);
constexpr std::uint32_t arg(std::uint32_t index) { return offsetof(seccomp_data, args) + 8 * index; }
const sock_filter kAllow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
const sock_filter kDeny = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
Program program(std::initializer_list<sock_filter> code) { return {code}; }
sock_filter load(std::uint32_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset); }
sock_filter equal(std::uint32_t k, std::uint8_t jt, std::uint8_t jf) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, jt, jf);
}
Paths native(const Program& filter, std::int32_t nr) { return explore(filter, audit_arch(Abi::x86_64), nr); }

TEST(PathsTest, ACallWithoutArgumentRulesHasOneWay) {
  const Program filter = program({load(kNr), equal(1, 0, 1), kDeny, kAllow});
  const Paths paths = native(filter, 1);
  EXPECT_TRUE(paths.exact && paths.least == 3 && paths.most == 3);
  ASSERT_EQ(paths.endings.size(), 1U);
  EXPECT_EQ(paths.endings[0].action, errno_action(EPERM));
  EXPECT_EQ(paths.endings[0].at, 2U);
}

TEST(PathsTest, TheLongestWayComesWithItsArguments) {
  const Program filter = program({load(arg(0)), equal(7, 0, 3), load(arg(1)), equal(9, 0, 1), kDeny, kAllow});
  const Paths paths = native(filter, 0);
  EXPECT_TRUE(paths.exact && paths.least == 3 && paths.most == 5);
  EXPECT_EQ(paths.worst.args[0], 7U);
  EXPECT_EQ(paths.endings.size(), 2U);
  EXPECT_EQ(evaluate(filter, paths.worst).steps, 5U);
}

TEST(PathsTest, AWayThatNoArgumentsCanTakeDoesNotCount) {
  // Equal to 7, and then equal to 8: never.
  const Program filter = program({load(arg(0)), equal(7, 0, 4), equal(8, 0, 3), load(kNr), load(kNr), kDeny, kAllow});
  const Paths paths = native(filter, 0);
  EXPECT_TRUE(paths.exact);
  EXPECT_EQ(paths.most, 4U);
  EXPECT_EQ(paths.endings.size(), 1U);
  EXPECT_EQ(unreachable(filter), (std::vector<std::size_t>{3, 4, 5}));
}

TEST(PathsTest, UpperHalvesAreZeroForI386) {
  const Program filter = program({load(arg(0) + 4), equal(0, 0, 1), kAllow, kDeny});
  EXPECT_EQ(explore(filter, audit_arch(Abi::i386), 0).endings.size(), 1U);
  EXPECT_EQ(native(filter, 0).endings.size(), 2U);
}

TEST(PathsTest, ArithmeticWithArgumentsIsNotExactAndEnclosesTheTruth) {
  const Program filter = program({load(arg(0)), BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1), equal(7, 0, 1), kDeny, kAllow});
  const Paths paths = native(filter, 0);
  EXPECT_FALSE(paths.exact);
  EXPECT_TRUE(paths.least <= 4 && paths.most >= 4);
}

TEST(PathsTest, TooManyWaysAreBoundedAndEnclosed) {
  // Sixty independent tests: 2^60 ways.
  Program filter;
  for (std::uint32_t i = 0; i < 60; ++i) {
    filter.code.push_back(load(arg(i % 6)));
    filter.code.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1U << (i / 6), 0, 1));
    filter.code.push_back(load(kNr));
  }
  filter.code.push_back(kAllow);
  const Paths paths = native(filter, 0);
  EXPECT_FALSE(paths.exact);
  EXPECT_EQ(paths.least, 121U);
  EXPECT_EQ(paths.most, 181U);
}

TEST(PathsTest, InstructionsForOtherArchsAreReachable) {
  const Program filter = program({load(kArch), equal(audit_arch(Abi::x86_64), 0, 1), kAllow, kDeny});
  EXPECT_TRUE(unreachable(filter).empty());
}

TEST(PathsTest, AComparisonThatAnEarlierOneHasDecidedLeavesItsOtherSideUnreachable) {
  const Program filter = program({load(kNr), equal(5, 0, 2), equal(5, 1, 0), kDeny, kAllow});
  EXPECT_EQ(unreachable(filter), (std::vector<std::size_t>{3}));
}

/// Whatever the arguments, the filter's steps lie between least and most and its action is among the endings; and the
/// examples do what they are examples of.
TEST(PathsTest, AgreesWithEvaluatingRandomProgramsOnRandomArguments) {
  std::mt19937 random(7);
  const auto below = [&random](std::uint32_t bound) { return static_cast<std::uint32_t>(random() % bound); };
  constexpr std::uint16_t kCodes[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
  constexpr std::uint32_t kOffsets[] = {kNr, arg(0), arg(0), arg(1)};
  int exact = 0;
  for (int round = 0; round < 2000; ++round) {
    Program filter;
    const std::uint32_t length = 4 + below(20);
    for (std::uint32_t i = 0; i < length; ++i) {
      const std::uint32_t left = length - 1 - i;
      switch (below(8)) {
        case 0:
        case 1:
        case 2: filter.code.push_back(load(kOffsets[below(4)])); break;
        case 3: filter.code.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, below(8))); break;
        case 4:
          filter.code.push_back(BPF_STMT(static_cast<std::uint16_t>(below(2) == 0 ? BPF_MISC | BPF_TAX : BPF_ST), 0));
          break;
        default:
          filter.code.push_back(BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | kCodes[below(4)] | BPF_K), below(8),
                                         static_cast<std::uint8_t>(below(left + 1)),
                                         static_cast<std::uint8_t>(below(left + 1))));
      }
    }
    filter.code.push_back(kAllow);
    filter.code.push_back(kDeny);
    ASSERT_TRUE(validate(filter));
    Explored explored;
    const Paths paths = explore(filter, audit_arch(Abi::x86_64), 3, &explored);
    const std::vector<std::size_t> never = unreachable(filter);
    for (const std::size_t at : never) EXPECT_FALSE(explored.reached[at]);
    EXPECT_EQ(unreachable(filter, explored), never);
    if (paths.exact) {
      ++exact;
      EXPECT_EQ(evaluate(filter, paths.worst).steps, paths.most);
      for (const Ending& ending : paths.endings) EXPECT_EQ(evaluate(filter, ending.example).action, ending.action);
    }
    for (std::uint64_t first = 0; first < 9; ++first)
      for (std::uint64_t second = 0; second < 9; ++second) {
        const Evaluation seen =
            evaluate(filter, {.nr = 3, .arch = audit_arch(Abi::x86_64), .instruction_pointer = 0, .args = {first, second}});
        EXPECT_TRUE(paths.least <= seen.steps && seen.steps <= paths.most);
        if (!paths.exact) continue;
        EXPECT_NE(std::ranges::find(paths.endings, seen.action, &Ending::action), paths.endings.end());
      }
  }
  EXPECT_GT(exact, 1500);
}

}  // namespace
}  // namespace sandgauge::paths_test
