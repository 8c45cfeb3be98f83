// The four formats of what `sandgauge check` found.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capability_samples.h"
#include "report/capabilities_json.h"
#include "report/capabilities_nfd.h"
#include "report/capabilities_results.h"
#include "report/capabilities_text.h"
#include "report/tap.h"

namespace sandgauge::capabilities_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(CapabilitiesTextTest, PutsWhatDiffersFirstAndTheTotalsLast) {
  EXPECT_EQ(to_text(sample_capabilities(), {}, false),
            "sandgauge 1.2.3, Linux 6.1.0 x86_64, root\n"
            "note: a note\n"
            "\n"
            "The columns differ:\n"
            "  a.claimed_only: claimed yes (CONFIG_B=y); works no (it did not)\n"
            "\n"
            "a                 claimed     advertised  works       value\n"
            "  a.works         yes         yes         yes         7\n"
            "  a.claimed_only  yes         -           no\n"
            "\n"
            "b                 claimed     advertised  works       value\n"
            "  b.untested      unknown     -           untested    odd value/with:stuff-\n"
            "\n"
            "Untested, which does not mean no:\n"
            "  b.untested\n"
            "    needs CAP_X\n"
            "\n"
            "1 yes, 1 no, 1 untested, 0 unknown\n");
}

TEST(CapabilitiesTextTest, ShowsAllEvidenceWhenAskedForIt) {
  const std::string text = to_text(sample_capabilities(), {}, true);
  for (const char* part : {"it works. Something.", "since       Linux 5.13", "claimed     yes: CONFIG_A=y",
                           "advertised  yes: a(2) says so", "works       yes: it did", "source      a(2)"})
    EXPECT_THAT(text, HasSubstr(part));
}

TEST(CapabilitiesTextTest, LetsNoControlCharacterThrough) {
  EXPECT_THAT(to_text(sample_capabilities(), {}, true), Not(HasSubstr("\x1b")));
}

TEST(CapabilitiesTextTest, ColoursOnlyWhenAskedTo) {
  const std::string text = to_text(sample_capabilities(), {.colour = true}, false);
  EXPECT_THAT(text, HasSubstr("\x1b[32myes\x1b[0m"));
  EXPECT_THAT(text, HasSubstr("\x1b[31mno\x1b[0m"));
  EXPECT_THAT(text, HasSubstr("\x1b[33muntested\x1b[0m"));
}

TEST(CapabilitiesTextTest, ListsAnIdAndATitleInEachLine) {
  EXPECT_EQ(list_text(sample_capabilities().capabilities),
            "a.works         it works\na.claimed_only  it is claimed\nb.untested      not tried\n");
}

TEST(CapabilitiesJsonTest, ComesBackAsItWas) {
  CapabilityReport report = sample_capabilities();
  const auto back = read_capabilities(to_json(report), "x");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->kernel, "6.1.0");
  EXPECT_EQ(back->user, "root");
  EXPECT_TRUE(drift_between(report.capabilities, back->capabilities).empty());
  ASSERT_EQ(back->capabilities.size(), 3U);
  EXPECT_EQ(back->capabilities[0].works, report.capabilities[0].works);
  EXPECT_EQ(back->capabilities[1].works, report.capabilities[1].works);
  EXPECT_EQ(back->capabilities[2].reason, report.capabilities[2].reason);
}

TEST(CapabilitiesJsonTest, WritesBytesThatAreNoUtf8) {
  CapabilityReport report = sample_capabilities();
  report.capabilities[0].works.evidence = "\xff\xfe";
  EXPECT_TRUE(read_capabilities(to_json(report), "x"));
}

