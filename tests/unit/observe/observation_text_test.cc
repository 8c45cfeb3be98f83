#include "observe/observation_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandgauge::observation_text_test {
namespace {

using ::testing::HasSubstr;

std::string error_of(const std::string& text) {
  const auto seen = parse_observation(text, "x.log");
  return seen ? "no error" : seen.error().message;
}

TEST(ObservationTextTest, CallsOfALogAreCountedWhereTheyStandFirst) {
  const auto seen = parse_observation("read(0) = 1\nclose(0) = 0\n[pid 7] read(0) = 1\n", "x.log");
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->calls, (std::vector<ObservedCall>{{Abi::x86_64, 0, 2, {"x.log", 1}}, {Abi::x86_64, 3, 1, {"x.log", 2}}}));
}

TEST(ObservationTextTest, ALogOfMoreCallsThanThereAreIsRefusedAtItsLine) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += fmt::format("syscall_0x{:x}(0) = 0\n", i);
  EXPECT_EQ(parse_observation(text, "x.log")->calls.size(), 10'000U);
  EXPECT_EQ(error_of(text + "syscall_0xffff(0) = 0\n"),
            "x.log:10001: more than 10000 different calls, expected those of programs");
}

TEST(ObservationTextTest, AMessageShowsNoMoreThanTheBeginningOfWhatIsWrongAndNoControlCharacters) {
  const std::string record = "type=1326 audit(1.2:3): pid=\x1b[2J" + std::string(10'000, 'x');
  EXPECT_THAT(error_of(record), HasSubstr("x.log:1: audit record: pid= is '\\x1b[2Jxxx"));
  EXPECT_LT(error_of(record).size(), 200U);
}

TEST(ObservationTextTest, ALineOfJsonThatWouldFillTheMemoryIsRefused) {
  EXPECT_EQ(error_of("{\"messages\":[" + std::string(1 << 20, '[')),
            "x.log:1: more than 1 MiB in a line of JSON, expected an event");
}

}  // namespace
}  // namespace sandgauge::observation_text_test
