#include "kernel/capabilities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "kernel/landlock.h"

namespace sandgauge::capabilities_test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

Machine machine_with(const std::string& config) {
  Machine machine;
  machine.host.kernel = {5, 10};
  const auto parsed = parse_config(config, "c");
  if (parsed) machine.config = *parsed;
  machine.config_problem = "none here";
  return machine;
}

TEST(ClaimTest, NeedsEveryOptionAndTheVersion) {
  const Machine machine = machine_with("CONFIG_A=y\nCONFIG_B=m\n# CONFIG_C is not set\nCONFIG_D=64\n");
  EXPECT_EQ(claim(machine, {"A"}, {}).standing, Standing::yes);
  EXPECT_EQ(claim(machine, {"A", "B"}, {5, 10}).evidence, "CONFIG_A=y in c, CONFIG_B=m in c");
  EXPECT_EQ(claim(machine, {"A", "C"}, {}), (Finding{Standing::no, "CONFIG_C is not set in c"}));
  EXPECT_EQ(claim(machine, {"E"}, {}).standing, Standing::no);
  EXPECT_EQ(claim(machine, {"D"}, {}).standing, Standing::no);
  EXPECT_EQ(claim(machine, {"A"}, {5, 11}), (Finding{Standing::no, "Linux 5.10 is older than 5.11"}));
  EXPECT_EQ(claim(machine, {}, {5, 0}).standing, Standing::yes);
  EXPECT_EQ(claim(machine, {}, {}), Finding{});
}

TEST(ClaimTest, TakesEitherNameOfAnOptionThatWasRenamed) {
  EXPECT_EQ(claim(machine_with("CONFIG_OLD=y\n"), {"NEW|OLD"}, {}).evidence, "CONFIG_OLD=y in c");
  EXPECT_EQ(claim(machine_with("CONFIG_NEW=y\n"), {"NEW|OLD"}, {}).standing, Standing::yes);
  EXPECT_EQ(claim(machine_with("CONFIG_X=y\n"), {"NEW|OLD"}, {}).evidence, "CONFIG_NEW is not set in c");
}

TEST(ClaimTest, IsUnknownWithoutAConfiguration) {
  EXPECT_EQ(claim(machine_with(""), {"A"}, {}), (Finding{Standing::unknown, "none here"}));
}

TEST(ExplainDifferenceTest, NamesEveryColumnThatSpeaks) {
  Capability one;
  EXPECT_THAT(explain_difference(one), IsEmpty());
  one.claimed = {Standing::yes, "C"};
  one.works = {Standing::untested, "W"};
  EXPECT_EQ(explain_difference(one), "not tried: W");
  one.works.standing = Standing::no;
  EXPECT_EQ(explain_difference(one), "claimed yes (C); works no (W)");
}

TEST(CatalogueTest, SaysOfEachCapabilityWhatItIs) {
  std::set<std::string> ids;
  for (const Capability& one : capability_catalogue()) {
    EXPECT_TRUE(ids.insert(one.id).second) << one.id;
    EXPECT_FALSE(one.group.empty() || one.title.empty() || one.meaning.empty() || one.source.empty()) << one.id;
    EXPECT_EQ(one.works, Finding{}) << one.id;
    EXPECT_THAT(one.meaning.back(), '.') << one.id;
  }
  EXPECT_GE(ids.size(), 70U);
}

TEST(InspectTest, GivesEveryColumnItsEvidence) {
  const auto machine = inspect_machine();
  ASSERT_TRUE(machine) << machine.error().message;
  const std::vector<Capability> found = inspect_capabilities(*machine);
  ASSERT_EQ(found.size(), capability_catalogue().size());
  for (const Capability& one : found)
    for (const Finding* finding : {&one.claimed, &one.advertised, &one.works})
      EXPECT_EQ(finding->evidence.empty(), finding->standing == Standing::none) << one.id;
}

TEST(LandlockRightsTest, EachRightIsOneBitOfItsOwn) {
  std::set<std::pair<int, std::uint64_t>> bits;
  for (const LandlockRight& right : landlock_rights()) {
    const LandlockRuleset& rules = right.rules;
    const int kind = rules.fs != 0 ? 0 : rules.net != 0 ? 1 : 2;
    const std::uint64_t bit = rules.fs + rules.net + rules.scoped;
    EXPECT_EQ(bit & (bit - 1), 0U) << right.id;
    EXPECT_TRUE(bits.insert({kind, bit}).second) << right.id;
  }
}

}  // namespace
}  // namespace sandgauge::capabilities_test
