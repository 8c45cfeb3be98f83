#include "policy/yaml_value.h"

#include <gtest/gtest.h>

namespace sandgauge::yaml_value_test {
namespace {

using Words = std::vector<std::string_view>;

TEST(YamlValueTest, FindsTheNearestWord) {
  EXPECT_EQ(nearest_word("exot", Words{"exit", "signal"}), "exit");
  EXPECT_EQ(nearest_word("singal", Words{"exit", "signal"}), "signal");
  EXPECT_EQ(nearest_word("sgnl", Words{"exit", "signal"}), "signal");
  EXPECT_EQ(nearest_word("sgl", Words{"exit", "signal"}), "");
  EXPECT_EQ(nearest_word("", Words{}), "");
  EXPECT_EQ(nearest_word(std::string(65, 'a'), Words{"a"}), "");
}

TEST(YamlValueTest, DoesNotTakeAShortWordForEveryOther) {
  EXPECT_EQ(nearest_word("xy", Words{"of", "why"}), "");
  EXPECT_EQ(nearest_word("wy", Words{"of", "why"}), "why");
}

TEST(YamlValueTest, ListsAlternatives) {
  EXPECT_EQ(alternatives({}), "");
  EXPECT_EQ(alternatives({"a"}), "a");
  EXPECT_EQ(alternatives({"a", "b", "c"}), "a, b or c");
}

TEST(YamlValueTest, KeepsTheFirstErrorAndReadsNoMore) {
  const auto root = parse_yaml("a: x\nb: y\nc: 3\n");
  ASSERT_TRUE(root);
  int a = 7;
  int c = 7;
  Fields fields(**root);
  const auto number = [](const Yaml& node) -> Result<int> {
    const auto read = integer_of(node, 0, 9);
    if (!read) return fail(read.error());
    return static_cast<int>(*read);
  };
  fields.take("a", a, number);
  fields.take("b", a, number);
  fields.take("c", c, number);
  EXPECT_EQ(fields.end().error().message, "1:4: 'x' is not a number, expected decimal, 0x hexadecimal or 0o octal digits");
  EXPECT_EQ(a, 7);
  EXPECT_EQ(c, 7);
}

TEST(YamlValueTest, AMapIsReadByItsKeys) {
  const auto root = parse_yaml("a: 1\n");
  ASSERT_TRUE(root);
  int b = 7;
  Fields fields(**root);
  fields.take("b", b, [](const Yaml&) -> Result<int> { return 1; });
  EXPECT_TRUE(fields.has("a"));
  EXPECT_EQ(b, 7) << "a key that is not there leaves its field alone";
  EXPECT_EQ(fields.end().error().message, "1:1: unknown key 'a', expected b");
}

TEST(YamlValueTest, AWordOfAVocabularyIsShortAndOnOneLine) {
  const auto root = parse_yaml("[\"" + std::string(100, 'a') + "\", \"" + std::string(101, 'a') + "\", \"a\\nb\", [a]]");
  ASSERT_TRUE(root);
  EXPECT_TRUE(term_of(*(*root)->items[0], "a word"));
  EXPECT_FALSE(term_of(*(*root)->items[1], "a word"));
  EXPECT_EQ(term_of(*(*root)->items[2], "a word").error().message, "1:211: found 'a\\x0ab', expected a word");
  EXPECT_EQ(term_of(*(*root)->items[3], "a word").error().message, "1:219: found a list, expected a word");
}

}  // namespace
}  // namespace sandgauge::yaml_value_test
