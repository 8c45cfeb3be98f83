#include "lab/tool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

namespace sandgauge::tool_test {
namespace {

using testing::HasSubstr;

class ToolTest : public testing::Test {
 protected:
  Result<ToolRun> shell(const std::string& script, ToolOptions options = {}) {
    return run_tool({"sh", "-c", script}, options, *interrupts_);
  }
  Result<Interrupts> interrupts_ = Interrupts::hold();
};

TEST_F(ToolTest, OutputAndExitCodeAreTaken) {
  const auto run = shell("echo out; echo err >&2; exit 3");
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->out, "out\n");
  EXPECT_EQ(run->err, "err\n");
  EXPECT_EQ(run->exit, 3);
  EXPECT_EQ(complaint_of(*run), "err");
}

TEST_F(ToolTest, MuchOutputOnBothStreamsDoesNotBlock) {
  const auto run = shell("head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2");
  ASSERT_TRUE(run);
  EXPECT_EQ(run->out.size(), 3'000'000u);
  EXPECT_EQ(run->err.size(), 3'000'000u);
}

TEST_F(ToolTest, ADeathBySignalIsACode) { EXPECT_EQ(shell("kill -9 $$")->exit, 128 + SIGKILL); }

TEST_F(ToolTest, AMissingProgramIsNamed) {
  const auto run =
      run_tool({"/no-such-folder/tool"}, {}, *interrupts_);  // not looked for in PATH: a closed folder there is EACCES
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().message, "cannot start /no-such-folder/tool: ENOENT (No such file or directory)");
}

TEST_F(ToolTest, AToolThatDoesNotEndIsKilled) {
  const auto run = shell("sleep 1000", {.timeout = std::chrono::milliseconds(50)});
  ASSERT_FALSE(run);
  EXPECT_THAT(run.error().message, HasSubstr("did not end"));
}

TEST_F(ToolTest, AnInterruptEndsIt) {
  raise(SIGTERM);  // held: pending
  const auto run = shell("sleep 1000");
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().message, "interrupted by SIGTERM");
}

TEST_F(ToolTest, FolderAndEnvironmentAreTheTools) {
  const auto run = shell("pwd; echo $LAB_TEST; cat", {.folder = "/usr", .environment = {"LAB_TEST=yes"}});
  ASSERT_TRUE(run);
  EXPECT_EQ(run->out, "/usr\nyes\n");
}

TEST_F(ToolTest, ATerminalsInterruptReachesUsAndNotTheTool) {
  const auto run = shell("ps -o pgid= -p $$; echo $$");
  ASSERT_TRUE(run);
  EXPECT_EQ(std::stoi(run->out), std::stoi(run->out.substr(run->out.find('\n'))));
}

TEST(ComplaintTest, LinesBecomeOneAndALongTextIsCut) {
  EXPECT_EQ(complaint_of({.exit = 1, .out = {}, .err = "E: a\nE: b\n"}), "E: a; E: b");
  EXPECT_EQ(complaint_of({.exit = 100, .out = {}, .err = {}}), "exit code 100");
  EXPECT_LT(complaint_of({.exit = 1, .out = {}, .err = std::string(10'000, 'x')}).size(), 700u);
}

}  // namespace
}  // namespace sandgauge::tool_test
