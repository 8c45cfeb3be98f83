#include "kernel/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

namespace sandgauge::config_test {
namespace {

using testing::HasSubstr;

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

TEST(ParseConfigTest, ReadsEveryKindOfLineThatKconfigWrites) {
  const auto config = parse_config(
      "#\n# Automatically generated file; DO NOT EDIT.\n# Linux/x86 6.1.0 Kernel Configuration\n#\n"
      "CONFIG_SECCOMP=y\nCONFIG_KVM=m\n# CONFIG_X86_X32_ABI is not set\n\n"
      "CONFIG_LSM=\"landlock,bpf\"\nCONFIG_HZ=250\nCONFIG_BASE=0xffff\nCONFIG_EMPTY=\"\"\n# CONFIG_LAST is not set",
      "x");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->value("SECCOMP"), "y");
  EXPECT_EQ(config->value("KVM"), "m");
  EXPECT_EQ(config->value("X86_X32_ABI"), "n");
  EXPECT_EQ(config->value("LSM"), "landlock,bpf");
  EXPECT_EQ(config->value("HZ"), "250");
  EXPECT_EQ(config->value("EMPTY"), "");
  EXPECT_EQ(config->value("LAST"), "n");
  EXPECT_EQ(config->value("SECCOMP_FILTER"), std::nullopt);
  EXPECT_EQ(config->values.size(), 8U);
}

TEST(ParseConfigTest, TakesACommentThatOnlyLooksLikeAnUnsetOptionForAComment) {
  const auto config = parse_config("CONFIG_A=y\n# CONFIG_B C is not set\n# B is not set\n#CONFIG_D is not set\n", "x");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->values.size(), 1U);
}

TEST(ParseConfigTest, LetsTheLastValueOfAnOptionStand) {
  EXPECT_EQ(parse_config("CONFIG_A=y\n# CONFIG_A is not set\n", "x")->value("A"), "n");
}

TEST(ParseConfigTest, NamesTheLineThatIsNoConfiguration) {
  const struct {
    const char* text;
    const char* complaint;
  } bad[] = {
      {"CONFIG_A=y\nhello\n", "c:2: expected CONFIG_NAME=VALUE or a comment"},
      {"CONFIG_=y\n", "c:1: expected CONFIG_NAME=VALUE"},
      {"CONFIG_A\n", "c:1: expected CONFIG_NAME=VALUE"},
      {"CONFIG_A y\n", "c:1: expected CONFIG_NAME=VALUE"},
      {"CONFIG_A=\n", "c:1: 'CONFIG_A' has no value"},
      {"\nCONFIG_A=\"x\n", "c:2: the text of 'CONFIG_A' has no closing quote"},
      {"CONFIG_A=\"\n", "no closing quote"},
      {" CONFIG_A=y\n", "c:1: expected CONFIG_NAME=VALUE"},
      {"", "sets no option"},
      {"# only a comment\n", "sets no option"},
  };
  for (const auto& [text, complaint] : bad) {
    const auto config = parse_config(text, "c");
    ASSERT_FALSE(config) << text;
    EXPECT_THAT(config.error().message, HasSubstr(complaint)) << text;
  }
}

TEST(ParseConfigTest, RefusesANulByte) {
  EXPECT_FALSE(parse_config(std::string_view("CONFIG_A=y\0y\n", 13), "c"));
  EXPECT_FALSE(parse_config(std::string_view("\0\0\0\n", 4), "c"));
}

TEST(GunzipTest, GivesBackWhatWasPackedAndWhatWasNot) {
  std::string long_text;
  for (int i = 0; i < 20'000; ++i) long_text += "CONFIG_OPTION_" + std::to_string(i) + "=y\n";
  EXPECT_EQ(*gunzip(gzip(long_text)), long_text);
  EXPECT_EQ(*gunzip(gzip("")), "");
  EXPECT_EQ(*gunzip("CONFIG_A=y\n"), "CONFIG_A=y\n");
  EXPECT_EQ(*gunzip(""), "");
}

TEST(GunzipTest, RefusesAStreamThatIsCutOffAtAnyByte) {
  const std::string packed = gzip("CONFIG_SECCOMP=y\nCONFIG_AUDIT=y\n");
  for (std::size_t length = 2; length < packed.size(); ++length) {
    const auto text = gunzip(packed.substr(0, length));
    ASSERT_FALSE(text) << length;
    EXPECT_THAT(text.error().message, HasSubstr("broken or cut off"));
  }
}

TEST(GunzipTest, RefusesAWrongChecksum) {
  std::string packed = gzip("CONFIG_SECCOMP=y\n");
  packed[packed.size() - 6] = static_cast<char>(packed[packed.size() - 6] ^ 1);
  EXPECT_FALSE(gunzip(packed));
}

TEST(GunzipTest, StopsAtABombLongBeforeItsEnd) {
  const auto text = gunzip(gzip(std::string(64 << 20, 'x')));
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().message, HasSubstr("larger than"));
}

TEST(FindConfigTest, SaysWhereItLookedForAReleaseThatIsNotHere) {
  const auto config = find_config("0.0.0-none");
  if (config) GTEST_SKIP() << "this kernel has " << config->path;
  EXPECT_THAT(config.error().message, HasSubstr("/boot/config-0.0.0-none"));
}

}  // namespace
}  // namespace sandgauge::config_test
