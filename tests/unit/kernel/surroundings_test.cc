#include "kernel/surroundings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandgauge::surroundings_test {
namespace {

using testing::HasSubstr;

TEST(CgroupVersionTest, TellsTheVersionsByTheirLines) {
  EXPECT_EQ(*cgroup_version("0::/user.slice/x\n"), "v2");
  EXPECT_EQ(*cgroup_version("4:memory:/\n1:name=systemd:/\n"), "v1");
  EXPECT_EQ(*cgroup_version("4:memory:/a:b\n0::/\n"), "hybrid");
  EXPECT_EQ(*cgroup_version(""), "none");
  EXPECT_EQ(*cgroup_version("10::/\n"), "v1");
}

TEST(CgroupVersionTest, RefusesALineWithoutTwoColons) {
  for (const char* bad : {"0:", "x", "0:/", "4:memory:/\nhello\n"}) {
    const auto version = cgroup_version(bad);
    ASSERT_FALSE(version) << bad;
    EXPECT_THAT(version.error().message, HasSubstr("number:name:path"));
  }
}

TEST(HypervisorTest, IsPrintableText) {
  for (const char letter : hypervisor()) EXPECT_TRUE(letter > ' ' && letter <= '~');
}

}  // namespace
}  // namespace sandgauge::surroundings_test
