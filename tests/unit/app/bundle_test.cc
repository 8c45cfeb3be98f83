#include "app/bundle.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/temp_dir.h"

namespace sandgauge::bundle_test {
namespace {

using nlohmann::json;

Case denying_uname() {
  Case test;
  test.policy.rules = {{.syscalls = {"uname"}, .action = errno_action(ENOSYS), .when = {}}};
  return test;
}

TEST(BundleTest, APolicyBecomesARuntimesProfile) {
  const auto text = seccomp_of(denying_uname());
  ASSERT_TRUE(text) << text.error().message;
  const json profile = json::parse(*text);
  EXPECT_EQ(profile["defaultAction"], "SCMP_ACT_ALLOW");
  EXPECT_EQ(profile["syscalls"][0]["errnoRet"], ENOSYS);
  EXPECT_FALSE(profile.contains("flags"));
}

TEST(BundleTest, AProfilesFileIsTakenAsItIs) {
  const auto dir = TempDir::make();
  ASSERT_TRUE(dir);
  Case test = denying_uname();
  test.oci_profile = dir->path() + "/p.json";
  std::ofstream(test.oci_profile)
      << R"({"defaultAction": "SCMP_ACT_LOG", "odd": [1], "flags": ["SECCOMP_FILTER_FLAG_LOG"]})";
  EXPECT_EQ(seccomp_of(test).value(), R"({"defaultAction":"SCMP_ACT_LOG","odd":[1],"flags":["SECCOMP_FILTER_FLAG_LOG"]})");
  std::ofstream(test.oci_profile) << "[";
  EXPECT_FALSE(seccomp_of(test));
}

TEST(BundleTest, KeysThatOnlyDockerKnowsAreResolvedAsItDoes) {
  const auto dir = TempDir::make();
  ASSERT_TRUE(dir);
  Case test = denying_uname();
  test.oci_profile = dir->path() + "/p.json";
  std::ofstream(test.oci_profile) << R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"name": "uname"}]})";
  EXPECT_EQ(json::parse(seccomp_of(test).value())["syscalls"][0]["names"], json::parse(R"(["uname"])"));
}

TEST(BundleTest, WhatNoProfileCanSayIsAnError) {
  Case test = denying_uname();
  test.policy.rules[0].action = {ActionKind::trap, 7};
  const auto text = seccomp_of(test);
  ASSERT_FALSE(text);
  EXPECT_TRUE(text.error().message.starts_with("a container runtime's profile cannot say: ")) << text.error().message;
}

TEST(BundleTest, TheContainerSeesTheMachineReadOnlyAndItsOwnFolder) {
  const auto dir = TempDir::make();
  ASSERT_TRUE(dir);
  ExecuteRequest request;
  request.program = {"/bin/mkdir", "teste"};
  request.environment = {"A=1"};
  request.working_directory = "/tmp/work";
  const auto made = make_bundle(dir->path(), request, R"({"defaultAction":"SCMP_ACT_ALLOW"})");
  ASSERT_TRUE(made) << made.error().message;
  std::ifstream file(dir->path() + "/config.json");
  const json config = json::parse(file);
  EXPECT_EQ(config["process"]["args"], json(request.program));
  EXPECT_EQ(config["process"]["cwd"], "/tmp/work");
  EXPECT_EQ(config["process"]["rlimits"][0]["hard"], 0);
  EXPECT_EQ(config["linux"]["namespaces"], json::parse(R"([{"type": "mount"}])"));
  EXPECT_EQ(config["linux"]["seccomp"]["defaultAction"], "SCMP_ACT_ALLOW");
  const json& mounts = config["mounts"];
  for (const json& mount : mounts) {
    if (mount["destination"] == "/usr") {
      EXPECT_EQ(mount["options"][1], "ro");
    }
  }
  EXPECT_EQ(mounts.back()["destination"], "/tmp/work");
  EXPECT_EQ(mounts.back()["options"][1], "rw");
}

TEST(BundleTest, TheRootIsNoWorkingFolderOfTheContainersOwn) {
  const auto dir = TempDir::make();
  ASSERT_TRUE(dir);
  ExecuteRequest request;
  request.program = {"/bin/true"};
  request.working_directory = "/";
  ASSERT_TRUE(make_bundle(dir->path(), request, "{}"));
  std::ifstream file(dir->path() + "/config.json");
  const json config = json::parse(file);
  for (const json& mount : config["mounts"]) EXPECT_NE(mount["destination"], "/");
}

}  // namespace
}  // namespace sandgauge::bundle_test
