#include "policy/format.h"

#include <gtest/gtest.h>

namespace sandgauge::format_test {
namespace {

TEST(FormatTest, IsRecognisedByItsContent) {
  EXPECT_EQ(detect_format("\xef\xbb\xbf \n{ \"defaultAction\": 1}"), ProfileFormat::oci);
  EXPECT_EQ(detect_format("default: ALLOW"), ProfileFormat::yaml);
  EXPECT_EQ(detect_format("{}"), ProfileFormat::yaml);
  EXPECT_EQ(detect_format("{default: ALLOW}"), ProfileFormat::yaml);
  EXPECT_EQ(detect_format(""), ProfileFormat::yaml);
}

TEST(FormatTest, EveryFormatHasAName) {
  for (const char* name : {"yaml", "oci"}) EXPECT_EQ(format_name(*parse_profile_format(name)), name);
  EXPECT_EQ(parse_profile_format("xml").error().message.substr(0, 37), "unknown format 'xml', expected one of");
}

TEST(FormatTest, ThePlacesOfRulesAreKept) {
  const auto profile =
      parse_profile("rules:\n  - {syscalls: [read, 63], action: KILL}\n  - {action: LOG, syscalls: write}\n", "p");
  ASSERT_TRUE(profile) << profile.error().message;
  ASSERT_EQ(profile->places.size(), 2U);
  EXPECT_EQ(profile->places[0], (RulePlace{{2, 5}, {{2, 17}, {2, 23}}}));
  EXPECT_EQ(profile->places[1], (RulePlace{{3, 5}, {{3, 29}}}));
}

TEST(FormatTest, AFormatCanBeAskedFor) {
  const auto profile = parse_profile(R"({"defaultAction": "SCMP_ACT_ALLOW"})", "p", {.from = ProfileFormat::yaml});
  ASSERT_FALSE(profile);
  EXPECT_EQ(profile.error().message.substr(0, 32), "p:1:2: unknown key 'defaultActio");
}

TEST(FormatTest, ThisMachineIsTheContextUnlessAnotherIsStated) {
  const ProfileContext context = default_context();
  EXPECT_EQ(context.machine, native_abi());
  EXPECT_GE(context.kernel.major, 4);
  EXPECT_TRUE(context.capabilities.contains("CAP_SYS_CHROOT"));
  EXPECT_FALSE(context.capabilities.contains("CAP_SYS_ADMIN"));
}

}  // namespace
}  // namespace sandgauge::format_test
