#include "base/temp_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

namespace sandgauge::temp_dir_test {
namespace {

namespace fs = std::filesystem;

void write_file(const fs::path& path) { std::ofstream(path) << "text"; }

class TempDirTest : public testing::Test {
 protected:
  void SetUp() override {
    auto dir = TempDir::make();
    ASSERT_TRUE(dir) << dir.error().message;
    dir_.emplace(*std::move(dir));
  }
  std::optional<TempDir> dir_;
};

TEST_F(TempDirTest, CanBeMadeInAFolder) {
  const auto inner = TempDir::make_in(dir_->path());
  ASSERT_TRUE(inner) << inner.error().message;
  EXPECT_TRUE(inner->path().starts_with(dir_->path() + "/sandgauge."));
  EXPECT_FALSE(TempDir::make_in(dir_->path() + "/none"));
}

TEST_F(TempDirTest, IsNewEmptyAndTheOwnersAlone) {
  const auto second = TempDir::make();
  ASSERT_TRUE(second);
  EXPECT_NE(second->path(), dir_->path());
  EXPECT_TRUE(fs::is_empty(dir_->path()));
  EXPECT_EQ(fs::status(dir_->path()).permissions(), fs::perms::owner_all);
}

TEST_F(TempDirTest, IsRemovedWithAllThatIsInIt) {
  const std::string path = dir_->path();
  fs::create_directories(fs::path(path) / "a/b");
  write_file(fs::path(path) / "a/b/file");
  dir_.reset();
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(TempDirTest, ClearRemovesTheContentsOnly) {
  const fs::path path = dir_->path();
  fs::create_directories(path / "a/b");
  write_file(path / "a/b/file");
  write_file(path / ".hidden");
  dir_->clear();
  EXPECT_TRUE(fs::is_empty(path));
}

TEST_F(TempDirTest, ClearDoesNotFollowLinks) {
  const auto elsewhere = TempDir::make();
  ASSERT_TRUE(elsewhere);
  write_file(fs::path(elsewhere->path()) / "file");
  ::chmod(elsewhere->path().c_str(), 0750);
  fs::create_directory_symlink(elsewhere->path(), fs::path(dir_->path()) / "link");
  dir_->clear();
  EXPECT_TRUE(fs::is_empty(dir_->path()));
  EXPECT_TRUE(fs::exists(fs::path(elsewhere->path()) / "file"));
  EXPECT_EQ(fs::status(elsewhere->path()).permissions(), fs::perms(0750));
}

TEST_F(TempDirTest, ClearMakesTheDirectoryAgainIfItWasRemoved) {
  fs::remove(dir_->path());
  dir_->clear();
  EXPECT_TRUE(fs::is_directory(dir_->path()));
}

/// As an ordinary user, for root can remove anything. 0: all is well.
int make_and_clear_folders_without_permissions() {
  if (::getuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return 2;
  ::unsetenv("TMPDIR");  // it may be root's alone
  const auto dir = TempDir::make();
  if (!dir) return 3;
  const fs::path path = dir->path();
  fs::create_directories(path / "a/b/c");
  write_file(path / "a/b/c/file");
  for (const char* folder : {"a/b/c", "a/b", "a", "."}) ::chmod((path / folder).c_str(), 0);
  dir->clear();
  return fs::is_empty(path) ? 0 : 1;
}

TEST(TempDirOfAUserTest, FoldersWithoutPermissionsAreRemovedToo) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(make_and_clear_folders_without_permissions());
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(TempDirTest, AMoveLeavesOneOwner) {
  const std::string path = dir_->path();
  {
    const TempDir owner = *std::move(dir_);
    dir_.reset();
    EXPECT_TRUE(fs::exists(path));
    EXPECT_EQ(owner.path(), path);
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(TempDirTest, AnAdoptedDirectoryIsRemovedByItsNewOwner) {
  const std::string path = dir_->path();
  { const TempDir adopted = TempDir::adopt(path); }
  EXPECT_FALSE(fs::exists(path));
}

class TempDirVariableTest : public testing::Test {
 protected:
  void TearDown() override { before_ ? ::setenv("TMPDIR", before_->c_str(), 1) : ::unsetenv("TMPDIR"); }
  static std::optional<std::string> variable() {
    const char* value = std::getenv("TMPDIR");
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
  }
  const std::optional<std::string> before_ = variable();
};

TEST_F(TempDirVariableTest, TmpdirSaysWhere) {
  const auto parent = TempDir::make();
  ASSERT_TRUE(parent);
  ::setenv("TMPDIR", parent->path().c_str(), 1);
  const auto inner = TempDir::make();
  ASSERT_TRUE(inner);
  EXPECT_EQ(fs::path(inner->path()).parent_path(), parent->path());
}

TEST_F(TempDirVariableTest, AnEmptyTmpdirMeansTmp) {
  ::setenv("TMPDIR", "", 1);
  const auto dir = TempDir::make();
  ASSERT_TRUE(dir);
  EXPECT_EQ(fs::path(dir->path()).parent_path(), "/tmp");
}

TEST_F(TempDirVariableTest, AFailureNamesTheDirectory) {
  ::setenv("TMPDIR", "/nonexistent", 1);
  const auto dir = TempDir::make();
  ASSERT_FALSE(dir);
  EXPECT_TRUE(dir.error().message.starts_with("cannot make a directory /nonexistent/sandgauge."));
  EXPECT_TRUE(dir.error().message.ends_with(": ENOENT (No such file or directory)"));
}

}  // namespace
}  // namespace sandgauge::temp_dir_test
