#include "report/json_stream.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

namespace sandgauge::json_stream_test {
namespace {

using Json = nlohmann::ordered_json;

std::string dumped(const Json& json) { return json.dump(1, ' ', false, Json::error_handler_t::replace); }

TEST(JsonStreamTest, ItWritesWhatTheLibraryWrites) {
  const std::vector<std::string> names = {"read", "write"};
  JsonStream json;
  json.begin('{').key("empty").begin('{').end().key("none").begin('[').end().key("names").values(names).key("rows").begin(
      '[');
  for (const std::int32_t number : {-1, 0, 7}) json.begin('{').key("number").value(number).key("on").value(number > 0).end();
  json.end().key("nothing").null().key("most").value(std::numeric_limits<std::uint64_t>::max()).end();
  Json rows = Json::array();
  for (const int number : {-1, 0, 7}) rows.push_back({{"number", number}, {"on", number > 0}});
  EXPECT_EQ(json.take(), dumped({{"empty", Json::object()},
                                 {"none", Json::array()},
                                 {"names", names},
                                 {"rows", rows},
                                 {"nothing", nullptr},
                                 {"most", std::numeric_limits<std::uint64_t>::max()}}));
}

TEST(JsonStreamTest, AnyBytesAreQuotedAsTheLibraryDoes) {
  std::string every;
  for (int byte = 0; byte < 256; ++byte) every += static_cast<char>(byte);
  for (const std::string& text :
       {std::string(), every, std::string("\"\\/"), std::string("a\0b", 3), std::string("\x7f"),
        std::string("gr\xc3\xbc\xc3\x9f"), std::string("\xf0\x9f\x98"), std::string("\xed\xa0\x80")}) {
    JsonStream json;
    json.begin('{').key(text).value(text).end();
    EXPECT_EQ(json.take(), dumped({{text, text}}));
  }
}

}  // namespace
}  // namespace sandgauge::json_stream_test
