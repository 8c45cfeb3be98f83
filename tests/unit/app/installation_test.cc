#include "app/installation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include "base/temp_dir.h"

namespace sandgauge::installation_test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// Folders of its own, and an environment that is put back.
class InstallationTest : public testing::Test {
 protected:
  void SetUp() override {
    auto dir = TempDir::make();
    ASSERT_TRUE(dir) << dir.error().message;
    dir_.emplace(*std::move(dir));
    root_ = dir_->path();
    for (const char* folder : {"cases", "programs", "path", "files"}) fs::create_directory(root_ / folder);
    installation_ = {(root_ / "cases").string(), (root_ / "programs").string()};
    set("SANDGAUGE_CASES", installation_.cases);
    set("SANDGAUGE_PROGRAMS", installation_.programs);
    set("PATH", (root_ / "path").string());
  }
  void TearDown() override {
    for (const auto& [name, value] : before_) value ? ::setenv(name.c_str(), value->c_str(), 1) : ::unsetenv(name.c_str());
  }

  void set(const std::string& name, const std::string& value) {
    const char* old = std::getenv(name.c_str());
    before_.emplace(name, old != nullptr ? std::optional<std::string>(old) : std::nullopt);
    ::setenv(name.c_str(), value.c_str(), 1);
  }
  std::string make_file(const std::string& name, mode_t mode = 0755) const {
    const fs::path path = root_ / name;
    std::ofstream(path) << "#!/bin/sh\n";
    ::chmod(path.c_str(), mode);
    return path.string();
  }
  Result<std::string> find(const std::string& name) const {
    return find_program(installation_, name, (root_ / "files").string());
  }

  std::optional<TempDir> dir_;
  fs::path root_;
  Installation installation_;
  std::map<std::string, std::optional<std::string>> before_;
};

TEST_F(InstallationTest, TheVariablesNameTheFolders) {
  const auto found = find_installation();
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->cases, installation_.cases);
  EXPECT_EQ(found->programs, installation_.programs);
}

TEST_F(InstallationTest, TheVariableNamesTheLibrarysFolder) {
  set("SANDGAUGE_LIBRARIES", (root_ / "files").string());
  const auto missing = find_preload_library();
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "no such library: " + (root_ / "files/libsandgauge-preload.so").string());
  const std::string library = make_file("files/libsandgauge-preload.so", 0644);
  EXPECT_EQ(find_preload_library().value(), library);
}

TEST_F(InstallationTest, ARelativeFolderIsMadeAbsolute) {
  const fs::path before = fs::current_path();
  fs::current_path(root_);
  set("SANDGAUGE_CASES", "cases");
  const auto found = find_installation();
  fs::current_path(before);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->cases, installation_.cases);
}

TEST_F(InstallationTest, AVariableThatNamesNoFolderIsRefused) {
  set("SANDGAUGE_PROGRAMS", make_file("a-file"));
  const auto found = find_installation();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message,
            "SANDGAUGE_PROGRAMS=" + (root_ / "a-file").string() + ": no such folder of test programs");
}

TEST_F(InstallationTest, AnEmptyVariableMeansTheFolderNearTheBinary) {
  set("SANDGAUGE_CASES", "");
  const auto found = find_installation();
  ASSERT_TRUE(found) << found.error().message;
  const fs::path folder = fs::read_symlink("/proc/self/exe").parent_path();  // tests/ of a build tree
  EXPECT_EQ(found->cases, fs::canonical(folder / "../share/sandgauge"));
}

TEST_F(InstallationTest, AProgramOfOursComesBeforeOneInPath) {
  const std::string ours = make_file("programs/uname");
  make_file("path/uname");
  EXPECT_EQ(*find("uname"), ours);
}

TEST_F(InstallationTest, AnotherNameIsLookedUpInPath) {
  set("PATH", "/nonexistent:" + (root_ / "path").string());
  const std::string in_path = make_file("path/tool");
  EXPECT_EQ(*find("tool"), in_path);
}

TEST_F(InstallationTest, WhatIsNotExecutableOrNotAFileIsPassedOver) {
  make_file("programs/tool", 0644);
  fs::create_directory(root_ / "programs/other");
  const std::string tool = make_file("path/tool");
  const std::string other = make_file("path/other");
  EXPECT_EQ(*find("tool"), tool);
  EXPECT_EQ(*find("other"), other);
}

TEST_F(InstallationTest, ARelativePathIsTakenFromTheFolder) {
  const std::string beside = make_file("files/tool");
  const std::string ours = make_file("programs/tool");
  EXPECT_EQ(*find("./tool"), beside);
  EXPECT_EQ(*find("../programs/tool"), ours);
}

TEST_F(InstallationTest, AnAbsolutePathIsTakenAsItIs) {
  const std::string tool = make_file("path/tool");
  EXPECT_EQ(*find(tool), tool);
}

TEST_F(InstallationTest, ACommandOfTheUsersIsNeverOneOfOurPrograms) {
  make_file("programs/uname");
  const std::string in_path = make_file("path/uname");
  EXPECT_EQ(*find_command("uname"), in_path);
  EXPECT_EQ(*find_command(in_path), in_path);
  EXPECT_EQ(find_command("tool").error().message, "no such program: tool (not in PATH)");
}

TEST_F(InstallationTest, AMissingProgramIsNamed) {
  EXPECT_EQ(find("tool").error().message, "no such program: tool (not in PATH)");
  EXPECT_EQ(find("./tool").error().message, "no such program: " + (root_ / "files/tool").string());
  EXPECT_EQ(find("/nonexistent/tool").error().message, "no such program: /nonexistent/tool");
  EXPECT_THAT(find("").error().message, HasSubstr("no such program"));
}

}  // namespace
}  // namespace sandgauge::installation_test
