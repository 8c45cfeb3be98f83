#include "report/bounded_json.h"

#include <gtest/gtest.h>

namespace sandgauge::bounded_json_test {
namespace {

std::string refusal(const std::string& text) {
  const auto json = parse_bounded(text);
  return json ? "" : json.error().message;
}
std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }
std::string with_keys(int count) {
  std::string text = "{\"k\": 1";
  for (int i = 1; i < count; ++i) text += fmt::format(", \"{}\": {{}}", i);
  return text + "}";
}

TEST(BoundedJsonTest, AnObjectKeepsItsOrder) {
  EXPECT_EQ(parse_bounded(R"({"b": [1, {"x": null}], "a": "é"})")->dump(), R"({"b":[1,{"x":null}],"a":"é"})");
}

TEST(BoundedJsonTest, BrokenTextIsNoJson) {
  for (const char* text : {"", "{", "[1,]", "{\"a\"}", "1 2", "[1e999]", "\"\xff\""}) EXPECT_EQ(refusal(text), "not JSON");
}

TEST(BoundedJsonTest, DeepNestingIsRefused) {
  EXPECT_EQ(refusal(nested(17)), "");
  EXPECT_EQ(refusal(nested(18)), "JSON nested deeper than 16 levels");
  EXPECT_EQ(refusal(nested(1'000'000)), "JSON nested deeper than 16 levels");
}

TEST(BoundedJsonTest, KeysAreCountedInEachObjectForItself) {
  EXPECT_EQ(refusal(with_keys(1000)), "");
  EXPECT_EQ(refusal("[" + with_keys(1000) + "," + with_keys(1000) + "]"), "");
  EXPECT_EQ(refusal(with_keys(1001)), "JSON with more than 1000 keys in an object");
  EXPECT_EQ(refusal("[" + with_keys(100'000) + "]"), "JSON with more than 1000 keys in an object");
}

TEST(BoundedJsonTest, MoreValuesThanAReportHasAreRefused) {
  std::string text = "[0";
  for (int i = 0; i < 5'000'000; ++i) text += ",0";
  EXPECT_EQ(refusal(text + "]"), "JSON of more than 5000000 values");
}

}  // namespace
}  // namespace sandgauge::bounded_json_test
