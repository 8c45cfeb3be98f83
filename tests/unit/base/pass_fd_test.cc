#include "base/pass_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/unique_fd.h"

namespace sandgauge::pass_fd_test {
namespace {

class PassFdTest : public ::testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    near_.reset(ends[0]);
    far_.reset(ends[1]);
  }
  UniqueFd near_;
  UniqueFd far_;
};

TEST_F(PassFdTest, TheOtherEndGetsTheSameFile) {
  const UniqueFd sent(::open("/dev/null", O_RDONLY));
  ASSERT_EQ(send_fd(near_.get(), sent.get()), 0);
  const UniqueFd got(receive_fd(far_.get()));
  ASSERT_GE(got.get(), 0);
  EXPECT_NE(got.get(), sent.get());
  struct stat before {};
  struct stat after {};
  ASSERT_EQ(::fstat(sent.get(), &before), 0);
  ASSERT_EQ(::fstat(got.get(), &after), 0);
  EXPECT_EQ(before.st_rdev, after.st_rdev);
  EXPECT_EQ(::fcntl(got.get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(PassFdTest, SaysWhatDidNotArrive) {
  EXPECT_EQ(receive_fd(far_.get(), MSG_DONTWAIT), -EAGAIN);
  ASSERT_EQ(::write(near_.get(), "x", 1), 1);
  EXPECT_EQ(receive_fd(far_.get()), -EACCES);
  near_.reset();
  EXPECT_EQ(receive_fd(far_.get()), -EPIPE);
  EXPECT_EQ(send_fd(far_.get(), 0), -EPIPE);
  EXPECT_EQ(send_fd(-1, 0), -EBADF);
}

}  // namespace
}  // namespace sandgauge::pass_fd_test
