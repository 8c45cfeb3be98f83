#include "lab/debian.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandgauge::debian_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<DebianKernel> kKernels{{"7.3~rc7-1~exp1"}, {"7.2.13-1"}, {"6.12.107-1"}, {"6.1.176-1"}, {"5.10.223-1"}};

TEST(DebianTest, MadisonListsVersions) {
  const auto kernels = parse_madison(
      "linux-image-cloud-amd64 |   7.2.13-1 | http://deb.debian.org/debian sid/main amd64 Packages\n"
      "linux-image-cloud-amd64 |   7.2.13-1 | http://deb.debian.org/debian testing/main amd64 Packages\n"
      "linux-image-cloud-amd64 | 6.12.107-1 | http://deb.debian.org/debian stable/main amd64 Packages\n"
      "W: something else\n\n");
  EXPECT_THAT(kernels, ElementsAre(DebianKernel{"7.2.13-1"}, DebianKernel{"6.12.107-1"}));
}

TEST(DebianTest, AVersionIsChosenByWholeNumbers) {
  EXPECT_EQ(choose_kernel(kKernels, "6.1")->version, "6.1.176-1");
  EXPECT_EQ(choose_kernel(kKernels, "6.12")->version, "6.12.107-1");
  EXPECT_EQ(choose_kernel(kKernels, "6")->version, "6.12.107-1");
  EXPECT_EQ(choose_kernel(kKernels, "7.3")->version, "7.3~rc7-1~exp1");
  EXPECT_EQ(choose_kernel(kKernels, "5.10.223-1")->version, "5.10.223-1");
  EXPECT_EQ(choose_kernel(kKernels, "newest")->version, "7.2.13-1");
}

TEST(DebianTest, WhatThereIsIsNamed) {
  const auto chosen = choose_kernel(kKernels, "6.6");
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().message,
            "Debian has no kernel 6.6 for clouds; there is: 7.3~rc7-1~exp1, 7.2.13-1, 6.12.107-1, 6.1.176-1, 5.10.223-1");
  EXPECT_THAT(choose_kernel({}, "newest").error().message, HasSubstr("none that apt knows"));
}

TEST(DebianTest, DependsAreFoundByTheirPrefix) {
  const char* depends =
      "dracut | initramfs-tools (>= 0.120) | linux-tool, linux-base-7.2-cloud-amd64 (= 7.2.13-1), "
      "linux-binary-7.2-cloud-amd64";
  EXPECT_THAT(depends_on(depends, "linux-base-"), ElementsAre("linux-base-7.2-cloud-amd64"));
  EXPECT_THAT(depends_on(depends, "linux-binary-"), ElementsAre("linux-binary-7.2-cloud-amd64"));
  EXPECT_THAT(depends_on("kmod, linux-base (>= 4.3~)", "linux-base-"), ElementsAre());
}

}  // namespace
}  // namespace sandgauge::debian_test
