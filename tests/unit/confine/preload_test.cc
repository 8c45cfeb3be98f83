#include "confine/preload.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace sandgauge::preload_test {
namespace {

using Words = std::vector<std::string>;

Preload made() {
  auto preload = Preload::make();
  EXPECT_TRUE(preload);
  return std::move(*preload);
}

/// The sheet as the library sees it.
PreloadSheet* mapped(const Preload& preload) {
  void* memory = ::mmap(nullptr, sizeof(PreloadSheet), PROT_READ | PROT_WRITE, MAP_SHARED, preload.fd(), 0);
  EXPECT_NE(memory, MAP_FAILED);
  return static_cast<PreloadSheet*>(memory);
}

std::string failed_step(const Preload& preload) { return preload.failure().value_or(SetupFailure{}).step; }

TEST(PreloadTest, TheLibrarySeesTheFilterThroughTheDescriptor) {
  Preload preload = made();
  ASSERT_TRUE(preload.hand_over({{BPF_STMT(BPF_RET | BPF_K, 7)}}));
  preload.set_flags(2);
  PreloadSheet* sheet = mapped(preload);
  EXPECT_EQ(sheet->magic, kPreloadMagic);
  EXPECT_EQ(sheet->length, 1U);
  EXPECT_EQ(sheet->code[0].k, 7U);
  EXPECT_EQ(sheet->flags, 2U);
  ::munmap(sheet, sizeof *sheet);
}

TEST(PreloadTest, ALibraryThatNeverRanIsAFailure) {
  const Preload preload = made();
  EXPECT_EQ(failed_step(preload), "nothing was applied: the library was never loaded into the program");
}

TEST(PreloadTest, WhatTheLibraryStoresDecides) {
  const Preload preload = made();
  PreloadSheet* sheet = mapped(preload);
  sheet->stage = static_cast<std::uint32_t>(PreloadStage::nothing);
  EXPECT_EQ(failed_step(preload), "nothing was applied: the preloaded library found no variable");
  sheet->stage = static_cast<std::uint32_t>(PreloadStage::failed);
  EXPECT_EQ(failed_step(preload), "nothing was applied: the preloaded library refused its variables");
  sheet->error = EINVAL;
  EXPECT_EQ(preload.failure()->error, EINVAL);
  sheet->stage = static_cast<std::uint32_t>(PreloadStage::loaded);
  EXPECT_FALSE(preload.failure());
  ::munmap(sheet, sizeof *sheet);
}

TEST(PreloadTest, AFilterThatTheKernelWouldNotTakeIsRefused) {
  Preload preload = made();
  Program program;
  program.code.resize(kMostPreloadInstructions + 1);
  EXPECT_FALSE(preload.hand_over(program));
  program.code.pop_back();
  EXPECT_TRUE(preload.hand_over(program));
}

TEST(PreloadTest, TheLibraryComesBeforeWhatWasPreloadedAlready) {
  const Preload preload = made();
  const std::string sheet = fmt::format("SANDGAUGE_PRELOAD_SHEET={}", preload.fd());
  EXPECT_EQ(preload.environment({"A=1"}, "/l.so"), (Words{"A=1", sheet, "LD_PRELOAD=/l.so"}));
  EXPECT_EQ(preload.environment({"LD_PRELOAD=/x.so", "SANDGAUGE_PRELOAD_SHEET=1"}, "/l.so"),
            (Words{"LD_PRELOAD=/l.so:/x.so", sheet}));
  EXPECT_EQ(preload.environment({"LD_PRELOAD=/x.so"}, ""), (Words{"LD_PRELOAD=/x.so", sheet}));
}

}  // namespace
}  // namespace sandgauge::preload_test
