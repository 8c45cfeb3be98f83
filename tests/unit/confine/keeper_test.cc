#include "confine/keeper.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <functional>

#include "base/temp_dir.h"

namespace sandgauge::keeper_test {
namespace {

/// What is undone is a line in a FIFO; the test waits for lines.
class KeeperTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(folder_);
    path_ = folder_->path() + "/undone";
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    fifo_.reset(::open(path_.c_str(), O_RDWR | O_CLOEXEC));  // there is always a writer: a reader is not told of an end
    ASSERT_EQ(::pipe2(ends_, O_CLOEXEC), 0);
  }
  void TearDown() override {
    for (const int end : ends_) ::close(end);
  }

  /// A process that does `work` and then waits to be killed.
  pid_t start_owner(const std::function<void()>& work) {
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    work();
    tell_test('w');
    while (true) ::pause();
  }
  void tell_test(char byte) const { EXPECT_EQ(::write(ends_[1], &byte, 1), 1); }
  char hear() const {
    char byte = 0;
    EXPECT_EQ(::read(ends_[0], &byte, 1), 1);
    return byte;
  }
  static void kill_and_reap(pid_t pid) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  /// The next `length` bytes that were written, or what there is after a minute.
  [[nodiscard]] std::string read_undone(std::size_t length) const {
    std::string text;
    pollfd readable{.fd = fifo_.get(), .events = POLLIN, .revents = 0};
    char byte = 0;
    while (text.size() < length && ::poll(&readable, 1, 60'000) > 0 && ::read(fifo_.get(), &byte, 1) == 1) text += byte;
    return text;
  }

  Result<TempDir> folder_ = TempDir::make();
  std::string path_;
  UniqueFd fifo_;
  int ends_[2]{};
};

TEST_F(KeeperTest, WhatAKilledOwnerLeavesIsUndone) {
  const pid_t owner = start_owner([this] {
    static auto keeper = Keeper::start(path_, "undone");
    if (!keeper) ::_exit(1);
  });
  hear();
  kill_and_reap(owner);
  EXPECT_EQ(read_undone(6), "undone");
}

TEST_F(KeeperTest, AProgramThatOutlivesTheOwnerIsWaitedFor) {
  int release[2];
  ASSERT_EQ(::pipe2(release, 0), 0);
  const pid_t owner = start_owner([this, &release] {
    static auto keeper = Keeper::start(path_, "undone");
    if (!keeper) ::_exit(1);
    if (::fork() != 0) return;
    ::close(release[1]);
    char byte = 0;
    static_cast<void>(!::read(release[0], &byte, 1));
    write_to(path_.c_str(), "done ");
    ::_exit(0);
  });
  hear();
  ::close(release[0]);
  kill_and_reap(owner);
  ::close(release[1]);
  EXPECT_EQ(read_undone(11), "done undone");
}

TEST_F(KeeperTest, ADismissedOneWritesNothing) {
  auto keeper = Keeper::start(path_, "undone");
  ASSERT_TRUE(keeper);
  EXPECT_TRUE(keeper->is_there());
  keeper->dismiss();
  EXPECT_FALSE(keeper->is_there());
  ASSERT_TRUE(write_to(path_.c_str(), "after"));
  EXPECT_EQ(read_undone(5), "after");
}

TEST_F(KeeperTest, ItIsMovedWithItsProcess) {
  auto first = Keeper::start(path_, "undone");
  ASSERT_TRUE(first);
  Keeper second = std::move(*first);
  EXPECT_FALSE(first->is_there());
  EXPECT_TRUE(second.is_there());
}

}  // namespace
}  // namespace sandgauge::keeper_test
