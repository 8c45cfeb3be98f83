#include "report/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samples.h"

namespace sandgauge::text_test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

CaseResult repeated(int iteration, Status status, Cause cause) {
  CaseResult result = with_status(passing("a", "x", "LOG"), status, cause, status == Status::pass ? "" : "why");
  result.iteration = iteration;
  return result;
}

TEST(TextTest, EveryStatusHasItsPlace) {
  EXPECT_EQ(to_text(sample_report(), false, 80),
            "sandgauge 0.1.0, Linux 6.1.0 x86_64, root\n"
            "note: 1 filter is already loaded: its verdicts come first\n"
            "\n"
            "uname  1 passed, 1 failed\n"
            "getuid  1 broken, 1 skipped\n"
            "\n"
            "FAIL uname/deny/bpf (cases/uname.yaml:12)\n"
            "  ERRNO(EPERM) makes uname fail\n"
            "  exit is 0\n"
            "  backend bpf, probe handler+audit\n"
            "  exit: expected 2, observed 0\n"
            "  stderr: expected , observed \\x1b[1mx\\n\n"
            "  the kernel did ALLOW\n"
            "  stdout: ID: 0\\n\n"
            "  to reproduce:\n"
            "    0: ld [4]\n"
            "    1: ret ALLOW\n"
            "    sandgauge run --filter 'uname/deny/bpf'\n"
            "\n"
            "BROKEN getuid/getuid/TRAP\n"
            "  execve /x: ENOENT\n"
            "\n"
            "Skipped:\n"
            "  needs CAP_AUDIT_READ: 1 (getuid/getuid/LOG)\n"
            "\n"
            "1 passed, 1 failed, 1 broken, 1 skipped\n");
}

TEST(TextTest, TablesStandApartFromLines) {
  Report report = sample_report();
  report.notes.clear();
  report.results = {passing("a", "x", "LOG"),  passing("b", "x", "LOG"),   passing("c", "x", "LOG"),
                    passing("c", "y", "KILL"), passing("d", "x", "ALLOW"), passing("e", "x", "ALLOW")};
  EXPECT_EQ(to_text(report, false, 80),
            "sandgauge 0.1.0, Linux 6.1.0 x86_64, root\n"
            "\n"
            "a  1 passed\n"
            "b  1 passed\n"
            "\n"
            "c    KILL  LOG\n"
            "  x  -     1\n"
            "  y  1     -\n"
            "\n"
            "d  1 passed\n"
            "e  1 passed\n"
            "\n"
            "6 passed, 0 failed, 0 broken, 0 skipped\n");
}

TEST(TextTest, ARunOfNothingSaysSo) {
  const std::string text = to_text({.version = "1", .kernel = "2", .machine = "3", .user = "4"}, true, 80);
  EXPECT_EQ(text, "sandgauge 1, Linux 2 3, 4\n\nno cases\n\n0 passed, 0 failed, 0 broken, 0 skipped\n");
}

TEST(TextTest, AnInterruptedRunSaysHowManyCasesAreMissing) {
  Report report = sample_report();
  report.interrupted = true;
  report.not_run = 7;
  EXPECT_THAT(to_text(report, true, 80),
              EndsWith("\ninterrupted: 7 cases not run\n1 passed, 1 failed, 1 broken, 1 skipped\n"));
}

TEST(TextTest, SkipsAreGroupedByReasonWithThreeIds) {
  Report report;
  for (const char* subject : {"a", "b", "c", "d", "e"})
    report.results.push_back(with_status(passing("s", subject, "LOG"), Status::skip, Cause::requirement, "needs X"));
  report.results.push_back(with_status(passing("s", "f", "LOG"), Status::skip, Cause::requirement, "needs Y"));
  report.results.push_back(report.results.front());
  report.results.back().iteration = 2;
  EXPECT_THAT(to_text(report, false, 80), HasSubstr("\nSkipped:\n"
                                                    "  needs X: 6 (s/a/LOG, s/b/LOG, s/c/LOG and 2 more)\n"
                                                    "  needs Y: 1 (s/f/LOG)\n"));
}

TEST(TextTest, IterationsThatDifferAreCalledOut) {
  Report report;
  for (int i = 1; i <= 5; ++i) report.results.push_back(repeated(i, Status::pass, Cause::none));
  report.results.push_back(repeated(6, Status::fail, Cause::deadline));
  report.results.push_back(repeated(7, Status::fail, Cause::expectation));
  const std::string text = to_text(report, false, 80);
  EXPECT_THAT(text, HasSubstr("\nNot the same in every iteration:\n"
                              "  a/x/LOG: FAIL/deadline in 6; FAIL/expectation in 7; PASS in 1, 2, 3 and 2 more\n"));
  EXPECT_THAT(text, HasSubstr("\nFAIL a/x/LOG (iteration 6)\n"));
}

TEST(TextTest, IterationsThatAgreeAreNot) {
  Report report;
  for (int i = 1; i <= 3; ++i) report.results.push_back(repeated(i, Status::fail, Cause::deadline));
  EXPECT_THAT(to_text(report, false, 80), Not(HasSubstr("Not the same")));
}

TEST(TextTest, SurvivingMutantsAreListed) {
  Report report = sample_report();
  report.mutation = {
      {.mutants = 9, .noticed = 7, .not_run = 1, .survivors = {{"uname/a", "ERRNO(EPERM) -> ALLOW"}}},
  };
  EXPECT_THAT(to_text(report, false, 80), HasSubstr("\n9 mutants, 7 noticed, 1 survived, 1 not run\n"
                                                    "  SURVIVED uname/a: ERRNO(EPERM) -> ALLOW\n"));
  report.mutation = {{.mutants = 9, .noticed = 9}};
  EXPECT_THAT(to_text(report, false, 80), HasSubstr("\n9 mutants, 9 noticed, 0 survived\n\n1 passed"));
}

TEST(TextTest, ColourOnlyWhenAsked) {
  EXPECT_THAT(to_text(sample_report(), false, 80), Not(HasSubstr("\x1b")));
  const std::string text = to_text(sample_report(), true, 80);
  EXPECT_THAT(text, HasSubstr("\n\x1b[31mFAIL\x1b[0m uname/deny/bpf"));
  EXPECT_THAT(text, HasSubstr("\n\x1b[35mBROKEN\x1b[0m getuid/getuid/TRAP"));
  EXPECT_THAT(text, EndsWith("\n1 passed, 1 failed, 1 broken, 1 skipped\n"));
}

TEST(TextTest, NothingFromOutsideReachesTheTerminalRaw) {
  const std::string hostile = "x\x1b]0;y\a\nz\xff";
  CaseResult result{.id = hostile, .suite = hostile, .title = hostile, .subject = hostile, .action = hostile};
  result.backend = result.probe = result.place.file = hostile;
  result.verdict = {Status::fail, Cause::expectation, hostile, {{hostile, hostile, hostile, false}}};
  result.facts = result.reproducer = {hostile};
  CaseResult skipped = with_status(result, Status::skip, Cause::requirement, hostile);
  skipped.subject = skipped.action = "other";
  Report report{.version = hostile, .kernel = hostile, .machine = hostile, .user = hostile};
  report.notes = {hostile};
  report.results = {result, skipped};
  report.mutation = {{.mutants = 1, .survivors = {{hostile, hostile}}}};
  const std::string text = to_text(report, false, 80);
  for (const char bad : {'\x1b', '\a', '\xff'}) EXPECT_EQ(text.find(bad), std::string::npos) << text;
}

}  // namespace
}  // namespace sandgauge::text_test
