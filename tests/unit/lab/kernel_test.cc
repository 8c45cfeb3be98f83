#include "lab/kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "lab/package.h"
#include "lab/tool.h"

namespace sandgauge::kernel_test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST(KernelNameTest, ThereAreThreeKinds) {
  EXPECT_EQ(parse_kernel_name("debian:6.1")->version, "6.1");
  EXPECT_EQ(parse_kernel_name("debian:newest")->kind, KernelName::Kind::debian);
  EXPECT_EQ(parse_kernel_name("x/linux-image.deb")->kind, KernelName::Kind::package);
  EXPECT_EQ(parse_kernel_name("/boot/vmlinuz")->kind, KernelName::Kind::image);
}

TEST(KernelNameTest, WhatIsNoVersionIsRefused) {
  for (const char* text : {"", "debian:", "debian:sid", "debian:../x", "debian:6.1 6.2", "debian:-x"}) {
    const auto name = parse_kernel_name(text);
    ASSERT_FALSE(name) << text;
    EXPECT_THAT(name.error().message, HasSubstr("expected")) << text;
  }
}

class KernelTest : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return scratch_->path() + "/" + name; }
  void write(const std::string& name, const std::string& content) const {
    fs::create_directories(fs::path(path(name)).parent_path());
    std::ofstream(path(name)) << content;
  }
  static std::string image(const std::string& tail = "") { return std::string(0x202, 'x') + "HdrS" + tail; }
  /// Makes path("x.deb"), which holds one file.
  void build_package(const std::string& file, const std::string& content) {
    write("tree/DEBIAN/control",
          "Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n");
    write("tree/" + file, content);
    const auto built = run_tool({"dpkg-deb", "--build", path("tree"), path("x.deb")}, {}, *interrupts_);
    ASSERT_TRUE(built && built->exit == 0);
  }
  Result<Kernel> find(const std::string& name) {
    return find_kernel(*parse_kernel_name(name), *scratch_, *interrupts_, [](const std::string&) {});
  }

  Result<TempDir> scratch_ = TempDir::make();
  Result<Interrupts> interrupts_ = Interrupts::hold();
};

TEST_F(KernelTest, AnImageIsTakenWhereItIs) {
  write("bzImage", image());
  const auto kernel = find(path("bzImage"));
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(kernel->image, path("bzImage"));
}

TEST_F(KernelTest, WhatIsNoImageIsRefused) {
  write("short", "HdrS");
  write("other", std::string(10'000, 'x'));
  EXPECT_THAT(find(path("short")).error().message, HasSubstr("is no kernel for x86"));
  EXPECT_THAT(find(path("other")).error().message, HasSubstr("is no kernel for x86"));
  EXPECT_THAT(find(path("missing")).error().message, HasSubstr("ENOENT"));
}

TEST_F(KernelTest, APackageIsUnpackedFromBothLayouts) {
  for (const char* file : {"boot/vmlinuz-6.1", "usr/lib/modules/7.2/vmlinuz"}) {
    fs::remove_all(path("tree"));
    build_package(file, image(file));
    const auto kernel = find(path("x.deb"));
    ASSERT_TRUE(kernel) << kernel.error().message;
    EXPECT_EQ(fs::file_size(kernel->image), image(file).size());
    EXPECT_TRUE(fs::exists(path("x.deb")));
  }
}

TEST_F(KernelTest, APackageWithoutAKernelIsRefused) {
  build_package("boot/readme", "x");
  EXPECT_THAT(find(path("x.deb")).error().message, HasSubstr("no kernel"));
}

TEST_F(KernelTest, ATruncatedPackageIsRefusedWithTheToolsWords) {
  build_package("boot/vmlinuz-6.1", image(std::string(100'000, 'x')));
  fs::resize_file(path("x.deb"), fs::file_size(path("x.deb")) * 3 / 4);
  const auto kernel = find(path("x.deb"));
  ASSERT_FALSE(kernel);
  EXPECT_THAT(kernel.error().message, HasSubstr("cannot unpack"));
}

}  // namespace
}  // namespace sandgauge::kernel_test
