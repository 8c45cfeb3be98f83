#include "policy/conditions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace sandgauge::conditions_test {
namespace {

bool holds_for(const Condition& condition, std::uint64_t a, std::uint64_t b = 0) {
  return std::ranges::any_of(condition, [&](const Conjunction& tests) {
    return std::ranges::all_of(tests, [&](const ArgumentTest& one) { return holds(one, one.index == 0 ? a : b); });
  });
}

constexpr Compare kCompares[] = {Compare::equal,   Compare::not_equal,        Compare::less,        Compare::less_or_equal,
                                 Compare::greater, Compare::greater_or_equal, Compare::masked_equal};
const std::uint64_t kValues[] = {
    0, 1, 2, 5, 6, 7, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0x100000000, 0x100000005, ~std::uint64_t{0}};

TEST(ConditionsTest, TheLowerWordIsComparedAsItselfIs) {
  for (const Compare compare : kCompares)
    for (const std::uint64_t value : kValues)
      for (const std::uint64_t argument : kValues) {
        if (value > 0xffffffff) continue;
        const ArgumentTest same{0, compare, value, 0xffffffff};
        EXPECT_EQ(holds_for(low_word(0, compare, value), argument), holds(same, argument & 0xffffffff))
            << to_string(same) << " of " << argument;
      }
}

TEST(ConditionsTest, TheOppositeHoldsWhereTheConditionDoesNot) {
  for (const Compare compare : kCompares)
    for (const std::uint64_t value : kValues)
      for (const std::uint64_t argument : kValues) {
        const Condition one = test({0, compare, value, 0x100000006});
        EXPECT_NE(holds_for(*opposite(one), argument), holds_for(one, argument));
      }
  EXPECT_EQ(*opposite(always()), never());
  EXPECT_EQ(*opposite(never()), always());
}

TEST(ConditionsTest, BothAndEitherAreWhatTheyAreCalled) {
  std::mt19937_64 random(7);
  const auto pick = [&random] { return kValues[random() % std::size(kValues)]; };
  for (int i = 0; i < 500; ++i) {
    const Condition x = test({0, kCompares[random() % 7], pick(), pick()});
    const Condition y = test({static_cast<std::uint8_t>(random() % 2), kCompares[random() % 7], pick(), pick()});
    for (const std::uint64_t a : kValues)
      for (const std::uint64_t b : {std::uint64_t{0}, pick()}) {
        EXPECT_EQ(holds_for(*both(x, y), a, b), holds_for(x, a, b) && holds_for(y, a, b));
        EXPECT_EQ(holds_for(*either(x, y), a, b), holds_for(x, a, b) || holds_for(y, a, b));
      }
  }
}

TEST(ConditionsTest, OfRulesInOrderTheFirstWinsWhateverIsStricter) {
  const Action allow{ActionKind::allow, 0};
  const Action kill{ActionKind::kill_thread, 0};
  const auto rules = rules_in_order("write", {{test({0, Compare::equal, 1}), allow},
                                              {test({0, Compare::less, 5}), errno_action(7)},
                                              {test({0, Compare::less, 9}), errno_action(8)},
                                              {always(), kill}});
  ASSERT_TRUE(rules);
  const auto decided = [&](std::uint64_t value) {
    std::optional<Action> strictest;
    for (const Rule& rule : *rules)
      if (std::ranges::all_of(rule.when, [&](const ArgumentTest& one) { return holds(one, value); }))
        strictest = strictest ? stricter(*strictest, rule.action) : rule.action;
    return strictest;
  };
  EXPECT_EQ(decided(1), allow);
  EXPECT_EQ(decided(0), errno_action(7));
  EXPECT_EQ(decided(4), errno_action(7));
  EXPECT_EQ(decided(5), errno_action(8));
  EXPECT_EQ(decided(9), kill);
}

TEST(ConditionsTest, TooManyAlternativesAreAnError) {
  Condition condition = never();
  for (std::uint64_t i = 0; i < 12; ++i) condition = *either(condition, low_word(0, Compare::less, 0x55555555 + i));
  EXPECT_FALSE(both(*opposite(test({0, Compare::masked_equal, 0, ~std::uint64_t{1}})),
                    *opposite(test({1, Compare::masked_equal, 0, ~std::uint64_t{1}}))));
}

TEST(ConditionsTest, AConditionThatIsAskedForAgainAddsNothing) {
  const Condition any_of_nine_bits = *opposite(test({0, Compare::masked_equal, 0, 0x1ff}));
  EXPECT_EQ(*both(any_of_nine_bits, any_of_nine_bits), any_of_nine_bits);
}

TEST(ConditionsTest, MoreTestsThanAFilterHasInstructionsAreAnError) {
  Condition condition = always();
  for (std::uint64_t i = 0; i < 2048; ++i) condition = *both(condition, test({0, Compare::not_equal, i}));
  const auto more = both(condition, test({0, Compare::not_equal, 2048}));
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().message, "the condition has more than 1000 alternatives or 2048 tests, expected fewer");
}

}  // namespace
}  // namespace sandgauge::conditions_test