TEST(CapabilitiesJsonTest, RefusesWhatItWouldNotWriteAndNamesThePlace) {
  const std::string good = to_json(sample_capabilities());
  const auto changed = [&good](const std::string& from, const std::string& to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  const struct {
    std::string text;
    const char* complaint;
  } bad[] = {
      {"", "old.json: not JSON"},
      {"{", "not JSON"},
      {"[]", "expected an object with schema"},
      {"7", "expected an object with schema"},
      {"{}", "old.json: schema: is missing"},
      {std::string(100'000, '['), "JSON nested deeper than 16 levels"},
      {std::string("{\"schema\": \"\0\"}", 15), "not JSON"},
      {"{\"schema\": \"\xff\"}", "not JSON"},
      {changed("sandgauge.check/1", "sandgauge.run/1"), "schema: expected 'sandgauge.check/1', found 'sandgauge.run/1'"},
      {changed("\"standing\": \"no\"", "\"standing\": \"maybe\""),
       "capabilities[1].works.standing: expected none, yes, no, unknown or untested, found 'maybe'"},
      {changed("\"standing\": \"no\"", "\"standing\": 1"), "capabilities[1].works.standing: expected a text"},
      {changed("\"id\": \"a.claimed_only\"", "\"id\": \"a.works\""), "capabilities[1].id: 'a.works' is there twice"},
      {changed("\"id\": \"a.works\"", "\"id\": null"), "capabilities[0].id: expected a text"},
      {changed("\"value\": \"7\"", "\"volume\": \"7\""), "capabilities[0].value: is missing"},
      {changed("\"works\": {", "\"works\": 3, \"was\": {"), "capabilities[0].works: expected an object"},
      {good.substr(0, good.size() / 2), "not JSON"},
      {good + "x", "not JSON"},
  };
  for (const auto& [text, complaint] : bad) {
    const auto report = read_capabilities(text, "old.json");
    ASSERT_FALSE(report) << complaint;
    EXPECT_THAT(report.error().message, HasSubstr(complaint));
  }
}

TEST(CapabilitiesJsonTest, TakesFieldsOfALaterVersion) {
  std::string text = to_json(sample_capabilities());
  text.replace(text.find("\"id\""), 4, "\"later\": [1], \"id\"");
  EXPECT_TRUE(read_capabilities(text, "x"));
}

TEST(CapabilitiesNfdTest, WritesLabelsThatKubernetesTakes) {
  const std::string prefix = "sandgauge.feature.node.kubernetes.io/";
  EXPECT_EQ(to_nfd(sample_capabilities()), "# sandgauge 1.2.3, Linux 6.1.0 x86_64, root\n" + prefix + "a.works=true\n" +
                                               prefix + "a.works.value=7\n" + prefix + "a.claimed_only=false\n" + prefix +
                                               "b.untested=untested\n" + prefix + "b.untested.value=odd_value_with_stuff\n");
}

TEST(CapabilitiesNfdTest, CutsALabelToWhatIsAllowed) {
  CapabilityReport report = sample_capabilities();
  report.capabilities[0].value = std::string(62, 'x') + "-yz";
  EXPECT_THAT(to_nfd(report), HasSubstr("a.works.value=" + std::string(62, 'x') + "\n"));
}

std::vector<Status> statuses(const Report& report) {
  std::vector<Status> result;
  for (const CaseResult& one : report.results) result.push_back(one.verdict.status);
  return result;
}

TEST(CapabilitiesAsRunTest, TakesALackForASkip) {
  EXPECT_THAT(statuses(as_run(sample_capabilities(), {}, {})), ElementsAre(Status::pass, Status::skip, Status::skip));
}

TEST(CapabilitiesAsRunTest, TakesAnUnmetRequirementAndADriftForAFailure) {
  const Report run = as_run(sample_capabilities(), {"b.untested"},
                            {{"a.works", "a.works: the value was '6', is '7'"}, {"gone", "gone: is not known any more"}});
  EXPECT_THAT(statuses(run), ElementsAre(Status::fail, Status::skip, Status::fail, Status::fail));
  EXPECT_EQ(run.results[2].verdict.reason, "required, but untested: needs CAP_X");
  EXPECT_EQ(run.results[3].id, "gone");
  EXPECT_THAT(to_tap(run), HasSubstr("not ok 1 - a.works\n"));
}

TEST(CapabilitiesAsRunTest, KeepsBothReasonsOfOneFailure) {
  const Report run = as_run(sample_capabilities(), {"a.claimed_only"}, {{"a.claimed_only", "drifted"}});
  EXPECT_THAT(run.results[1].verdict.reason, HasSubstr("required, but no"));
  EXPECT_THAT(run.results[1].verdict.reason, HasSubstr("; drifted"));
}

}  // namespace
}  // namespace sandgauge::capabilities_test
