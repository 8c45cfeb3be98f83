#include "model/verdict.h"

#include <gtest/gtest.h>

#include <set>

namespace sandgauge::verdict_test {
namespace {

Report report_of(std::initializer_list<Status> statuses) {
  Report report;
  for (const Status status : statuses) report.results.emplace_back().verdict.status = status;
  return report;
}

TEST(VerdictTest, StatusesHaveTheNamesOfTheReports) {
  EXPECT_EQ(status_name(Status::pass), "PASS");
  EXPECT_EQ(status_name(Status::fail), "FAIL");
  EXPECT_EQ(status_name(Status::broken), "BROKEN");
  EXPECT_EQ(status_name(Status::skip), "SKIP");
}

TEST(VerdictTest, EveryCauseHasAWordOfItsOwn) {
  std::set<std::string_view> names;
  for (int cause = 0; cause <= static_cast<int>(Cause::harness); ++cause)
    names.insert(cause_name(static_cast<Cause>(cause)));
  EXPECT_EQ(names, (std::set<std::string_view>{"none", "expectation", "disagreement", "deadline", "setup", "probe",
                                               "requirement", "outer-filter", "interrupted", "harness"}));
}

TEST(VerdictTest, OneThatNobodySetIsABrokenHarnessNotAPass) {
  EXPECT_EQ(Verdict{}.status, Status::broken);
  EXPECT_EQ(Verdict{}.cause, Cause::harness);
}

TEST(TotalsTest, AnEmptyReportHasNone) { EXPECT_EQ(totals(Report{}), Totals{}); }

TEST(TotalsTest, EachStatusIsCountedByItself) {
  const Report report = report_of({Status::skip, Status::pass, Status::broken, Status::skip, Status::fail, Status::skip,
                                   Status::skip, Status::broken, Status::broken, Status::fail});
  EXPECT_EQ(totals(report), (Totals{.passed = 1, .failed = 2, .broken = 3, .skipped = 4}));
}

}  // namespace
}  // namespace sandgauge::verdict_test
