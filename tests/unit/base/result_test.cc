#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace sandgauge::result_test {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail("{} is odd", number);
  return number / 2;
}

Result<void> refuse_odd(int number) {
  if (const auto result = half(number); !result) return fail(result.error());
  return {};
}

TEST(ResultTest, HoldsTheValueOfASuccess) {
  const Result<int> result = half(8);
  EXPECT_TRUE(result);
  EXPECT_TRUE(result.has_value());
  EXPECT_EQ(result.value(), 4);
  EXPECT_EQ(*result, 4);
}

TEST(ResultTest, HoldsTheFormattedErrorOfAFailure) {
  const Result<int> result = half(7);
  EXPECT_FALSE(result);
  EXPECT_FALSE(result.has_value());
  EXPECT_EQ(result.error(), Error{"7 is odd"});
}

TEST(ResultTest, AnErrorIsPassedOnUnchangedThoughItLooksLikeAFormat) {
  const Result<std::string> result = fail(Error{"{} and {nothing}"});
  EXPECT_EQ(result.error().message, "{} and {nothing}");
}

TEST(ResultTest, TheValueCanBeChangedInPlace) {
  Result<std::string> result = std::string("uname");
  *result += "x";
  result.value() += "y";
  EXPECT_EQ(result->size(), 7U);
  EXPECT_EQ(*result, "unamexy");
}

TEST(ResultTest, AValueThatOnlyMovesCanBeTakenOut) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 5);
  EXPECT_EQ(*result, nullptr);
}

TEST(ResultTest, OfVoidIsASuccessOrAnError) {
  EXPECT_TRUE(refuse_odd(2));
  const Result<void> refused = refuse_odd(3);
  EXPECT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message, "3 is odd");
}

TEST(ResultDeathTest, ReadingTheValueOfAFailureAborts) {
  Result<int> result = half(7);
  EXPECT_EXIT((void)result.value(), testing::KilledBySignal(SIGABRT), "");
  EXPECT_EXIT((void)*std::as_const(result), testing::KilledBySignal(SIGABRT), "");
  EXPECT_EXIT((void)*std::move(result), testing::KilledBySignal(SIGABRT), "");
}

TEST(ResultDeathTest, ReadingTheErrorOfASuccessAborts) {
  EXPECT_EXIT((void)half(8).error(), testing::KilledBySignal(SIGABRT), "");
  EXPECT_EXIT((void)refuse_odd(8).error(), testing::KilledBySignal(SIGABRT), "");
}

}  // namespace
}  // namespace sandgauge::result_test
