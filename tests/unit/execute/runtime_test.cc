#include "execute/runtime.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "base/temp_dir.h"
#include "base/unique_fd.h"
#include "execute/execute.h"

namespace sandgauge::runtime_test {
namespace {

/// Stands in for a container runtime: `create` leaves a process behind that waits for `start`, and runs `program` then.
constexpr char kRuntime[] = R"(#!/bin/sh
log=$2 command=$3 here=$(dirname "$0")
case $command in
  create)
    [ -e "$here/hang" ] && exec /bin/sleep 1000
    [ -e "$here/refuse" ] && { echo 'time="x" level=error msg="no such thing"' >"$log"; exit 1; }
    sh -c 'read line <"'"$here"'/go"; . "'"$here"'/program"' &
    echo $! >"$7" ;;
  start) echo >"$here/go" ;;
  delete) sleep 0.1; echo "$4" >"$here/deleted" ;;
esac
)";

class RuntimeTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(prepare_executor());
    auto dir = TempDir::make();
    ASSERT_TRUE(dir);
    dir_.emplace(*std::move(dir));
    std::ofstream(path("runtime")) << kRuntime;
    ::chmod(path("runtime").c_str(), 0755);
    ::mkfifo(path("go").c_str(), 0600);
  }
  [[nodiscard]] std::string path(const std::string& name) const { return dir_->path() + "/" + name; }
  Outcome run(const std::string& program, int interrupt_fd = -1,
              std::chrono::milliseconds timeout = std::chrono::seconds(60)) {
    std::ofstream(path("program")) << program << "\n";
    return execute_in_runtime({.runtime = {path("runtime")},
                               .bundle = "b",
                               .id = "id",
                               .scratch = dir_->path(),
                               .timeout = timeout,
                               .interrupt_fd = interrupt_fd});
  }

  std::optional<TempDir> dir_;
};

TEST_F(RuntimeTest, TheProgramsOutputAndExitCodeAreTheContainers) {
  const Outcome outcome = run("echo out; echo err >&2; exit 7");
  ASSERT_FALSE(outcome.setup) << outcome.setup->step;
  EXPECT_EQ(outcome.end.kind, End::Kind::exited);
  EXPECT_EQ(outcome.end.exit_code, 7);
  EXPECT_EQ(outcome.out, "out\n");
  EXPECT_EQ(outcome.err, "err\n");
}

TEST_F(RuntimeTest, ARuntimeMaySeeControlGroupsOfVersion1Only) {
  constexpr const char* kBoth = "/sys/fs/cgroup/unified/cgroup.controllers";
  if (::geteuid() != 0 || ::access(kBoth, R_OK) != 0) GTEST_SKIP() << "no root, or no control groups of both versions";
  std::ofstream(path("program")) << "test -e " << kBoth << "\n";
  RuntimeRequest request{.runtime = {path("runtime")}, .bundle = "b", .id = "id", .scratch = dir_->path()};
  EXPECT_EQ(execute_in_runtime(request).end.exit_code, 0);
  request.hide_second_cgroups = true;
  EXPECT_EQ(execute_in_runtime(request).end.exit_code, 1);
  EXPECT_EQ(::access(kBoth, R_OK), 0);
}

TEST_F(RuntimeTest, ADeathBySignalIsNoExitCode) {
  const Outcome outcome = run("kill -SYS $$");
  ASSERT_FALSE(outcome.setup) << outcome.setup->step;
  EXPECT_EQ(outcome.end.kind, End::Kind::signaled);
  EXPECT_EQ(outcome.end.signal, SIGSYS);
}

TEST_F(RuntimeTest, AnInterruptEndsTheContainer) {
  ::mkfifo(path("interrupt").c_str(), 0600);
  const UniqueFd interrupt(::open(path("interrupt").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const Outcome outcome = run("echo >" + path("interrupt") + "; exec /bin/sleep 1000", interrupt.get());
  ASSERT_FALSE(outcome.setup) << outcome.setup->step;
  EXPECT_EQ(outcome.end.kind, End::Kind::interrupted);
}

TEST_F(RuntimeTest, AnInterruptBeforeTheContainerIsThereLetsTheRuntimeFinishWhatItHasBegun) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd interrupt(ends[0]);
  const UniqueFd writer(ends[1]);
  ASSERT_EQ(::write(writer.get(), "!", 1), 1);
  const Outcome outcome = run("exec /bin/sleep 1000", interrupt.get());
  ASSERT_FALSE(outcome.setup) << outcome.setup->step;
  EXPECT_EQ(outcome.end.kind, End::Kind::interrupted);
  EXPECT_TRUE(std::ifstream(path("deleted")).good());
}

TEST_F(RuntimeTest, ARuntimeThatHangsIsEndedAndStillDeletes) {
  std::ofstream(path("hang")) << "";
  const Outcome outcome = run("exit 0", -1, std::chrono::milliseconds(50));
  ASSERT_TRUE(outcome.setup);
  EXPECT_EQ(outcome.setup->step, path("runtime") + " create: it did not end in time");
  EXPECT_TRUE(std::ifstream(path("deleted")).good());
}

TEST_F(RuntimeTest, ARefusalIsInTheRuntimesOwnWords) {
  std::ofstream(path("refuse")) << "";
  const Outcome outcome = run("exit 0");
  ASSERT_TRUE(outcome.setup);
  EXPECT_EQ(outcome.setup->step, path("runtime") + " create: no such thing");
}

TEST_F(RuntimeTest, TheContainerIsDeletedInAnyCase) {
  std::ofstream(path("refuse")) << "";
  (void)run("exit 0");
  EXPECT_TRUE(std::ifstream(path("deleted")).good());
}

}  // namespace
}  // namespace sandgauge::runtime_test
