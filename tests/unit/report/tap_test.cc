#include "report/tap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samples.h"

namespace sandgauge::tap_test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(TapTest, EveryStatusHasItsTestPoint) {
  EXPECT_EQ(to_tap(sample_report()),
            "TAP version 13\n"
            "1..4\n"
            "# sandgauge 0.1.0, Linux 6.1.0 x86_64, root\n"
            "# note: 1 filter is already loaded: its verdicts come first\n"
            "ok 1 - uname/uname/KILL\n"
            "not ok 2 - uname/deny/bpf\n"
            "  ---\n"
            "  message: \"FAIL: exit is 0\"\n"
            "  cause: \"expectation\"\n"
            "  title: \"ERRNO(EPERM) makes uname fail\"\n"
            "  at: \"cases/uname.yaml:12\"\n"
            "  backend: \"bpf\"\n"
            "  probe: \"handler+audit\"\n"
            "  unmet: |\n"
            "    exit: expected 2, observed 0\n"
            "    stderr: expected , observed \\x1b[1mx\\n\n"
            "  facts: |\n"
            "    the kernel did ALLOW\n"
            "    stdout: ID: 0\\n\n"
            "  reproduce: |\n"
            "    0: ld [4]\n"
            "    1: ret ALLOW\n"
            "    sandgauge run --filter 'uname/deny/bpf'\n"
            "  duration_us: 1500\n"
            "  ...\n"
            "not ok 3 - getuid/getuid/TRAP\n"
            "  ---\n"
            "  message: \"BROKEN: execve /x: ENOENT\"\n"
            "  cause: \"setup\"\n"
            "  duration_us: 0\n"
            "  ...\n"
            "ok 4 - getuid/getuid/LOG # SKIP needs CAP_AUDIT_READ\n"
            "# 1 passed, 1 failed, 1 broken, 1 skipped\n");
}

TEST(TapTest, ARunOfNothingIsASkippedPlan) {
  EXPECT_THAT(to_tap({}), StartsWith("TAP version 13\n1..0 # SKIP no cases\n# sandgauge"));
}

TEST(TapTest, HashesAndLineEndsCannotForgeADirectiveOrALine) {
  Report report;
  report.results = {passing("s", "a # SKIP b\nok 2 - c", "\\"),
                    with_status(passing("s", "d", "e"), Status::skip, Cause::requirement, "no #1\nBail out!")};
  const std::string text = to_tap(report);
  EXPECT_THAT(text, HasSubstr("\nok 1 - s/a \\# SKIP b\\\\nok 2 - c/\\\\\n"
                              "ok 2 - s/d/e # SKIP no \\#1\\\\nBail out!\n"));
}

TEST(TapTest, ABlockHasNoEmptyLineAndNoIndentationOfItsOwn) {
  Report report;
  report.results = {with_status(passing("s", "a", "b"), Status::fail, Cause::expectation, "why")};
  report.results[0].facts = {"", " "};
  report.results[0].reproducer = {"\n   0: ld\n\n  1: ret\n  \n"};
  EXPECT_THAT(to_tap(report), HasSubstr("\n  cause: \"expectation\"\n"
                                        "  reproduce: |\n"
                                        "    0: ld\n"
                                        "      1: ret\n"
                                        "  duration_us: 0\n"));
}

TEST(TapTest, AnInterruptedRunPlansWhatIsMissingAndBailsOut) {
  Report report;
  report.results = {passing("s", "a", "LOG")};
  report.interrupted = true;
  report.not_run = 2;
  const std::string text = to_tap(report);
  EXPECT_THAT(text, StartsWith("TAP version 13\n1..3\n"));
  EXPECT_THAT(text, EndsWith("\n# 1 passed, 0 failed, 0 broken, 0 skipped\nBail out! interrupted: 2 cases not run\n"));
}

TEST(TapTest, LaterIterationsAreTestPointsOfTheirOwn) {
  Report report;
  report.results = {passing("s", "a", "LOG"), passing("s", "a", "LOG")};
  report.results[1].iteration = 2;
  EXPECT_THAT(to_tap(report), HasSubstr("\nok 1 - s/a/LOG\nok 2 - s/a/LOG (iteration 2)\n"));
}

TEST(TapTest, SurvivingMutantsAreATestPointThatIsNotOk) {
  Report report;
  report.results = {passing("s", "a", "LOG")};
  report.mutation = {{.mutants = 2, .noticed = 1, .survivors = {{"s/a/LOG", "LOG -> ALLOW"}}}};
  EXPECT_THAT(to_tap(report), HasSubstr("1..2\n"));
  EXPECT_THAT(to_tap(report), HasSubstr("\nnot ok 2 - sandgauge/mutation\n"
                                        "  ---\n"
                                        "  message: \"FAIL: 2 mutants, 1 noticed, 1 survived\"\n"));
  EXPECT_THAT(to_tap(report), HasSubstr("    survived: s/a/LOG: LOG -> ALLOW\n"));
  report.mutation = {{.mutants = 2, .noticed = 2}};
  EXPECT_THAT(to_tap(report), HasSubstr("\nok 2 - sandgauge/mutation\n"));
}

}  // namespace
}  // namespace sandgauge::tap_test
