#include "kernel/command.h"

#include <gtest/gtest.h>

namespace sandgauge::command_test {
namespace {

TEST(RunCommandTest, TakesBothOutputsAndTheExitCode) {
  const CommandResult ended = run_command({"/bin/sh", "-c", "echo out; echo err >&2; echo; exit 3"});
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_EQ(ended.output, "out\nerr\n\n");
  EXPECT_EQ(ended.last_line(), "err");
  EXPECT_FALSE(ended.not_started);
}

TEST(RunCommandTest, SaysWhenItCouldNotStart) {
  EXPECT_TRUE(run_command({"/no/such/program"}).not_started);
  EXPECT_TRUE(run_command({"/bin/true"}, [] { return false; }).not_started);
  EXPECT_FALSE(run_command({"/bin/true"}, [] { return true; }).not_started);
}

TEST(RunCommandTest, GivesNoInput) { EXPECT_EQ(run_command({"/bin/cat"}).exit_code, 0); }

TEST(RunCommandTest, EndsACommandThatPrintsForEver) {
  const CommandResult ended = run_command({"/bin/sh", "-c", "while :; do echo yes; done"});
  EXPECT_EQ(ended.exit_code, -1);
  EXPECT_LT(ended.output.size(), 100'000U);
}

TEST(LastLineTest, OfNothingSaysSo) {
  EXPECT_EQ((CommandResult{0, false, ""}).last_line(), "no message");
  EXPECT_EQ((CommandResult{-1, false, "\n"}).last_line(), "it did not end by itself");
  EXPECT_EQ((CommandResult{1, false, "only"}).last_line(), "only");
}

}  // namespace
}  // namespace sandgauge::command_test
