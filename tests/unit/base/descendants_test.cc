#include "base/descendants.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <thread>
#include <utility>

#include "base/unique_fd.h"

namespace sandgauge::descendants_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Knows by a pipe whether children are alive: its reader sees the end when the last writer is gone.
class DescendantsTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reader_.reset(ends[0]);
    writer_.reset(ends[1]);
  }
  void TearDown() override {
    (void)end_descendants(seconds(10));
    ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
  }

  /// Says in the child that it is there, then waits for ever.
  [[noreturn]] void linger() const {
    if (::write(writer_.get(), "x", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  pid_t lingering_child() {
    const pid_t child = ::fork();
    if (child == 0) linger();
    await(1);
    return child;
  }
  /// Until so many more processes have said that they are there.
  void await(int processes) {
    char byte = 0;
    for (; processes > 0; --processes) ASSERT_EQ(::read(reader_.get(), &byte, 1), 1);
  }
  bool all_lingerers_are_gone() {
    writer_.reset();
    char byte = 0;
    ::fcntl(reader_.get(), F_SETFL, O_NONBLOCK);
    return ::read(reader_.get(), &byte, 1) == 0;
  }
  static bool has_children() { return ::waitpid(-1, nullptr, __WALL | WNOHANG) != -1 || errno != ECHILD; }
  static bool is_running(pid_t child) { return ::waitpid(child, nullptr, WNOHANG) == 0; }

  UniqueFd reader_;
  UniqueFd writer_;
};

TEST_F(DescendantsTest, WithoutChildrenNothingIsEnded) {
  const auto ended = end_descendants(milliseconds(0));
  ASSERT_TRUE(ended);
  EXPECT_EQ(*ended, 0U);
}

TEST_F(DescendantsTest, RunningChildrenAreKilledReapedAndCounted) {
  lingering_child();
  lingering_child();
  const auto ended = end_descendants(seconds(10));
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(*ended, 2U);
  EXPECT_FALSE(has_children());
  EXPECT_TRUE(all_lingerers_are_gone());
}

TEST_F(DescendantsTest, AChildThatHasEndedIsReapedButNotCounted) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  const auto ended = end_descendants(seconds(10));
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(*ended, 0U);
  EXPECT_FALSE(has_children());
}

TEST_F(DescendantsTest, AGrandchildThatDaemonizedIsEnded) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::setsid();
    if (::fork() == 0) {
      ::signal(SIGTERM, SIG_IGN);
      linger();
    }
    ::_exit(0);
  }
  await(1);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  const auto ended = end_descendants(seconds(10));
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(*ended, 1U);
  EXPECT_TRUE(all_lingerers_are_gone());
}

TEST_F(DescendantsTest, GrandchildrenOfAChildThatRunsAreEndedAfterIt) {
  if (::fork() == 0) {
    if (::fork() == 0) {
      if (::fork() == 0) linger();
      linger();
    }
    linger();
  }
  await(3);
  const auto ended = end_descendants(seconds(10));
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(*ended, 3U);
  EXPECT_FALSE(has_children());
  EXPECT_TRUE(all_lingerers_are_gone());
}

TEST_F(DescendantsTest, AStoppedChildIsEnded) {
  const pid_t child = lingering_child();
  ::kill(child, SIGSTOP);
  ASSERT_EQ(::waitpid(child, nullptr, WUNTRACED), child);
  const auto ended = end_descendants(seconds(10));
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(*ended, 1U);
}

TEST_F(DescendantsTest, AChildWhoseNameHasAParenthesisIsFound) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_NAME, ") S 1 (");
    linger();
  }
  await(1);
  const auto ended = end_descendants(seconds(10));
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(*ended, 1U);
}

TEST_F(DescendantsTest, AChildThatSendsNoSignalAtItsEndIsEnded) {
  if (::syscall(SYS_clone, 0, nullptr, nullptr, nullptr, 0) == 0) linger();
  await(1);
  const auto ended = end_descendants(seconds(10));
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(*ended, 1U);
  EXPECT_FALSE(has_children());
}

TEST_F(DescendantsTest, AChildOfAnotherThreadIsEnded) {
  std::atomic<bool> done = false;
  std::thread other([&] {
    if (::fork() == 0) linger();
    done.wait(false);
  });
  await(1);
  const auto ended = end_descendants(seconds(10));
  done = true;
  done.notify_one();
  other.join();
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(*ended, 1U);
}

TEST_F(DescendantsTest, TheKeptAreLeftAlone) {
  const pid_t kept = lingering_child();
  const pid_t also_kept = lingering_child();
  const pid_t other = lingering_child();
  const pid_t keep[] = {kept, also_kept};
  const auto ended = end_descendants(seconds(10), keep);
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(*ended, 1U);
  EXPECT_TRUE(is_running(kept));
  EXPECT_TRUE(is_running(also_kept));
  EXPECT_EQ(::kill(other, 0), -1);
}

TEST_F(DescendantsTest, ChildrenOfTheKeptAreLeftAlone) {
  const pid_t kept = ::fork();
  if (kept == 0) {
    if (::fork() == 0) linger();
    linger();
  }
  await(2);
  const auto ended = end_descendants(seconds(10), std::span(&kept, 1));
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(*ended, 0U);
  ASSERT_TRUE(is_running(kept));
  const auto rest = end_descendants(seconds(10));
  ASSERT_TRUE(rest) << rest.error().message;
  EXPECT_EQ(*rest, 2U);
}

TEST_F(DescendantsTest, AKeptChildThatHasEndedIsReaped) {
  const pid_t kept = ::fork();
  if (kept == 0) ::_exit(0);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(kept), &info, WEXITED | WNOWAIT), 0);
  ASSERT_TRUE(end_descendants(seconds(10), std::span(&kept, 1)));
  EXPECT_FALSE(has_children());
}

TEST_F(DescendantsTest, FailsWhenSomeAreLeftAtTheDeadline) {
  lingering_child();
  const auto ended = end_descendants(milliseconds(0));
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().message, "some child processes are still there 0 ms after SIGKILL");
}

TEST_F(DescendantsTest, APidNamespaceIsEndedThoughItsFirstProcessWaitsForTheOthers) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) ::_exit(1);
    for (int i = 0; i < 3; ++i)
      if (::fork() == 0) linger();
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  if (WEXITSTATUS(status) != 0) GTEST_SKIP() << "this machine gives no user namespace";
  await(3);
  const auto ended = end_descendants(seconds(30));
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_TRUE(all_lingerers_are_gone());
}

}  // namespace
}  // namespace sandgauge::descendants_test
