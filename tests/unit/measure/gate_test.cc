#include "measure/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace sandgauge::gate_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A run in which `getppid/x` takes `cost` times as long as `getppid/none`, on a machine that is `speed` times as slow.
Measurement run(double cost, double speed = 1, unsigned seed = 1) {
  Measurement run{.title = "t", .environment = {{"cpu", "C"}, {"kernel", "6.1"}}};
  run.rows = {{.id = "getppid/none"},
              {.id = "getppid/x", .baseline = "getppid/none"},
              {.id = "getppid/y", .baseline = "getppid/none"}};
  std::mt19937 random(seed);
  std::normal_distribution<double> noise(0, 1);
  for (int i = 0; i < 100; ++i) {
    run.rows[0].samples.push_back(speed * (80 + noise(random)));
    run.rows[1].samples.push_back(speed * (80 * cost + noise(random)));
    run.rows[2].samples.push_back(speed * (90 + noise(random)));
  }
  return run;
}

TEST(GateTest, AMachineThatIsSlowerAsAWholeIsNoRegression) {
  const Gate gate = compare(run(1.25, 3, 2), run(1.25), 0.01).value();
  ASSERT_EQ(gate.rows.size(), 2U);
  EXPECT_FALSE(gate.rows[0].regression);
  EXPECT_NEAR(gate.rows[0].change.median, 0, 0.01);
  EXPECT_TRUE(gate.rows[0].change.contains(0));
}

TEST(GateTest, ACallThatIsSlowerIsOneIfTheWholeIntervalIsBeyondTheLimit) {
  EXPECT_TRUE(compare(run(1.40, 1, 2), run(1.25), 0.05)->rows[0].regression);
  EXPECT_FALSE(compare(run(1.40, 1, 2), run(1.25), 0.05)->rows[1].regression);
  // 12%, and the limit is 12%: the interval is on both sides of it.
  EXPECT_FALSE(compare(run(1.40, 1, 2), run(1.25), 0.12)->rows[0].regression);
  EXPECT_NEAR(compare(run(1.40, 1, 2), run(1.25), 0.05)->rows[0].change.median, 0.12, 0.01);
}

TEST(GateTest, AnotherMachineIsRefusedAndAnotherKernelIsNoted) {
  Measurement before = run(1.25);
  before.environment[1].second = "6.2";
  EXPECT_THAT(compare(run(1.25), before, 0.05)->notes, ElementsAre(HasSubstr("kernel differs: was \"6.2\"")));
  before.environment[0].second = "D";
  EXPECT_THAT(compare(run(1.25), before, 0.05).error().message,
              HasSubstr("the baseline is of another machine: its cpu is \"D\", here it is \"C\""));
}

TEST(GateTest, ARunThatHadTheCoreForItselfAgainstOneThatHadNotIsNoted) {
  Measurement before = run(1.25);
  before.rows[1].shared_core = true;
  EXPECT_THAT(compare(run(1.25), before, 0.05)->notes, ElementsAre(HasSubstr("the other had not, for: getppid/x")));
}

TEST(GateTest, FilesThatLieElsewhereAreNoted) {
  Measurement before = run(1.25);
  before.environment.emplace_back("files", "/tmp");
  EXPECT_THAT(compare(run(1.25), before, 0.05)->notes, ElementsAre(HasSubstr("files differs: was \"/tmp\"")));
}

TEST(GateTest, RowsThatAreMissingAreNamedAndNoneAtAllIsAnError) {
  Measurement now = run(1.25);
  now.rows[2].problem = "the filter killed the process (SIGSYS)";
  EXPECT_THAT(compare(now, run(1.25), 0.05)->missing, ElementsAre("getppid/y: the filter killed the process (SIGSYS)"));
  now.rows.resize(1);
  EXPECT_THAT(compare(now, run(1.25), 0.05).error().message, HasSubstr("no row of the baseline is in this run"));
}

TEST(GateTest, ADamagedBaselineComparesNothingInSilence) {
  Measurement before = run(1.25);
  before.rows[1].samples.resize(2);
  EXPECT_THAT(compare(run(1.25), before, 0.05)->missing,
              ElementsAre("getppid/x: in the baseline: it has samples of 2 rounds, expected 3 or more"));
  before.rows[1].problem = "killed";
  before.interrupted = true;
  before.title = "u";
  before.rows.resize(2);
  Measurement now = run(1.25);
  now.rows[1].baseline = "";
  const auto gate = compare(now, before, 0.05);
  ASSERT_FALSE(gate);  // what is left is in no row of this run
  now = run(1.25);
  EXPECT_THAT(compare(now, before, 0.05)->notes,
              ElementsAre("getppid/x is not compared: it had no time in the baseline: killed",
                          "not compared, not in the baseline: getppid/y",
                          "the baseline ended early: its intervals are wider than they would have been",
                          "the baseline is of \"u\", this run of \"t\""));
}

TEST(GateTest, AnInvalidBaselineIsRefused) {
  Measurement before = run(1.25);
  before.invalid = "the control";
  EXPECT_THAT(compare(run(1.25), before, 0.05).error().message, HasSubstr("not a valid run: the control"));
}

TEST(GateTest, PercentagesNeedTheirSign) {
  EXPECT_DOUBLE_EQ(parse_percent("5%").value(), 0.05);
  EXPECT_DOUBLE_EQ(parse_percent("0.5%").value(), 0.005);
  for (const char* text : {"5", "", "%", "-1%", "nan%", "5%%", "1e9%", "x%"}) EXPECT_FALSE(parse_percent(text)) << text;
}

}  // namespace
}  // namespace sandgauge::gate_test
