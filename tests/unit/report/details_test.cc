#include "report/details.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samples.h"

namespace sandgauge::details_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(GroupedTest, GroupsComeInTheOrderOfTheirFirstResult) {
  Report report;
  report.results = {passing("b", "x", "KILL"), passing("a", "x", "KILL"), passing("b", "y", "LOG")};
  const std::vector<Group> groups = grouped(pointers(report), by_suite);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].key, "b");
  EXPECT_THAT(groups[0].results, ElementsAre(&report.results[0], &report.results[2]));
  EXPECT_EQ(groups[1].key, "a");
  EXPECT_THAT(groups[1].results, ElementsAre(&report.results[1]));
}

TEST(DetailLinesTest, SayAllThatIsKnownOneLineEach) {
  EXPECT_THAT(detail_lines(full_failure()),
              ElementsAre("ERRNO(EPERM) makes uname fail", "exit is 0", "backend bpf, probe handler+audit",
                          "exit: expected 2, observed 0", "stderr: expected , observed \\x1b[1mx\\n", "the kernel did ALLOW",
                          "stdout: ID: 0\\n", "to reproduce:", "  0: ld [4]", "  1: ret ALLOW",
                          "  sandgauge run --filter 'uname/deny/bpf'"));
}

TEST(DetailLinesTest, EmptyFieldsHaveNoLine) { EXPECT_THAT(detail_lines(CaseResult{}), IsEmpty()); }

TEST(SplitLinesTest, OnlyTheLastLineEndIsDropped) {
  EXPECT_THAT(split_lines({"a\n\nb\n", "", "c\x01"}), ElementsAre("a", "", "b", "", "c\\x01"));
}

TEST(ShownIdTest, LaterIterationsSayWhichOne) {
  CaseResult result{.id = "a\nb"};
  EXPECT_EQ(shown_id(result), "a\\nb");
  result.iteration = 2;
  EXPECT_EQ(shown_id(result), "a\\nb (iteration 2)");
}

TEST(ShownPlaceTest, WhatIsUnknownIsLeftOut) {
  EXPECT_EQ(shown_place({"f.yaml", 3}), "f.yaml:3");
  EXPECT_EQ(shown_place({"f.yaml", 0}), "f.yaml");
  EXPECT_EQ(shown_place({}), "");
}

TEST(MutationResultTest, SurvivorsFailAndNothingTriedIsASkip) {
  Report report;
  EXPECT_THAT(mutation_result(report), IsEmpty());
  report.mutation = {{.mutants = 3, .noticed = 3}};
  EXPECT_EQ(mutation_result(report)[0].verdict.status, Status::pass);
  report.mutation = {{.mutants = 3, .not_run = 3}};
  EXPECT_EQ(mutation_result(report)[0].verdict.status, Status::skip);
  EXPECT_EQ(mutation_result(report)[0].verdict.reason, "3 mutants, 0 noticed, 0 survived, 3 not run");
  report.mutation = {{.mutants = 3, .noticed = 2, .survivors = {{"a/b", "KILL -> ALLOW"}}}};
  EXPECT_EQ(mutation_result(report)[0].verdict.status, Status::fail);
  EXPECT_THAT(mutation_result(report)[0].facts, ElementsAre("survived: a/b: KILL -> ALLOW"));
}

TEST(InterruptedLineTest, IsEmptyForACompleteRun) {
  EXPECT_EQ(interrupted_line({}), "");
  EXPECT_EQ(interrupted_line({.interrupted = true}), "interrupted: 0 cases not run");
  EXPECT_EQ(interrupted_line({.not_run = 4}), "interrupted: 4 cases not run");
}

}  // namespace
}  // namespace sandgauge::details_test
