#include "lab/cpio.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandgauge::cpio_test {
namespace {

struct Entry {
  std::string name;
  unsigned mode = 0;
  std::string content;
  bool operator==(const Entry&) const = default;
};

unsigned field(const std::string& archive, std::size_t header, int number) {
  return static_cast<unsigned>(
      std::stoul(archive.substr(header + 6 + 8 * static_cast<std::size_t>(number), 8), nullptr, 16));
}

/// Reads an archive as the kernel's init/initramfs.c does.
std::vector<Entry> entries_of(const std::string& archive) {
  const auto aligned = [](std::size_t at) { return (at + 3) / 4 * 4; };
  std::vector<Entry> entries;
  for (std::size_t at = 0; at + 110 <= archive.size();) {
    EXPECT_EQ(archive.substr(at, 6), "070701") << at;
    const unsigned size = field(archive, at, 6);
    const unsigned name_size = field(archive, at, 11);
    const std::size_t body = aligned(at + 110 + name_size);
    EXPECT_EQ(archive[at + 110 + name_size - 1], '\0');
    entries.push_back({archive.substr(at + 110, name_size - 1), field(archive, at, 1), archive.substr(body, size)});
    at = aligned(body + size);
    if (entries.back().name == "TRAILER!!!") {
      EXPECT_EQ(at, archive.size());
    }
  }
  return entries;
}

TEST(CpioTest, AnEmptyArchiveIsATrailer) {
  EXPECT_THAT(entries_of(CpioArchive().finish()), testing::ElementsAre(Entry{"TRAILER!!!", 0, ""}));
}

TEST(CpioTest, AFileBringsItsFoldersAndIsPadded) {
  CpioArchive archive;
  archive.add_file("/usr/bin/x", 0755, "abcde");
  archive.add_file("/usr/bin/y", 0600, std::string("a\0b", 3));
  EXPECT_THAT(
      entries_of(std::move(archive).finish()),
      testing::ElementsAre(Entry{"usr", 0040755, ""}, Entry{"usr/bin", 0040755, ""}, Entry{"usr/bin/x", 0100755, "abcde"},
                           Entry{"usr/bin/y", 0100600, std::string("a\0b", 3)}, Entry{"TRAILER!!!", 0, ""}));
}

TEST(CpioTest, ALinkHoldsItsTarget) {
  CpioArchive archive;
  archive.add_link("/bin", "usr/bin");
  EXPECT_EQ(entries_of(std::move(archive).finish())[0], (Entry{"bin", 0120777, "usr/bin"}));
}

TEST(CpioTest, ADeviceHasItsNumbers) {
  CpioArchive archive;
  archive.add_device("/null", 0666, 1, 3);
  const std::string bytes = std::move(archive).finish();
  EXPECT_EQ(entries_of(bytes)[0], (Entry{"null", 0020666, ""}));
  EXPECT_EQ(field(bytes, 0, 9), 1u);
  EXPECT_EQ(field(bytes, 0, 10), 3u);
}

TEST(CpioTest, WhatIsAddedTwiceIsThereOnce) {
  CpioArchive archive;
  archive.add_file("/x", 0644, "first");
  archive.add_file("/x", 0644, "second");
  archive.add_folder("/");
  EXPECT_TRUE(archive.contains("/x"));
  const auto entries = entries_of(std::move(archive).finish());
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].content, "first");
}

}  // namespace
}  // namespace sandgauge::cpio_test
