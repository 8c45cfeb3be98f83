#include "lab/elf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/file.h"

namespace sandgauge::elf_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string own_binary() { return *read_file("/proc/self/exe", 4096); }

TEST(ElfTest, ADynamicProgramNamesItsLoader) {
  const auto loader = loader_of(own_binary());
  ASSERT_TRUE(loader);
  EXPECT_THAT(*loader, HasSubstr("/ld-linux"));
}

TEST(ElfTest, WhatIsNoElfFileHasNoLoader) {
  EXPECT_EQ(loader_of(""), std::nullopt);
  EXPECT_EQ(loader_of("#!/bin/sh\n"), std::nullopt);
  EXPECT_EQ(loader_of("\x7f"
                      "ELF"),
            std::nullopt);
}

TEST(ElfTest, AFileCutOffAnywhereIsReadWithoutHarm) {
  const std::string whole = own_binary();
  for (std::size_t length = 0; length < 1200; ++length) (void)loader_of(whole.substr(0, length));
  EXPECT_EQ(loader_of(whole.substr(0, 100)), std::nullopt);
}

TEST(ElfTest, ALoaderAtAnOffsetBeyondTheFileIsNone) {
  std::string bytes = own_binary();
  for (std::size_t i = 32; i < 40; ++i) bytes[i] = '\xff';  // e_phoff
  EXPECT_EQ(loader_of(bytes), std::nullopt);
}

TEST(ElfTest, TheLoadersListGivesPaths) {
  const auto paths = parse_loader_list(
      "\tlinux-vdso.so.1 (0x00007ffd)\n\tlibm.so.6 => /lib/a b/libm.so.6 (0x00007f)\n\t/lib64/ld-linux-x86-64.so.2 (0x1)\n");
  ASSERT_TRUE(paths);
  EXPECT_THAT(*paths, ElementsAre("/lib/a b/libm.so.6", "/lib64/ld-linux-x86-64.so.2"));
}

TEST(ElfTest, AMissingLibraryIsNamed) {
  const auto paths = parse_loader_list("\tlibx.so.1 => not found\n");
  ASSERT_FALSE(paths);
  EXPECT_EQ(paths.error().message, "library not found: 'libx.so.1'");
  EXPECT_EQ(parse_loader_list("not found\n").error().message, "library not found: 'not found'");
}

TEST(ElfTest, ThisProgramNeedsTheCLibrary) {
  const auto interrupts = Interrupts::hold();
  ASSERT_TRUE(interrupts);
  const auto files = libraries_of("/usr/bin/env", *interrupts);
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_THAT(*files, testing::Contains(HasSubstr("libc.so")));
  EXPECT_THAT(*files, testing::Contains(HasSubstr("ld-linux")));
}

TEST(ElfTest, AScriptNeedsNoLibraries) {
  const auto interrupts = Interrupts::hold();
  ASSERT_TRUE(interrupts);
  const auto files = libraries_of("/etc/passwd", *interrupts);
  ASSERT_TRUE(files);
  EXPECT_THAT(*files, ElementsAre());
  EXPECT_FALSE(libraries_of("/no/such/file", *interrupts));
}

}  // namespace
}  // namespace sandgauge::elf_test
