#include "report/explain_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace sandgauge::explain_report_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Explanation sample() {
  Explanation explanation{.source = "p.yaml", .summary = "1 rules", .findings = {"f\x1b[31m"}, .notes = {"n"}};
  explanation.backends = {{.name = "bpf",
                           .length = 4,
                           .listing = {"   0  ld", "   1  ret"},
                           .unreachable = {1},
                           .worst = 9,
                           .median = 4,
                           .hits = 1,
                           .misses = 1,
                           .path = {0}},
                          {.name = "libseccomp:1", .error = "cannot do it"}};
  explanation.calls = {{.abi = Abi::x86_64,
                        .number = 0,
                        .name = "read",
                        .decision = "ALLOW",
                        .costs = {{.instructions = 4,
                                   .least = 4,
                                   .most = 4,
                                   .bitmap_hit = true,
                                   .bitmap_reason = "always allowed",
                                   .actions = {{}}},
                                  {}}},
                       {.abi = Abi::i386,
                        .number = 5,
                        .name = "open",
                        .decision = "ERRNO(EPERM)",
                        .rules = {1, 2},
                        .costs = {{.instructions = 5,
                                   .least = 5,
                                   .most = 9,
                                   .worst = "open(1)",
                                   .bitmap_reason = "argument rule",
                                   .actions = {errno_action(EPERM)}},
                                  {}}}};
  return explanation;
}

TEST(ExplainReportTest, TheTextHasFindingsBackendsCallsAndListing) {
  const std::string text = to_text(sample(), {});
  EXPECT_THAT(text, HasSubstr("p.yaml: 1 rules\nnote: n\n\nFindings\n  - f\\x1b[31m\n"));
  EXPECT_THAT(text, HasSubstr("bpf      4       9 (read)    4 (read)          1 hit, 1 miss  1\n"));
  EXPECT_THAT(text, HasSubstr("  libseccomp:1  cannot: cannot do it\n"));
  EXPECT_THAT(text, HasSubstr("  read (0)  ALLOW     4 hit  hit: always allowed\n"));
  EXPECT_THAT(text, HasSubstr("  open (5)  ERRNO(EPERM)  5-9  miss: argument rule  1, 2  worst: open(1)\n"));
  EXPECT_THAT(text, HasSubstr(">    0  ld\n     1  ret  (unreachable)\n"));
}

TEST(ExplainReportTest, PartsCanBeLeftOut) {
  const std::string text = to_text(sample(), {.calls = false, .listing = false});
  EXPECT_THAT(text, Not(HasSubstr("read (0)")));
  EXPECT_THAT(text, Not(HasSubstr("Listing")));
}

TEST(ExplainReportTest, TheJsonHasEverything) {
  const std::string json = to_json(sample());
  EXPECT_THAT(json, HasSubstr("\"schema\": \"sandgauge.explain/1\""));
  EXPECT_THAT(json, HasSubstr("\"error\": \"cannot do it\""));
  EXPECT_THAT(json, HasSubstr("\"most\": 9,\n     \"exact\": true,\n     \"worst\": \"open(1)\""));
  EXPECT_THAT(json, HasSubstr("\"bitmap_hit\": true,\n     \"bitmap_reason\": \"always allowed\""));
  EXPECT_THAT(json, HasSubstr("\"ERRNO(EPERM)\"\n"));
  EXPECT_THAT(json, HasSubstr("\"unreachable\": [\n    1\n   ]"));
}

TEST(ExplainReportTest, BoundsThatAreNotExactAreMarked) {
  Explanation explanation = sample();
  explanation.calls[1].costs[0].exact = false;
  EXPECT_THAT(to_text(explanation, {}), HasSubstr("<= 9"));
}

}  // namespace
}  // namespace sandgauge::explain_report_test
