#include "confine/landlock_rules.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <functional>

#include "base/temp_dir.h"

namespace sandgauge::landlock_rules_test {
namespace {

/// The errno of `work` in a child that is confined, 0 if it succeeds, -1 if it cannot be confined.
int errno_under(const LandlockDenial& denial, const std::function<bool()>& work) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (denial.apply().failed_step != nullptr) ::_exit(255);
    ::_exit(work() ? 0 : errno);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
  return code == 255 ? -1 : code;
}

TEST(LandlockRulesTest, DeniesBelowOnePathAndBesideIt) {
  const int abi = landlock_abi();
  if (abi < 1) GTEST_SKIP() << "this kernel has no Landlock";
  const auto folder = TempDir::make();
  ASSERT_TRUE(folder);
  const std::string in = folder->path() + "/in";
  const std::string out = folder->path() + "/out";
  std::filesystem::create_directory(in);
  std::filesystem::create_directory(out);
  const auto denial = LandlockDenial::make({.deny = {"make_dir"}, .below = in, .ports = {}}, abi);
  ASSERT_TRUE(denial) << denial.error().message;
  const auto make = [](const std::string& path) { return [path] { return ::mkdir(path.c_str(), 0755) == 0; }; };
  EXPECT_EQ(errno_under(*denial, make(in + "/new")), EACCES);
  EXPECT_EQ(errno_under(*denial, make(out + "/new")), 0);
  EXPECT_EQ(errno_under(*denial, make(folder->path() + "/new")), EACCES);
}

TEST(LandlockRulesTest, AnotherNameOfTheDeniedFileIsNotGranted) {
  const int abi = landlock_abi();
  if (abi < 1) GTEST_SKIP() << "this kernel has no Landlock";
  const auto folder = TempDir::make();
  ASSERT_TRUE(folder);
  const std::string secret = folder->path() + "/secret";
  const std::string other = folder->path() + "/other";
  for (const std::string& path : {secret, other}) ::close(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
  ASSERT_EQ(::link(secret.c_str(), (folder->path() + "/hard").c_str()), 0);
  const auto denial = LandlockDenial::make({.deny = {"read_file"}, .below = secret, .ports = {}}, abi);
  ASSERT_TRUE(denial) << denial.error().message;
  const auto read = [](const std::string& path) {
    return [path] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC) >= 0; };
  };
  EXPECT_EQ(errno_under(*denial, read(secret)), EACCES);
  EXPECT_EQ(errno_under(*denial, read(folder->path() + "/hard")), EACCES);
  EXPECT_EQ(errno_under(*denial, read(other)), 0);
}

TEST(LandlockRulesTest, RefusesWhatTheKernelDoesNotHave) {
  const auto none = LandlockDenial::make({.deny = {"make_dir"}, .below = {}, .ports = {}}, 0);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, "this kernel has no Landlock, or it is disabled");
  const auto old = LandlockDenial::make({.deny = {"connect_tcp"}, .below = {}, .ports = {}}, 2);
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().message, "Landlock has connect_tcp since ABI 4, and this kernel has ABI 2");
  EXPECT_FALSE(LandlockDenial::make({.deny = {"fly"}, .below = {}, .ports = {}}, 4));
}

}  // namespace
}  // namespace sandgauge::landlock_rules_test
