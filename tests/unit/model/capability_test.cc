#include "model/capability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandgauge::capability_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Capability capability(const std::string& id, Standing works, const std::string& value = "") {
  Capability one;
  one.id = id;
  one.works = {works, "seen"};
  one.value = value;
  return one;
}

std::vector<std::string> texts(const std::vector<Drift>& drifts) {
  std::vector<std::string> result;
  for (const Drift& drift : drifts) result.push_back(drift.text);
  return result;
}

TEST(StandingTest, EveryNameIsReadBack) {
  for (const Standing standing : {Standing::none, Standing::yes, Standing::no, Standing::unknown, Standing::untested})
    EXPECT_EQ(parse_standing(standing_name(standing)), standing);
  EXPECT_EQ(parse_standing("maybe"), std::nullopt);
  EXPECT_EQ(parse_standing(""), std::nullopt);
}

TEST(ConclusionTest, IsWhatWasTriedThenWhatIsAdvertisedThenWhatIsClaimed) {
  Capability one;
  one.claimed = {Standing::yes, "c"};
  EXPECT_EQ(conclusion(one).evidence, "c");
  one.advertised = {Standing::no, "a"};
  EXPECT_EQ(conclusion(one).evidence, "a");
  one.works = {Standing::untested, "w"};
  EXPECT_EQ(conclusion(one).evidence, "w");
}

TEST(DiffersTest, NeedsAYesAndANo) {
  Capability one;
  EXPECT_FALSE(differs(one));
  one.claimed.standing = Standing::yes;
  one.works.standing = Standing::untested;
  EXPECT_FALSE(differs(one));
  one.works.standing = Standing::no;
  EXPECT_TRUE(differs(one));
  one.claimed.standing = Standing::unknown;
  EXPECT_FALSE(differs(one));
  one.advertised.standing = Standing::yes;
  EXPECT_TRUE(differs(one));
}

TEST(DriftTest, SeesNoDifferenceBetweenEqualsWhateverTheEvidence) {
  Capability other = capability("a", Standing::yes);
  other.works.evidence = "said otherwise";
  EXPECT_THAT(drift_between({capability("a", Standing::yes)}, {other}), IsEmpty());
}

TEST(DriftTest, NamesTheColumnAndTheValue) {
  Capability now = capability("a", Standing::no, "8");
  now.claimed = {Standing::yes, "CONFIG_A=y"};
  EXPECT_THAT(texts(drift_between({capability("a", Standing::yes, "7")}, {now})),
              ElementsAre("a: claimed was none, is yes: CONFIG_A=y", "a: works was yes, is no: seen",
                          "a: the value was '7', is '8'"));
  EXPECT_THAT(texts(drift_between({capability("a", Standing::yes)}, {capability("a", Standing::yes, "8")})),
              ElementsAre("a: the value was nothing, is '8'"));
}

TEST(DriftTest, NamesWhatOnlyOneOfTheTwoHas) {
  EXPECT_THAT(texts(drift_between({capability("old", Standing::yes)}, {capability("new", Standing::no)})),
              ElementsAre("old: is not known any more", "new: was not known before; works is no"));
}

}  // namespace
}  // namespace sandgauge::capability_test
