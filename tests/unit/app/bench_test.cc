#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>

#include "app/bench_calls.h"
#include "app/bench_findings.h"
#include "app/bench_plan.h"
#include "app/bench_policy.h"
#include "app/explanation.h"
#include "compile/bpf.h"
#include "evaluate/bitmap.h"
#include "evaluate/evaluate.h"

namespace sandgauge::bench_test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const BenchRow& row(const Plan& plan, const std::string& id) { return *std::ranges::find(plan.rows, id, &BenchRow::id); }

TEST(BenchPlanTest, EveryRowHasItsConditionAndABaselineOfTheSameBlock) {
  const Plan plan = standard_plan({.cpu = 1, .supervisor_cpu = 0}).value();
  ASSERT_EQ(plan.rows.size(), plan.conditions.size());
  for (std::size_t i = 0; i < plan.rows.size(); ++i) {
    EXPECT_EQ(plan.conditions[i].baseline.has_value(), !plan.rows[i].baseline.empty()) << plan.rows[i].id;
    if (!plan.conditions[i].baseline) continue;
    EXPECT_EQ(plan.rows[*plan.conditions[i].baseline].id, plan.rows[i].baseline);
    EXPECT_EQ(plan.conditions[*plan.conditions[i].baseline].block, plan.conditions[i].block);
  }
}

TEST(BenchPlanTest, IdsAreUniqueAndEachCallHasOneControl) {
  const Plan plan = standard_plan({.cpu = 0, .supervisor_cpu = 0}).value();
  std::vector<std::string> ids;
  int controls = 0;
  for (const BenchRow& each : plan.rows) {
    ids.push_back(each.id);
    if (each.control) ++controls;
  }
  std::ranges::sort(ids);
  EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end());
  EXPECT_EQ(controls, 5);
  EXPECT_EQ(std::ranges::count_if(ids, [](const std::string& id) { return id.ends_with("another CPU"); }), 0);
}

TEST(BenchPlanTest, HitsCostNoInstructionsAndMissesAllOfAllFilters) {
  const Plan plan = standard_plan({.cpu = 1, .supervisor_cpu = 0}).value();
  EXPECT_TRUE(row(plan, "getppid/allow-all x16").bitmap_hit);
  EXPECT_EQ(row(plan, "getppid/allow-all x16").instructions, 0U);
  EXPECT_EQ(row(plan, "getppid/argument rule x16").instructions, 80U);
  EXPECT_GT(row(plan, "getppid/300 rules and an argument rule, libseccomp:1").instructions, 300U);
  EXPECT_LT(row(plan, "getppid/300 rules and an argument rule, libseccomp:2").instructions, 40U);
  EXPECT_EQ(row(plan, "getppid/TRACE, another CPU").placement, "supervisor on CPU 0, the call on CPU 1");
  EXPECT_TRUE(row(plan, "uname/ERRNO(EPERM)").answered);
}

TEST(BenchPlanTest, OutcomesAreChecked) {
  Planner planner({});
  planner.block({.name = "getppid", .calls = {{.number = SYS_getppid}}}, "calls");
  planner.row("ERRNO", {}, {}, errno_action(EPERM));
  planner.row("TRAP", {}, {}, {ActionKind::trap, 0}, Supervision::handler);
  planner.row("KILL", {}, {}, {ActionKind::kill_process, 0});
  const Plan plan = planner.take();
  const auto said = [&](std::size_t index, const Sample& sample) {
    const auto checked = plan.conditions[index].verify(sample);
    return checked ? std::string("right") : checked.error().message;
  };
  EXPECT_EQ(said(0, {.returned = {-EACCES}}), "returned EACCES, expected success");
  EXPECT_EQ(said(2, {.returned = {-EPERM}}), "right");
  EXPECT_EQ(said(2, {.returned = {77}}), "returned 77, expected EPERM");
  EXPECT_EQ(said(3, {}), "no SIGSYS arrived, expected one for each call");
  EXPECT_EQ(said(4, {}), "lived on, expected KILL_PROCESS");
}

TEST(BenchCallsTest, KnowsHarmlessArgumentsAndRefusesWhatWouldWaitOrEnd) {
  EXPECT_EQ(words_of("read", *harmless_call("read")), "read(-1)");
  EXPECT_EQ(words_of("getpid", *harmless_call("getpid")), "getpid()");
  for (const char* name : {"exit_group", "pause", "select", "reboot", "kill", "fork", "nosuchcall", "eventfd2"})
    EXPECT_FALSE(harmless_call(name)) << name;
}

Policy profile() {
  Policy policy;
  policy.rules = {{.syscalls = {"uname"}, .action = errno_action(EPERM), .when = {}},
                  {.syscalls = {"futex"}, .action = errno_action(EPERM), .when = {{.index = 1, .value = 9}}},
                  {.syscalls = {"getsid"}, .action = {ActionKind::trap, 0}, .when = {}}};
  return policy;
}

