#include "report/comparison.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <nlohmann/json.hpp>

namespace sandgauge::comparison_test {
namespace {

ActSeen act_of(ActRole role, const char* name, ActEnd end, int error = 0) {
  return {.role = role, .name = name, .end = end, .error = error};
}

IntentSeen intent_of(Fit fit, std::vector<ActSeen> acts) {
  IntentSeen intent{.id = "deny-mkdir", .sentence = "No new <directories>."};
  intent.pairings.push_back({.sandbox = Sandbox::none, .acts = {act_of(ActRole::act, "", ActEnd::done)}});
  intent.pairings.push_back({.sandbox = Sandbox::seccomp, .fit = fit, .why = "calls | numbers", .acts = std::move(acts)});
  return intent;
}

TEST(ComparisonTest, ACellSaysWhatGetsThroughAndWhatElseIsStopped) {
  const IntentSeen intent = intent_of(
      Fit::partly,
      {act_of(ActRole::act, "", ActEnd::denied, EPERM), act_of(ActRole::variant, "io_uring", ActEnd::done),
       act_of(ActRole::variant, "x32", ActEnd::not_here), act_of(ActRole::control, "rmdir", ActEnd::denied, EACCES)});
  EXPECT_EQ(cell_of_pairing(intent, intent.pairings[0]), "done");
  EXPECT_EQ(cell_of_pairing(intent, intent.pairings[1]), "partly EPERM -1 +1");
  const IntentSeen full = intent_of(Fit::yes, {{.role = ActRole::act, .end = ActEnd::killed, .signal = SIGSYS}});
  EXPECT_EQ(cell_of_pairing(full, full.pairings[1]), "yes SIGSYS");
}

TEST(ComparisonTest, ARecordThatIsMissingIsAVariantThatGetsThrough) {
  IntentSeen intent =
      intent_of(Fit::partly, {act_of(ActRole::act, "", ActEnd::done), act_of(ActRole::variant, "a", ActEnd::done)});
  intent.record = true;
  intent.pairings[1].acts[0].record = "audit 1326";
  EXPECT_EQ(cell_of_pairing(intent, intent.pairings[1]), "partly -1");
  intent.pairings[1].acts[1].record = "audit 1326";
  EXPECT_EQ(cell_of_pairing(intent, intent.pairings[1]), "partly");
  intent.pairings[1].acts[1].named = false;
  EXPECT_EQ(cell_of_pairing(intent, intent.pairings[1]), "partly -1");
}

TEST(ComparisonTest, WhatCannotBeSaidAndWhatIsNotHereAreTwoThings) {
  IntentSeen intent = intent_of(Fit::no, {});
  EXPECT_EQ(cell_of_pairing(intent, intent.pairings[1]), "no");
  intent.pairings[1].fit = Fit::absent;
  EXPECT_EQ(cell_of_pairing(intent, intent.pairings[1]), "not here");
}

Comparison whole() {
  Comparison comparison{.kernel = "6.1", .user = "root", .counted = true};
  comparison.intents.push_back(intent_of(
      Fit::partly, {act_of(ActRole::act, "", ActEnd::denied, EPERM), act_of(ActRole::variant, "io_uring", ActEnd::done)}));
  comparison.traits.push_back(
      {.sandbox = Sandbox::seccomp, .here = true, .unprivileged = "yes", .lifted_inside = "no", .lifted_outside = "no"});
  comparison.costs.push_back(
      {.sandbox = Sandbox::seccomp, .setting = "1 rule", .call = "getppid", .base = 344, .extra = 146});
  return comparison;
}

TEST(ComparisonTest, JsonHasEveryAct) {
  const auto document = nlohmann::json::parse(comparison_json(whole()));
  EXPECT_EQ(document["schema"], "sandgauge.compare/1");
  EXPECT_EQ(document["unit"], "instructions");
  const auto& pairing = document["intents"][0]["pairings"][1];
  EXPECT_EQ(pairing["fit"], "partly");
  EXPECT_EQ(pairing["acts"][0]["errno"], "EPERM");
  EXPECT_EQ(pairing["acts"][1]["end"], "done");
  EXPECT_EQ(document["costs"][0]["extra"], 146);
  EXPECT_EQ(document["sandboxes"][0]["unprivileged"], "yes");
}

TEST(ComparisonTest, TextMarkdownAndPageNameTheException) {
  EXPECT_NE(comparison_text(whole(), {}).find("deny-mkdir  done  partly EPERM -1"), std::string::npos);
  EXPECT_NE(comparison_text(whole(), {}).find("variant io_uring: done"), std::string::npos);
  const std::string markdown = comparison_markdown(whole());
  EXPECT_NE(markdown.find("| seccomp | partly | EPERM | gets through: io\\_uring |  | calls \\| numbers |"),
            std::string::npos)
      << markdown;
  const std::string page = comparison_html(whole());
  EXPECT_NE(page.find("No new &lt;directories&gt;."), std::string::npos);
  EXPECT_EQ(page.find("<directories>"), std::string::npos);
}

}  // namespace
}  // namespace sandgauge::comparison_test
