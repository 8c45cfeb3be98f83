#include "app/guest_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandgauge::guest_command_test {
namespace {

using testing::ElementsAre;

TEST(GuestCommandTest, TheOutputFileIsFoundInEachSpelling) {
  EXPECT_EQ(output_file_of({"run", "-o", "x"}), "x");
  EXPECT_EQ(output_file_of({"run", "-ox"}), "x");
  EXPECT_EQ(output_file_of({"run", "--output", "x"}), "x");
  EXPECT_EQ(output_file_of({"run", "--output=x"}), "x");
}

TEST(GuestCommandTest, StandardOutputIsNoFile) {
  EXPECT_EQ(output_file_of({"run"}), std::nullopt);
  EXPECT_EQ(output_file_of({"run", "-o"}), std::nullopt);
  EXPECT_EQ(output_file_of({"run", "-o", "-"}), std::nullopt);
  EXPECT_EQ(output_file_of({"run", "-o", "/dev/stdout"}), std::nullopt);
}

TEST(GuestCommandTest, AProgramsOwnOptionsAreNotOurs) {
  EXPECT_EQ(output_file_of({"run", "--", "cc", "-o", "x"}), std::nullopt);
}

TEST(GuestCommandTest, ARunWithoutATimeoutGetsPatience) {
  EXPECT_THAT(with_patience({"run", "x"}), ElementsAre("run", "--timeout", "120s", "x"));
  EXPECT_THAT(with_patience({"run", "--timeout", "1s"}), ElementsAre("run", "--timeout", "1s"));
  EXPECT_THAT(with_patience({"run", "--timeout=1s"}), ElementsAre("run", "--timeout=1s"));
  EXPECT_THAT(with_patience({"run", "--", "x", "--timeout"}),
              ElementsAre("run", "--timeout", "120s", "--", "x", "--timeout"));
  EXPECT_THAT(with_patience({"check"}), ElementsAre("check"));
  EXPECT_THAT(with_patience({}), ElementsAre());
}

}  // namespace
}  // namespace sandgauge::guest_command_test
