#include "report/format.h"

#include <gtest/gtest.h>

namespace sandgauge::format_test {
namespace {

TEST(FormatTest, EveryNameIsKnown) {
  EXPECT_EQ(parse_format("text").value(), Format::text);
  EXPECT_EQ(parse_format("tap").value(), Format::tap);
  EXPECT_EQ(parse_format("junit").value(), Format::junit);
  EXPECT_EQ(parse_format("json").value(), Format::json);
}

TEST(FormatTest, AnotherNameIsAnErrorThatListsThem) {
  for (const std::string_view name : {"xml", "", "JSON", "text "}) {
    const Result<Format> format = parse_format(name);
    ASSERT_FALSE(format) << name;
    EXPECT_EQ(format.error().message, fmt::format("unknown format '{}', expected text, tap, junit or json", name));
  }
}

}  // namespace
}  // namespace sandgauge::format_test
