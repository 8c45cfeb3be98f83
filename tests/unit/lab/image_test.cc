#include "lab/image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/temp_dir.h"

namespace sandgauge::image_test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ImageTest : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return scratch_->path() + "/" + name; }
  /// The archive holds whole libraries: a failed match must not print it.
  static bool has(const std::string& bytes, std::string_view part) { return bytes.find(part) != std::string::npos; }
  std::string finished() { return *std::move(image_).finish(); }

  Result<TempDir> scratch_ = TempDir::make();
  Result<Interrupts> interrupts_ = Interrupts::hold();
  ImageBuilder image_{*interrupts_};
};

TEST_F(ImageTest, AProgramBringsItsLoaderAndItsLibraries) {
  ASSERT_TRUE(image_.add_program("/usr/bin/env"));
  const std::string bytes = finished();
  EXPECT_TRUE(has(bytes, std::string("usr/bin/env\0", 12)));
  EXPECT_TRUE(has(bytes, "libc.so.6"));
  EXPECT_TRUE(has(bytes, "ld-linux"));
}

TEST_F(ImageTest, ATreeKeepsItsLinksAndLeavesOutWhatIsNoFile) {
  fs::create_directories(path("tree/sub"));
  std::ofstream(path("tree/sub/file")) << "content of it";
  fs::create_symlink("file", path("tree/sub/link"));
  ASSERT_EQ(::mknod(path("tree/fifo").c_str(), S_IFIFO | 0600, 0), 0);
  ASSERT_TRUE(image_.add_tree(path("tree"), "/data"));
  const std::string bytes = finished();
  EXPECT_TRUE(has(bytes, std::string("data/sub/file\0", 14)));
  EXPECT_TRUE(has(bytes, "content of it"));
  EXPECT_TRUE(has(bytes, std::string("data/sub/link\0", 14)));
  EXPECT_FALSE(has(bytes, "data/fifo"));
}

TEST_F(ImageTest, WhatCannotBeTakenAlongIsNamed) {
  EXPECT_THAT(image_.add_program(path("missing")).error().message, HasSubstr(path("missing")));
  ASSERT_EQ(::mknod(path("fifo").c_str(), S_IFIFO | 0600, 0), 0);
  EXPECT_THAT(image_.add_tree(path("fifo"), "/fifo").error().message, HasSubstr("no regular file"));
}

TEST_F(ImageTest, MoreThanAGuestHoldsIsRefusedWithoutReadingItAll) {
  std::ofstream(path("large")).close();
  fs::resize_file(path("large"), std::uintmax_t{1} << 40);  // a hole
  const auto added = image_.add_tree(path("large"), "/large");
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error().message, HasSubstr("too much to take along"));
}

TEST_F(ImageTest, ThePlanIsRecordsThatEndWithANul) {
  image_.set_plan(
      {.words = {"/bin/x", "a b"}, .environment = {{"N", "v"}}, .folder = "/work", .files = {"/out"}, .quiet = true});
  EXPECT_TRUE(has(finished(), std::string("A/bin/x\0Aa b\0EN=v\0F/out\0D/work\0Q\0", 34)));
}

TEST_F(ImageTest, TheSameContentGivesTheSameBytes) {
  ImageBuilder other(*interrupts_);
  ASSERT_TRUE(image_.add_program("/usr/bin/env") && other.add_program("/usr/bin/env"));
  EXPECT_TRUE(finished() == *std::move(other).finish());
}

}  // namespace
}  // namespace sandgauge::image_test
