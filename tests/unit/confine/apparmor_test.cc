#include "confine/apparmor.h"

#include <gtest/gtest.h>

namespace sandgauge::apparmor_test {
namespace {

TEST(AppArmorTest, WithoutAppArmorLoadingSaysSo) {
  const std::string obstacle = apparmor_obstacle();
  if (obstacle.empty()) GTEST_SKIP() << "this kernel has AppArmor; tests/e2e/test_compare.py tries it in a guest";
  const auto profile = AppArmorProfile::load("/usr/sbin/apparmor_parser", "file,");
  ASSERT_FALSE(profile);
  EXPECT_EQ(profile.error().message, obstacle);
}

}  // namespace
}  // namespace sandgauge::apparmor_test
