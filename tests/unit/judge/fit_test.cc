#include "judge/fit.h"

#include <gtest/gtest.h>

namespace sandgauge::fit_test {
namespace {

ActSeen seen(ActRole role, ActEnd end, bool left = false, const char* record = "") {
  return {.role = role, .end = end, .left = left, .record = record};
}

TEST(FitTest, AllStoppedAndNothingElseIsYes) {
  const std::vector<ActSeen> acts{seen(ActRole::act, ActEnd::denied), seen(ActRole::variant, ActEnd::killed),
                                  seen(ActRole::control, ActEnd::done)};
  EXPECT_EQ(fit_of(false, acts), Fit::yes);
}

TEST(FitTest, AVariantThatGetsThroughMakesItPartly) {
  const std::vector<ActSeen> acts{seen(ActRole::act, ActEnd::denied), seen(ActRole::variant, ActEnd::done)};
  EXPECT_EQ(fit_of(false, acts), Fit::partly);
}

TEST(FitTest, AControlThatIsStoppedMakesItPartly) {
  const std::vector<ActSeen> acts{seen(ActRole::act, ActEnd::denied), seen(ActRole::control, ActEnd::denied)};
  EXPECT_EQ(fit_of(false, acts), Fit::partly);
}

TEST(FitTest, AnActThatIsDoneIsNoWhateverElseIsStopped) {
  const std::vector<ActSeen> acts{seen(ActRole::act, ActEnd::done), seen(ActRole::variant, ActEnd::denied)};
  EXPECT_EQ(fit_of(false, acts), Fit::no);
  EXPECT_EQ(fit_of(false, {}), Fit::no);
}

TEST(FitTest, ADenialThatLeavesItsEffectStopsNothing) {
  const std::vector<ActSeen> acts{seen(ActRole::act, ActEnd::denied, /*left=*/true)};
  EXPECT_EQ(fit_of(false, acts), Fit::no);
}

TEST(FitTest, WhatFailsWithoutASandboxToSaysNothing) {
  std::vector<ActSeen> acts{seen(ActRole::act, ActEnd::denied), seen(ActRole::variant, ActEnd::done),
                            seen(ActRole::variant, ActEnd::denied)};
  const std::vector<ActSeen> control{seen(ActRole::act, ActEnd::done), seen(ActRole::variant, ActEnd::denied),
                                     seen(ActRole::variant, ActEnd::done)};
  mark_what_is_not_here(acts, control);
  EXPECT_EQ(acts[0].end, ActEnd::denied);
  EXPECT_EQ(acts[1].end, ActEnd::not_here);
  EXPECT_EQ(acts[2].end, ActEnd::denied);
  EXPECT_EQ(fit_of(false, acts), Fit::yes);
  acts[0].end = ActEnd::not_here;
  EXPECT_EQ(fit_of(false, acts), Fit::absent);
}

TEST(FitTest, ToRecordIsToLetItHappenAndTellOfIt) {
  std::vector<ActSeen> acts{seen(ActRole::act, ActEnd::done, true, "audit 1326"), seen(ActRole::control, ActEnd::done)};
  EXPECT_EQ(fit_of(true, acts), Fit::yes);
  acts[1].record = "audit 1326";
  EXPECT_EQ(fit_of(true, acts), Fit::partly);
  acts[0].record.clear();
  EXPECT_EQ(fit_of(true, acts), Fit::no);
  acts[0] = seen(ActRole::act, ActEnd::denied, false, "audit 1326");
  EXPECT_EQ(fit_of(true, acts), Fit::no);
}

TEST(FitTest, ARecordThatNamesNothingIsHalfARecord) {
  std::vector<ActSeen> acts{seen(ActRole::act, ActEnd::done, true, "audit 1326"),
                            seen(ActRole::variant, ActEnd::done, true, "audit 1326")};
  acts[1].named = false;
  EXPECT_EQ(fit_of(true, acts), Fit::partly);
  acts[0].named = false;
  EXPECT_EQ(fit_of(true, acts), Fit::partly);
  acts[0].record.clear();
  EXPECT_EQ(fit_of(true, acts), Fit::no);
}

TEST(FitTest, ARecordNamesAWholeWordOrTheLastPartOfAPath) {
  EXPECT_TRUE(record_names("BPF event bprm_committed_creds other", "/tmp/bin/other"));
  EXPECT_TRUE(record_names("audit 1400 operation=\"exec\" name=\"{scene}/bin/other\"", "/tmp/bin/other"));
  EXPECT_TRUE(record_names("BPF event x another; BPF event x other; y", "other"));
  EXPECT_TRUE(record_names("other", "other"));
  EXPECT_FALSE(record_names("BPF event bprm_committed_creds program", "/tmp/bin/other"));
  EXPECT_FALSE(record_names("BPF event bprm_committed_creds another", "other"));
  EXPECT_FALSE(record_names("BPF event bprm_committed_creds others", "other"));
  EXPECT_FALSE(record_names("BPF event bprm_committed_creds /proc/self/fd/30", "/tmp/bin/program"));
  EXPECT_FALSE(record_names("", "other"));
  EXPECT_FALSE(record_names("anything", "folder/"));
}

}  // namespace
}  // namespace sandgauge::fit_test
