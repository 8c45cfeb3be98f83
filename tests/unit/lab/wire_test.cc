#include "lab/wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandgauge::wire_test {
namespace {

using testing::ElementsAre;
using testing::Pair;

std::string frame(char type, const std::string& payload) {
  std::string bytes(1, type);
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(payload.size() >> shift & 0xff);
  return bytes + payload;
}

class WireTest : public testing::Test {
 protected:
  Result<void> feed(std::string_view bytes) {
    return reader_.feed(bytes, [this](Frame one) { frames_.emplace_back(static_cast<char>(one.type), one.payload); });
  }
  FrameReader reader_;
  std::vector<std::pair<char, std::string>> frames_;
};

TEST_F(WireTest, FramesComeOutAsTheyWentIn) {
  ASSERT_TRUE(feed(frame('R', "6.1.0") + frame('O', std::string("a\0b\xff", 4)) + frame('X', "0")));
  EXPECT_THAT(frames_, ElementsAre(Pair('R', "6.1.0"), Pair('O', std::string("a\0b\xff", 4)), Pair('X', "0")));
}

TEST_F(WireTest, FramesMayArriveByteByByte) {
  const std::string bytes = frame('O', std::string(300, 'x')) + frame('H', "");
  for (const char byte : bytes) ASSERT_TRUE(feed(std::string_view(&byte, 1)));
  EXPECT_THAT(frames_, ElementsAre(Pair('O', std::string(300, 'x')), Pair('H', "")));
}

TEST_F(WireTest, AnUnfinishedFrameIsNotTaken) {
  ASSERT_TRUE(feed(frame('O', "abc").substr(0, 7)));
  EXPECT_THAT(frames_, ElementsAre());
}

TEST_F(WireTest, AnUnknownTypeIsAnErrorForEver) {
  const auto fed = feed("Kernel panic");
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().message, "the guest sent bytes that are no frame: type 75, length 1701737061");
  EXPECT_FALSE(feed(frame('O', "x")));
  EXPECT_THAT(frames_, ElementsAre());
}

TEST_F(WireTest, AFrameMayBeAsLongAsTheLimitAndNoLonger) {
  ASSERT_TRUE(feed(frame('O', std::string(kMostFrameBytes, 'x'))));
  EXPECT_EQ(frames_.size(), 1u);
  EXPECT_FALSE(feed(frame('O', std::string(kMostFrameBytes + 1, 'x'))));
  EXPECT_EQ(frames_.size(), 1u);
}

}  // namespace
}  // namespace sandgauge::wire_test
