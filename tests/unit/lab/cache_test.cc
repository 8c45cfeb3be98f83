#include "lab/cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "base/temp_dir.h"

namespace sandgauge::cache_test {
namespace {

namespace fs = std::filesystem;

class CacheTest : public testing::Test {
 protected:
  CacheTest() { ::setenv("XDG_CACHE_HOME", scratch_->path().c_str(), 1); }
  ~CacheTest() override { ::unsetenv("XDG_CACHE_HOME"); }

  Result<Kernel> put(const KernelCache& cache, const std::string& version) {
    const auto folder = cache.new_folder("debian:6.1");
    std::ofstream(*folder + "/vmlinuz") << "image of " << version;
    return cache.adopt(*folder,
                       {.name = "debian:6.1", .image = {}, .config = {}, .package = "linux-image", .version = version});
  }

  Result<TempDir> scratch_ = TempDir::make();
};

TEST_F(CacheTest, AKernelIsFoundOnceItWasAdopted) {
  const auto cache = KernelCache::open();
  ASSERT_TRUE(cache);
  EXPECT_EQ(cache->folder(), scratch_->path() + "/sandgauge");
  EXPECT_EQ(cache->find("debian:6.1"), std::nullopt);
  const auto kernel = put(*cache, "6.1.176-1");
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(cache->find("debian:6.1"), *kernel);
  EXPECT_TRUE(fs::is_regular_file(kernel->image));
  EXPECT_THAT(cache->list(), testing::ElementsAre(*kernel));
}

TEST_F(CacheTest, AKernelsConfigurationIsFoundBesideIt) {
  const auto cache = KernelCache::open();
  const auto kernel = put(*cache, "6.1.1-1");
  EXPECT_EQ(kernel->config, "");
  const std::string config = fs::path(kernel->image).parent_path() / "config";
  std::ofstream(config) << "CONFIG_SECCOMP=y\n";
  EXPECT_EQ(cache->find("debian:6.1")->config, config);
}

TEST_F(CacheTest, ANewerKernelTakesTheOldOnesPlace) {
  const auto cache = KernelCache::open();
  ASSERT_TRUE(put(*cache, "6.1.1-1"));
  ASSERT_TRUE(put(*cache, "6.1.2-1"));
  EXPECT_EQ(cache->find("debian:6.1")->version, "6.1.2-1");
  EXPECT_EQ(cache->list().size(), 1u);
}

TEST_F(CacheTest, WhatWasGivenUpIsNotFoundAndIsRemovedByTheNext) {
  const auto cache = KernelCache::open();
  const auto first = cache->new_folder("debian:6.1");
  std::ofstream(*first + "/half.deb") << "x";
  std::ofstream(*first + "/vmlinuz") << "x";
  EXPECT_EQ(cache->find("debian:6.1"), std::nullopt);
  EXPECT_THAT(cache->list(), testing::ElementsAre());
  ASSERT_TRUE(cache->new_folder("debian:6.1"));
  EXPECT_TRUE(fs::is_empty(*first));
}

TEST_F(CacheTest, AFolderWithoutAnImageOrWithSpoiltFactsIsNoKernel) {
  const auto cache = KernelCache::open();
  const auto kernel = put(*cache, "6.1.1-1");
  std::ofstream(fs::path(kernel->image).parent_path() / "about.json") << "{\"name\": ";
  EXPECT_EQ(cache->find("debian:6.1"), std::nullopt);
  ASSERT_TRUE(put(*cache, "6.1.1-1"));
  fs::remove(kernel->image);
  EXPECT_EQ(cache->find("debian:6.1"), std::nullopt);
}

TEST_F(CacheTest, AConsoleLogIsKeptUnderTheKernelsName) {
  const auto cache = KernelCache::open();
  const auto path = cache->keep_console("/boot/vmlinuz", "panic\n");
  ASSERT_TRUE(path);
  EXPECT_EQ(*path, cache->folder() + "/console/-boot-vmlinuz.log");
  EXPECT_EQ(fs::file_size(*path), 6u);
}

TEST_F(CacheTest, AFolderThatCannotBeMadeIsNamed) {
  ::setenv("XDG_CACHE_HOME", "/dev/null", 1);
  const auto cache = KernelCache::open();
  ASSERT_FALSE(cache);
  EXPECT_THAT(cache.error().message, testing::HasSubstr("/dev/null/sandgauge"));
}

}  // namespace
}  // namespace sandgauge::cache_test
