#include "report/escape.h"

#include <gtest/gtest.h>

#include <vector>

namespace sandgauge::escape_test {
namespace {

using namespace std::string_literals;

std::string with_replacements(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const Character character = take_character(text);
    result += character.valid ? std::string(character.bytes) : "?";
  }
  return result;
}

TEST(TakeCharacterTest, EveryLengthIsDecoded) {
  std::string_view rest = "a\u00e9\u20ac\U0001f600";
  std::vector<char32_t> codes;
  while (!rest.empty()) {
    const Character character = take_character(rest);
    EXPECT_TRUE(character.valid);
    codes.push_back(character.code);
  }
  EXPECT_EQ(codes, (std::vector<char32_t>{'a', 0xe9, 0x20ac, 0x1f600}));
}

TEST(TakeCharacterTest, TheLimitsOfUtf8AreKept) {
  struct Row {
    std::string text;
    std::string expected;
  };
  const Row rows[] = {
      {"\x80z", "?z"},                           // a continuation without a lead
      {"\xc1\x81z", "??z"},                      // overlong, two bytes
      {"\xe0\x9f\xbfz", "???z"},                 // overlong, three bytes
      {"\xf0\x8f\xbf\xbfz", "????z"},            // overlong, four bytes
      {"\xed\xa0\x80z", "???z"},                 // a surrogate
      {"\xf4\x90\x80\x80z", "????z"},            // above U+10FFFF
      {"\xff\xfez", "??z"},                      // bytes that UTF-8 never uses
      {"\xe2\x82z", "?z"},                       // cut short: one piece
      {"\xe2\x82", "?"},                         // cut short by the end
      {"\xf0\x9f\x98\xe2\x82\xac", "?\u20ac"},   // cut short by another character
      {"\xed\x9f\xbf", "\xed\x9f\xbf"},          // U+D7FF
      {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},  // U+10FFFF
      {"\xe0\xa0\x80", "\xe0\xa0\x80"},          // U+0800
      {"\xf0\x90\x80\x80", "\xf0\x90\x80\x80"},  // U+10000
  };
  for (const Row& row : rows) EXPECT_EQ(with_replacements(row.text), row.expected) << row.text;
}

TEST(TakeCharacterTest, NothingBehindTheEndIsRead) {
  const std::string_view euro = "\u20ac";
  EXPECT_EQ(with_replacements(euro.substr(0, 2)), "?");
}

TEST(VisibleTest, ControlCharactersAndBadBytesAreSpeltOut) {
  EXPECT_EQ(visible("a\nb\r\tc"), "a\\nb\\r\\tc");
  EXPECT_EQ(visible("\x1b[31m\x7f\0"s), "\\x1b[31m\\x7f\\x00");
  EXPECT_EQ(visible("\u009b31m \u2028 \u202e \u2066 \uffff"), "\\u009b31m \\u2028 \\u202e \\u2066 \\uffff");
  EXPECT_EQ(visible("\xff\xe2\x82!"), "\\xff\\xe2\\x82!");
}

TEST(VisibleTest, OrdinaryTextStaysAndTwiceIsOnce) {
  EXPECT_EQ(visible("caf\u00e9 \u20ac \\d '\"#"), "caf\u00e9 \u20ac \\d '\"#");
  EXPECT_EQ(visible(visible("a\n\xff")), visible("a\n\xff"));
}

TEST(TapTextTest, HashesAndBackslashesAreEscaped) {
  EXPECT_EQ(tap_text("a#b \\ # SKIP x"), "a\\#b \\\\ \\# SKIP x");
  EXPECT_EQ(tap_text("two\nlines"), "two\\\\nlines");
}

TEST(YamlQuotedTest, QuotesAndBackslashesAreEscaped) {
  EXPECT_EQ(yaml_quoted("say \"x\" \\ \n: - #"), "\"say \\\"x\\\" \\\\ \\\\n: - #\"");
  EXPECT_EQ(yaml_quoted(""), "\"\"");
}

TEST(XmlTextTest, MarkupIsEscapedInBothPlaces) {
  EXPECT_EQ(xml_text("<a b=\"c\">&]]>"), "&lt;a b=&quot;c&quot;&gt;&amp;]]&gt;");
  EXPECT_EQ(xml_text("a\n\t\rb"), "a&#10;&#9;&#13;b");
  EXPECT_EQ(xml_text("a\n\t\rb", true), "a\n\t&#13;b");
}

TEST(XmlTextTest, WhatXmlForbidsIsDroppedAndWhatIsNotUtf8IsReplaced) {
  EXPECT_EQ(xml_text("a\0b\x1b"
                     "c\x0b\uffff\ufffe"s),
            "abc");
  EXPECT_EQ(xml_text("\x80-\xed\xa0\x80"), "\ufffd-\ufffd\ufffd\ufffd");
  EXPECT_EQ(xml_text("\u00e9\ud7ff\ue000\ufffd\U00010000"), "\u00e9\ud7ff\ue000\ufffd\U00010000");
}

}  // namespace
}  // namespace sandgauge::escape_test