Explanation explained() {
  const Policy policy = profile();
  const NamedProgram program{"bpf", compile_bpf(policy).value(), ""};
  return explain({&program, 1}, &policy, {});
}

Measurement with_model() {
  Measurement measurement;
  measurement.model = {.fitted = true, .entry = {10, 9, 11}, .per_filter = {15, 14, 16}, .per_instruction = {0.5, 0.4, 0.6}};
  measurement.rows = {{.id = "getppid/TRAP with a handler",
                       .call = "getppid",
                       .condition = "TRAP with a handler",
                       .instructions = 4,
                       .extra = {1027, 1000, 1100}}};
  return measurement;
}

TEST(WorkloadTest, EachCallIsPricedByItsWay) {
  const WorkloadCost cost =
      workload_cost(explained(), {{"read", 1'000'000}, {"futex", 1000}, {"getsid", 10}, {"nosuch", 5}}, with_model());
  const Explanation explanation = explained();
  const auto most = [&](const char* name) {
    return static_cast<double>(
        std::ranges::find_if(explanation.calls,
                             [name](const ExplainedCall& call) { return call.name == name && call.abi == native_abi(); })
            ->costs[0]
            .most);
  };
  EXPECT_EQ(cost.calls, 1'001'010U);
  EXPECT_NEAR(cost.entry, 1'001'010 * 10e-9, 1e-12);
  EXPECT_NEAR(cost.misses, 1010 * 15e-9, 1e-12);
  EXPECT_NEAR(cost.instructions, (1000 * most("futex") + 10 * most("getsid")) * 0.5e-9, 1e-12);
  EXPECT_NEAR(cost.trips, 10 * 1000e-9, 1e-12);  // the trap, without what any filter costs
  EXPECT_NEAR(cost.total(), cost.entry + cost.misses + cost.instructions + cost.trips, 1e-15);
  EXPECT_TRUE(cost.low < cost.total() && cost.total() < cost.high);
  EXPECT_THAT(cost.unknown, ElementsAre("nosuch"));
  EXPECT_EQ(cost.by_call[0].name, "read");
  EXPECT_EQ(cost.by_call[0].how, "bitmap hit");
}

TEST(WorkloadTest, WhatEndsTheProgramHasNoPriceAndIsSaid) {
  Policy policy;
  policy.default_action = {ActionKind::kill_process, 0};
  policy.rules = {{.syscalls = {"getppid"}, .action = {}, .when = {}}};
  const NamedProgram program{"bpf", compile_bpf(policy).value(), ""};
  const Explanation explanation = explain({&program, 1}, &policy, {});
  Measurement measurement = with_model();
  measurement.workload.push_back(workload_cost(explanation, {{"read", 1000}, {"getppid", 1000}}, measurement));
  EXPECT_THAT(measurement.workload[0].deadly, ElementsAre("read"));
  EXPECT_EQ(measurement.workload[0].calls, 1000U);
  EXPECT_THAT(bench_findings(measurement, explanation),
              Contains("the workload does not survive the profile: read ends it; the total is of its other calls"));
}

TEST(WorkloadTest, ATripThatWasNotMeasuredIsSaidToBeMissing) {
  Measurement measurement = with_model();
  measurement.rows[0].problem = "no sample ended in time";
  measurement.workload.push_back(workload_cost(explained(), {{"getsid", 10}, {"read", 1}}, measurement));
  EXPECT_THAT(measurement.workload[0].unpriced, ElementsAre("getppid/TRAP with a handler"));
  EXPECT_THAT(bench_findings(measurement, explained()),
              Contains("the workload's total is too low: it needs what was not measured here: getppid/TRAP with a handler"));
}

TEST(WorkloadTest, TheIntervalHoldsThatOfTheTrip) {
  const WorkloadCost cost = workload_cost(explained(), {{"getsid", 1000}}, with_model());
  EXPECT_GT(cost.high - cost.low, 1000 * (1100 - 1000) * 1e-9);
}

TEST(BenchFindingsTest, AnArgumentRuleIsPricedAndWhatWouldHelpIsSaid) {
  const auto found = bench_findings(with_model(), explained());
  EXPECT_THAT(found, Contains(HasSubstr(" by the model; allowed whatever")));
  EXPECT_THAT(found, Contains(testing::AllOf(HasSubstr("futex misses the bitmap: argument rule: instruction "),
                                             HasSubstr("; allowed whatever its arguments: -"))));
}

TEST(BenchFindingsTest, NothingIsClaimedOfAnInvalidRun) {
  Measurement measurement = with_model();
  measurement.invalid = "x";
  EXPECT_TRUE(bench_findings(measurement, explained()).empty());
}

TEST(BenchFindingsTest, TheStandardReportSaysWhatAnyFilterCosts) {
  Measurement measurement = with_model();
  measurement.rows.push_back({.id = "getppid/allow-all x1", .extra = {9.4, 9, 10}});
  EXPECT_THAT(bench_findings(measurement, {}), Contains(HasSubstr("any filter at all costs a call +9.40 ns")));
}

}  // namespace
}  // namespace sandgauge::bench_test
