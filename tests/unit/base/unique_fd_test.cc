#include "base/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <utility>

namespace sandgauge::unique_fd_test {
namespace {

int open_null() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

TEST(UniqueFdTest, OwnsNothingByDefaultOrAfterAFailedOpen) {
  EXPECT_FALSE(UniqueFd());
  EXPECT_EQ(UniqueFd().get(), -1);
  EXPECT_FALSE(UniqueFd(-1));
}

TEST(UniqueFdTest, DescriptorZeroIsOwned) {
  const UniqueFd input(::dup(0));
  const UniqueFd null(open_null());
  ASSERT_EQ(::dup2(null.get(), 0), 0);
  {
    const UniqueFd zero(0);
    EXPECT_TRUE(zero);
  }
  EXPECT_FALSE(is_open(0));
  ::dup2(input.get(), 0);
}

TEST(UniqueFdTest, ClosesWhenItGoes) {
  const int fd = open_null();
  { const UniqueFd owner(fd); }
  EXPECT_FALSE(is_open(fd));
}

TEST(UniqueFdTest, AReleasedDescriptorStaysOpen) {
  int fd = -1;
  {
    UniqueFd owner(open_null());
    fd = owner.release();
    EXPECT_FALSE(owner);
  }
  EXPECT_TRUE(is_open(fd));
  ::close(fd);
}

TEST(UniqueFdTest, ResetClosesTheOldAndTakesTheNew) {
  const int first = open_null();
  const int second = open_null();
  UniqueFd owner(first);
  owner.reset(second);
  EXPECT_FALSE(is_open(first));
  EXPECT_EQ(owner.get(), second);
  owner.reset();
  EXPECT_FALSE(is_open(second));
  EXPECT_FALSE(owner);
}

TEST(UniqueFdTest, AMoveLeavesOneOwner) {
  const int fd = open_null();
  UniqueFd first(fd);
  UniqueFd second(std::move(first));
  EXPECT_FALSE(first);
  EXPECT_EQ(second.get(), fd);
}

TEST(UniqueFdTest, MoveAssignmentClosesTheTarget) {
  const int old = open_null();
  const int fd = open_null();
  UniqueFd target(old);
  UniqueFd source(fd);
  target = std::move(source);
  EXPECT_FALSE(is_open(old));
  EXPECT_FALSE(source);
  EXPECT_EQ(target.get(), fd);
}

TEST(UniqueFdTest, MoveAssignmentToItselfKeepsTheDescriptor) {
  const int fd = open_null();
  UniqueFd owner(fd);
  UniqueFd& same = owner;
  owner = std::move(same);
  EXPECT_EQ(owner.get(), fd);
  EXPECT_TRUE(is_open(fd));
}

}  // namespace
}  // namespace sandgauge::unique_fd_test
