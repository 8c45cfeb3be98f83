#include "policy/argument_test.h"

#include <gtest/gtest.h>

namespace sandgauge::argument_test_test {
namespace {

TEST(ArgumentTestTest, ReadsEveryOperator) {
  EXPECT_EQ(*parse_argument_test("arg0 == 1"), (ArgumentTest{0, Compare::equal, 1}));
  EXPECT_EQ(*parse_argument_test("arg1 != 2"), (ArgumentTest{1, Compare::not_equal, 2}));
  EXPECT_EQ(*parse_argument_test("arg2 < 3"), (ArgumentTest{2, Compare::less, 3}));
  EXPECT_EQ(*parse_argument_test("arg3 <= 4"), (ArgumentTest{3, Compare::less_or_equal, 4}));
  EXPECT_EQ(*parse_argument_test("arg4 > 0x100000000"), (ArgumentTest{4, Compare::greater, 0x100000000}));
  EXPECT_EQ(*parse_argument_test("arg5 >= -1"), (ArgumentTest{5, Compare::greater_or_equal, ~std::uint64_t{0}}));
  EXPECT_EQ(*parse_argument_test("arg2 & 0xff == 0x3"), (ArgumentTest{2, Compare::masked_equal, 3, 0xff}));
}

TEST(ArgumentTestTest, NeedsNoSpaces) {
  EXPECT_EQ(*parse_argument_test("arg2&0o7==3"), (ArgumentTest{2, Compare::masked_equal, 3, 7}));
  EXPECT_EQ(*parse_argument_test("  arg2\t>=3  "), (ArgumentTest{2, Compare::greater_or_equal, 3}));
}

TEST(ArgumentTestTest, ReadsWhatTheModelWrites) {
  for (const Compare compare : {Compare::equal, Compare::not_equal, Compare::less, Compare::less_or_equal, Compare::greater,
                                Compare::greater_or_equal}) {
    const ArgumentTest test{1, compare, 0xfedcba9876543210};
    EXPECT_EQ(*parse_argument_test(to_string(test)), test);
  }
  const ArgumentTest masked{1, Compare::masked_equal, 0, 0xfedcba9876543210};
  EXPECT_EQ(*parse_argument_test(to_string(masked)), masked);
}

TEST(ArgumentTestTest, SaysWhatIsWrong) {
  const struct {
    const char* text;
    const char* message;
  } rows[] = {
      {"",
       "the test '' does not begin with an argument, expected arg0 to arg5, such as 'arg0 == 1', 'arg1 >= 0x100' or "
       "'arg2 & 0xff == 3'"},
      {"fd == 1",
       "the test 'fd == 1' does not begin with an argument, expected arg0 to arg5, such as 'arg0 == 1', "
       "'arg1 >= 0x100' or 'arg2 & 0xff == 3'"},
      {"arg6 == 1", "the test 'arg6 == 1' is of arg6, expected arg0 to arg5"},
      {"arg0 = 1", "the test 'arg0 = 1' has no operator, expected == != < <= > >= or & with =="},
      {"arg0", "the test 'arg0' has no operator, expected == != < <= > >= or & with =="},
      {"arg0 & 0xff", "the test 'arg0 & 0xff' has no operator, expected == != < <= > >= or & with =="},
      {"arg0 & 0xff != 1", "the test 'arg0 & 0xff != 1' compares a masked value, expected =="},
      {"arg0 & x == 1",
       "in the test 'arg0 & x == 1': 'x' is not a number, expected decimal, 0x hexadecimal or 0o octal digits"},
      {"arg0 == O_RDONLY",
       "in the test 'arg0 == O_RDONLY': 'O_RDONLY' is not a number, expected decimal, 0x hexadecimal or 0o octal digits"},
      {"arg0 == 1 == 2",
       "the test 'arg0 == 1 == 2' goes on after its number, expected one comparison, such as "
       "'arg0 == 1', 'arg1 >= 0x100' or 'arg2 & 0xff == 3'"},
  };
  for (const auto& row : rows) {
    const auto test = parse_argument_test(row.text);
    ASSERT_FALSE(test) << row.text;
    EXPECT_EQ(test.error().message, row.message);
  }
}

TEST(ArgumentTestTest, KnowsOciOperators) {
  EXPECT_EQ(parse_compare("SCMP_CMP_NE"), Compare::not_equal);
  EXPECT_EQ(parse_compare("SCMP_CMP_LT"), Compare::less);
  EXPECT_EQ(parse_compare("SCMP_CMP_LE"), Compare::less_or_equal);
  EXPECT_EQ(parse_compare("SCMP_CMP_EQ"), Compare::equal);
  EXPECT_EQ(parse_compare("SCMP_CMP_GE"), Compare::greater_or_equal);
  EXPECT_EQ(parse_compare("SCMP_CMP_GT"), Compare::greater);
  EXPECT_EQ(parse_compare("SCMP_CMP_MASKED_EQ"), Compare::masked_equal);
  EXPECT_EQ(parse_compare(">="), Compare::greater_or_equal);
  EXPECT_EQ(parse_compare("="), std::nullopt);
}

}  // namespace
}  // namespace sandgauge::argument_test_test
