#include "probe/uring_call.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>

#include "base/temp_dir.h"

namespace sandgauge::uring_call_test {
namespace {

std::uint64_t word(const std::string& text) { return reinterpret_cast<std::uintptr_t>(text.c_str()); }

TEST(UringCallTest, MakesADirectoryOnce) {
  const auto folder = TempDir::make();
  ASSERT_TRUE(folder);
  const std::string path = folder->path() + "/new";
  const Call call{.number = SYS_mkdirat, .args = {static_cast<std::uint64_t>(AT_FDCWD), word(path), 0755}};
  const std::int64_t result = uring_call(call);
  if (result == -ENOSYS || result == -EPERM) GTEST_SKIP() << "this machine has no io_uring";
  EXPECT_EQ(result, 0);
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(uring_call(call), -EEXIST);
}

TEST(UringCallTest, WhatHasNoOperationIsRefused) { EXPECT_EQ(uring_call({.number = SYS_getppid}), -EOPNOTSUPP); }

}  // namespace
}  // namespace sandgauge::uring_call_test
