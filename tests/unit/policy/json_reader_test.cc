#include "policy/json_reader.h"

#include <gtest/gtest.h>

namespace sandgauge::json_reader_test {
namespace {

std::string error_of(std::string_view text) {
  const auto root = parse_json(text);
  return root ? "no error" : root.error().message;
}

TEST(JsonReaderTest, EveryNodeKnowsItsPlace) {
  const auto root = parse_json("{\n\t\"a\": [1, \"x\\\"y\" ,true],\r\n  \"b\":{\"c\":-2.5e3}, \"d\": null\n}");
  ASSERT_TRUE(root) << root.error().message;
  const Yaml& list = **(*root)->find("a");
  ASSERT_EQ(list.items.size(), 3U);
  EXPECT_EQ(std::pair(list.items[0]->line, list.items[0]->column), std::pair(2, 8));
  EXPECT_EQ(std::pair(list.items[1]->line, list.items[1]->column), std::pair(2, 11));
  EXPECT_EQ(list.items[1]->text, "x\"y");
  EXPECT_TRUE(list.items[1]->quoted);
  EXPECT_EQ(list.items[2]->text, "true");
  EXPECT_FALSE(list.items[2]->quoted);
  const Yaml& number = **(*(*root)->find("b"))->find("c");
  EXPECT_EQ(number.text, "-2.5e3");
  EXPECT_EQ(std::pair(number.line, number.column), std::pair(3, 12));
  EXPECT_EQ((*(*root)->find("d"))->kind, Yaml::Kind::nothing);
}

TEST(JsonReaderTest, ANumberKeepsItsDigits) {
  EXPECT_EQ((*parse_json("18446744073709551615"))->text, "18446744073709551615");
  EXPECT_EQ((*parse_json(" 1.50 "))->text, "1.50");
}

TEST(JsonReaderTest, SaysWhereJsonIsBroken) {
  EXPECT_EQ(error_of("{\n  \"a\": 1,\n}").substr(0, 20), "3:1: not valid JSON:");
  EXPECT_EQ(error_of("").substr(0, 20), "1:1: not valid JSON:");
  EXPECT_EQ(error_of("[1] x").substr(0, 20), "1:5: not valid JSON:");
  EXPECT_EQ(error_of("[1e999]").substr(0, 20), "1:6: not valid JSON:");
  EXPECT_EQ(error_of("[\"open").substr(0, 15), "1:7: not valid ");
}

TEST(JsonReaderTest, RefusesWhatCannotBeText) {
  EXPECT_EQ(error_of(std::string_view("{}\0x", 4)), "1:3: control character 0x00, expected text");
  EXPECT_EQ(error_of("[\"\\u0000\"]"), "1:2: a NUL in a string, expected text");
  EXPECT_EQ(error_of("{\"\\u0000\": 1}"), "1:2: a NUL in a key, expected text");
  EXPECT_EQ(error_of("[\"\xff\"]"), "1:3: byte 0xff is not UTF-8, expected UTF-8 text");
}

TEST(JsonReaderTest, RefusesADuplicateKey) {
  EXPECT_EQ(error_of("{\"a\": 1,\n \"b\": 2, \"a\": 3}"),
            "2:10: duplicate key 'a', expected it only once (first at line 1)");
}

TEST(JsonReaderTest, SizeAndDepthAreBounded) {
  EXPECT_EQ(error_of(std::string(100'000, '[')), "1:65: nested deeper than 64 levels, expected fewer");
  EXPECT_EQ(error_of(std::string((1 << 20) + 1, ' ')), "1:1: more than 1 MiB of text, expected less");
  std::string many = "[";
  for (int i = 0; i < 100'001; ++i) many += "1,";
  EXPECT_EQ(error_of(many).substr(8), ": more than 100000 values, expected fewer");
  std::string keys = "{";
  for (int i = 0; i < 1'001; ++i) keys += fmt::format("\"{}\":0,", i);
  EXPECT_EQ(error_of(keys).substr(6), ": more than 1000 keys in an object, expected fewer");
}

TEST(JsonReaderTest, FindsThePathToAPlace) {
  const auto root = parse_json("{\"a\": {\"b\": [0, {\"c\": 1}]}}");
  EXPECT_EQ(json_path(**root, 1, 23), "a.b[1].c");
  EXPECT_EQ(json_path(**root, 1, 18), "a.b[1].c");  // the key itself
  EXPECT_EQ(json_path(**root, 1, 2), "a");
  EXPECT_EQ(json_path(**root, 1, 1), "");
  EXPECT_EQ(in_json_file("f.json", **root, {"1:14: wrong"}).message, "f.json:1:14: a.b[0]: wrong");
  EXPECT_EQ(in_json_file("f.json", **root, {"no place"}).message, "f.json:no place");
}

}  // namespace
}  // namespace sandgauge::json_reader_test
