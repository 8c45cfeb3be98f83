#include "report/lint_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sandgauge::lint_report_test {
namespace {

const LintCheck kChecks[] = {{"open-twin", "A title", "An explanation."}, {"other", "Another", "More."}};

std::vector<LintFinding> sample() {
  LintFinding twin{.severity = Severity::high, .check = "open-twin", .message = "mkdirat is open", .line = 3, .column = 19};
  twin.witness = Call{.number = 258, .args = {1, 0x100000000}};
  twin.answer = Action{ActionKind::allow, 0};
  LintFinding low{.severity = Severity::low, .check = "other", .message = "a\nb"};
  return {twin, low};
}

TEST(LintReportTest, TextHasAPlaceAWordAndAWitness) {
  std::vector<LintFinding> findings = sample();
  EXPECT_EQ(lint_text("p.json", findings),
            "p.json:3:19: high: mkdirat is open [open-twin]\n    mkdirat(0x1, 0x100000000), x86_64: ALLOW\n"
            "p.json: low: a\\nb [other]\n2 findings: 1 high, 1 low\n");
  findings[0].live = Action{ActionKind::allow, 0};
  EXPECT_NE(lint_text("p.json", findings).find("ALLOW; this kernel: ALLOW\n"), std::string::npos);
  findings[0].live = Action{ActionKind::log, 0};
  EXPECT_NE(lint_text("p.json", findings).find("; this kernel: LOG, which is not what was expected\n"), std::string::npos);
  EXPECT_EQ(lint_text("p\n.json", {}), "p\\n.json: no findings\n");
}

TEST(LintReportTest, JsonHasTheSame) {
  const auto json = nlohmann::json::parse(lint_json("p\xff.json", sample(), kChecks));
  EXPECT_EQ(json["findings"][0]["severity"], "high");
  EXPECT_EQ(json["findings"][0]["explanation"], "An explanation.");
  EXPECT_EQ(json["findings"][0]["witness"]["call"], "mkdirat(0x1, 0x100000000)");
  EXPECT_EQ(json["findings"][0]["witness"]["answer"], "ALLOW");
  EXPECT_TRUE(json["findings"][1]["witness"].is_null());
}

TEST(LintReportTest, SarifIsWhatCodeHostsRead) {
  const auto json =
      nlohmann::json::parse(lint_sarif("dir/a b.json", "{\n\n    \"\u00e4\U0001f600\", \"x\"}", sample(), kChecks));
  EXPECT_EQ(json["version"], "2.1.0");
  const auto& run = json["runs"].at(0);
  EXPECT_EQ(run["tool"]["driver"]["name"], "sandgauge");
  EXPECT_EQ(run["tool"]["driver"]["rules"].at(0)["id"], "open-twin");
  const auto& result = run["results"].at(0);
  EXPECT_EQ(result["ruleId"], "open-twin");
  EXPECT_EQ(result["ruleIndex"], 0);
  EXPECT_EQ(result["level"], "error");
  const auto& place = result["locations"].at(0)["physicalLocation"];
  EXPECT_EQ(place["artifactLocation"]["uri"], "dir/a%20b.json");
  EXPECT_EQ(place["region"]["startLine"], 3);
  EXPECT_EQ(place["region"]["startColumn"], 15);  // in characters; in bytes it is 19
  EXPECT_EQ(run["columnKind"], "unicodeCodePoints");
  EXPECT_FALSE(run["results"].at(1)["locations"].at(0)["physicalLocation"].contains("region"));
  EXPECT_EQ(run["results"].at(1)["level"], "note");
  EXPECT_EQ(run["results"].at(1)["ruleIndex"], 1);
}

TEST(LintReportTest, SarifNamesAFileByItsUri) {
  const auto uri = [](std::string_view file) {
    const auto json = nlohmann::json::parse(lint_sarif(file, "", sample(), kChecks));
    const auto& place = json["runs"].at(0)["results"].at(0)["locations"].at(0)["physicalLocation"];
    EXPECT_EQ(place["region"]["startColumn"], 1);  // the text has no such line
    return place["artifactLocation"]["uri"].get<std::string>();
  };
  EXPECT_EQ(uri("/etc/a:b#c.json"), "file:///etc/a%3Ab%23c.json");
  EXPECT_EQ(uri("../p.json"), "../p.json");
}

}  // namespace
}  // namespace sandgauge::lint_report_test
