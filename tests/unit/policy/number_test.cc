#include "policy/number.h"

#include <gtest/gtest.h>

#include <limits>

namespace sandgauge::number_test {
namespace {

TEST(NumberTest, ReadsDecimalHexadecimalAndOctal) {
  EXPECT_EQ(*parse_word("0"), 0U);
  EXPECT_EQ(*parse_word("493"), 493U);
  EXPECT_EQ(*parse_word("0x1F"), 31U);
  EXPECT_EQ(*parse_word("0X1f"), 31U);
  EXPECT_EQ(*parse_word("0o755"), 493U);
  EXPECT_EQ(*parse_word("-0x1"), ~std::uint64_t{0});
}

TEST(NumberTest, ReadsAllOfSixtyFourBits) {
  EXPECT_EQ(*parse_word("18446744073709551615"), ~std::uint64_t{0});
  EXPECT_EQ(*parse_word("-1"), ~std::uint64_t{0});
  EXPECT_EQ(*parse_word("-9223372036854775808"), std::uint64_t{1} << 63);
  EXPECT_EQ(parse_word("18446744073709551616").error().message,
            "'18446744073709551616' does not fit into 64 bits, expected a number from -2^63 to 2^64-1");
  EXPECT_EQ(parse_word("-9223372036854775809").error().message,
            "'-9223372036854775809' does not fit into 64 bits, expected a number from -2^63 to 2^64-1");
}

TEST(NumberTest, RefusesALeadingZeroBecauseItsBaseIsUnclear) {
  EXPECT_EQ(parse_word("0755").error().message, "'0755' has a leading zero, expected 0o for octal or no zero for decimal");
}

TEST(NumberTest, RefusesWhatIsNotANumber) {
  for (const char* text : {"", "-", "--1", "+1", " 1", "1 ", "0x", "0o", "0o8", "1.5", "1e3", "abc", "0xg", "1,"})
    EXPECT_EQ(parse_word(text).error().message,
              fmt::format("'{}' is not a number, expected decimal, 0x hexadecimal or 0o octal digits", text));
}

TEST(NumberTest, KeepsIntegersInTheirRange) {
  EXPECT_EQ(*parse_integer("255", 0, 255), 255);
  EXPECT_EQ(*parse_integer("-5", -5, 5), -5);
  EXPECT_EQ(parse_integer("256", 0, 255).error().message, "'256' is out of range, expected a number from 0 to 255");
  EXPECT_EQ(parse_integer("-1", 0, 255).error().message, "'-1' is out of range, expected a number from 0 to 255");
  EXPECT_EQ(parse_integer("18446744073709551615", -1, 255).error().message,
            "'18446744073709551615' is out of range, expected a number from -1 to 255");
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(*parse_integer("-9223372036854775808", kLeast, kMost), kLeast);
  EXPECT_EQ(parse_integer("9223372036854775808", kLeast, kMost).error().message,
            "'9223372036854775808' is out of range, expected 64 bits with sign");
}

}  // namespace
}  // namespace sandgauge::number_test
