#include "evaluate/word_tests.h"

#include <gtest/gtest.h>
#include <linux/filter.h>

#include <random>

namespace sandgauge::word_tests_test {
namespace {

using Answer = WordTests::Answer;
using WordTest = WordTests::Test;

WordTests of(std::initializer_list<WordTest> tests) {
  WordTests all;
  for (const WordTest& test : tests) all.push(test);
  return all;
}

TEST(WordTestsTest, FindsTheOneValueBetweenTwoTests) {
  std::uint32_t value = 0;
  EXPECT_EQ(of({{.code = BPF_JGT, .k = 5}, {.code = BPF_JGE, .k = 7, .holds = false}}).solve(value), Answer::yes);
  EXPECT_EQ(value, 6U);
}

TEST(WordTestsTest, SeesThatTestsExcludeEachOther) {
  std::uint32_t value = 0;
  EXPECT_EQ(of({{.code = BPF_JEQ, .k = 5}, {.code = BPF_JEQ, .k = 6}}).solve(value), Answer::no);
  EXPECT_EQ(of({{.code = BPF_JGT, .k = ~0U}}).solve(value), Answer::no);
  EXPECT_EQ(of({{.code = BPF_JSET, .k = 4}, {.code = BPF_JSET, .k = 6, .holds = false}}).solve(value), Answer::no);
  EXPECT_EQ(of({{.mask = 0xf0, .code = BPF_JEQ, .k = 1}}).solve(value), Answer::no);
}

TEST(WordTestsTest, WorkCountsEachLookAtATest) {
  std::uint32_t value = 0;
  WordTests easy = of({{.code = BPF_JEQ, .k = 0}});
  EXPECT_EQ(easy.solve(value), Answer::yes);
  EXPECT_EQ(easy.take_work(), 2U);  // once for its bits, once with the value
  EXPECT_EQ(easy.take_work(), 0U);
  WordTests hard = of({{.mask = 6, .code = BPF_JGT, .k = 3}, {.mask = 12, .code = BPF_JGE, .k = 5, .holds = false}});
  hard.push({.mask = 3, .code = BPF_JGT, .k = 3});
  EXPECT_EQ(hard.solve(value), Answer::unknown);
  EXPECT_GT(hard.take_work(), 100U);
}

TEST(WordTestsTest, WithoutTestsAnyValueWillDo) {
  std::uint32_t value = 7;
  EXPECT_EQ(of({}).solve(value), Answer::yes);
}

/// Random tests of small numbers, against trying all values. The constants have few bits, so that few values stand for all.
TEST(WordTestsTest, AgreesWithTryingEveryValue) {
  std::mt19937 random(20240817);
  const auto below = [&random](std::uint32_t bound) { return static_cast<std::uint32_t>(random() % bound); };
  constexpr std::uint16_t kCodes[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
  int solved = 0;
  int unknown = 0;
  for (int round = 0; round < 20'000; ++round) {
    WordTests tests;
    std::vector<WordTest> list;
    const bool masks = below(2) == 0;
    for (std::uint32_t count = 1 + below(5); count > 0; --count) {
      list.push_back({masks ? below(16) : ~0U, kCodes[below(masks ? 4 : 3)], below(16), below(2) == 0});
      tests.push(list.back());
    }
    const auto fits = [&list](std::uint32_t value) {
      for (const WordTest& test : list) {
        const std::uint32_t masked = value & test.mask;
        const bool holds = test.code == BPF_JEQ   ? masked == test.k
                           : test.code == BPF_JGT ? masked > test.k
                           : test.code == BPF_JGE ? masked >= test.k
                                                  : (masked & test.k) != 0;
        if (holds != test.holds) return false;
      }
      return true;
    };
    bool any = false;
    for (std::uint32_t value = 0; value < 32 && !any; ++value) any = fits(value);
    std::uint32_t value = 0;
    const Answer answer = tests.solve(value);
    if (answer == Answer::yes) {
      EXPECT_TRUE(any && fits(value));
      ++solved;
    }
    if (answer == Answer::no) {
      EXPECT_FALSE(any);
    }
    if (answer == Answer::unknown) ++unknown;
    if (!masks) {
      EXPECT_NE(answer, Answer::unknown);
    }
  }
  EXPECT_GT(solved, 5000);
  EXPECT_LT(unknown, 6000);
}

}  // namespace
}  // namespace sandgauge::word_tests_test
