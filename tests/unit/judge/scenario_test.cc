#include <gtest/gtest.h>

#include "judge/judge.h"
#include "scene.h"

namespace sandgauge::scenario_test {
namespace {

using namespace scene;

Verdict judge_scenario(const Expectation& expect, const std::optional<StageOutcome>& stage, End end) {
  Case test{.id = "x/y", .attach = Attach::scenario};
  test.expect = expect;
  Outcome outcome;
  outcome.stage = stage;
  outcome.end = end;
  const Host host = root_host();
  const Answers none;
  return judge({test, Probe{}, none, outcome, host, ""});
}

TEST(JudgeScenarioTest, PassesIfEveryCheckIsMetAndItCameToItsEnd) {
  const Check met{"errno", "2", "2", true};
  const Check unmet_one{"errno", "2", "1", false};
  const End zero{};
  const End killed{.kind = End::Kind::signaled, .signal = SIGSYS};
  EXPECT_EQ(judge_scenario({}, StageOutcome{.checks = {met}}, zero).status, Status::pass);
  expect_verdict(judge_scenario({}, StageOutcome{.checks = {met, unmet_one}}, zero), Status::fail, Cause::expectation,
                 "errno: expected 2, observed 1");
  expect_verdict(judge_scenario({}, StageOutcome{.checks = {met}}, killed), Status::fail, Cause::expectation,
                 "end: expected exited with 0, observed killed by SIGSYS");
  expect_verdict(judge_scenario({}, StageOutcome{.checks = {met}}, {.exit_code = 1}), Status::fail, Cause::expectation,
                 "end: expected exited with 0, observed exited with 1");
  EXPECT_EQ(judge_scenario({.signal = SIGSYS}, StageOutcome{}, killed).status, Status::pass);
  EXPECT_EQ(judge_scenario({.exit = 1}, StageOutcome{}, {.exit_code = 1}).status, Status::pass);
}

TEST(JudgeScenarioTest, IsBrokenWithoutChecksOrReportOrAStepThatItNeeded) {
  const Check met{"errno", "2", "2", true};
  expect_verdict(judge_scenario({}, StageOutcome{}, {}), Status::broken, Cause::probe,
                 "the case claims nothing that was checked");
  expect_verdict(judge_scenario({}, std::nullopt, {}), Status::broken, Cause::harness, "the scenario did not report");
  expect_verdict(judge_scenario({}, StageOutcome{.checks = {met}, .broken = "fork: EAGAIN"}, {}), Status::broken,
                 Cause::setup, "fork: EAGAIN");
  expect_verdict(judge_scenario({}, StageOutcome{.checks = {met}, .lacking = "no Landlock"}, {}), Status::skip,
                 Cause::requirement, "no Landlock");
}

}  // namespace
}  // namespace sandgauge::scenario_test
