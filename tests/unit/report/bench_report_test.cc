#include "report/bench_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "report/bench_plots.h"

namespace sandgauge::bench_report_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

BenchRow row(const std::string& condition, Interval extra) {
  return {.id = "getppid/" + condition,
          .group = "calls",
          .call = "getppid",
          .condition = condition,
          .baseline = "getppid/none",
          .filters = 1,
          .batch = 1000,
          .samples = {80 + extra.median, 81 + extra.median},
          .cost = {80 + extra.median, 80, 99},
          .extra = extra};
}

Measurement sample() {
  Measurement made{.version = "1",
                   .title = "<t>",
                   .environment = {{"kernel", "6.1"}, {"cpus", "2"}},
                   .findings = {"f & g"},
                   .seed = 3,
                   .rounds = 2,
                   .seconds = 1.5,
                   .budget = 30,
                   .floor = 0.3};
  made.rows = {{.id = "getppid/none",
                .group = "calls",
                .call = "getppid",
                .condition = "none",
                .samples = {80, 81},
                .cost = {80, 79, 81}},
               row("A/A control", {-0.1, -0.3, 0.2}),
               row("allow-all x1", {9.4, 9, 9.9}),
               row("allow-all x4", {9.6, 9, 9.9}),
               row("argument rule x1", {25, 24, 26}),
               row("quiet", {-0.2, -0.4, 0.1}),
               row("ERRNO", {-60, -66, -55})};
  made.rows[1].control = true;
  made.rows[2].bitmap_hit = made.rows[3].bitmap_hit = true;
  made.rows[4].instructions = 5;
  made.rows[5].below_floor = true;
  made.rows[5].disturbed = {99};
  made.rows[5].shared_core = true;
  made.rows[5].resolution = 0.03;
  made.undisturbed_percent = 87.5;
  made.rows[6].answered = true;
  made.rows.push_back({.id = "getppid/KILL",
                       .group = "calls",
                       .call = "getppid",
                       .condition = "KILL",
                       .baseline = "getppid/none",
                       .problem = "the filter killed the process (SIGSYS)"});
  made.model = {.fitted = true,
                .entry = {9, 8, 10},
                .per_filter = {15, 14, 16},
                .per_instruction = {0.13, 0.12, 0.14},
                .rms = 0.5,
                .residuals = {{"getppid/argument rule x1", 25, 24.6}}};
  made.workload = {{.source = "w",
                    .calls = 7,
                    .entry = 1e-6,
                    .misses = 2e-6,
                    .low = 1e-6,
                    .high = 4e-6,
                    .by_call = {{"read", 7, "bitmap hit", 3e-6}},
                    .unknown = {"x"},
                    .unpriced = {"getppid/LOG"}}};
  made.strip = {{"read", 0, "ALLOW", true, true, 9, 9},
                {"futex", 202, "ALLOW", false, true, 212, 50},
                {"mkdir", 83, "KILL", false, false, 9, 9}};
  return made;
}

TEST(BenchReportTest, JsonGivesBackWhatWentIn) {
  Measurement written = sample();
  written.rows[2].samples[1] = std::nan("");
  Measurement read = read_measurement(to_json(written)).value();
  EXPECT_TRUE(std::isnan(read.rows[2].samples[1]));
  read.rows[2].samples[1] = written.rows[2].samples[1] = 0;
  EXPECT_EQ(read, written);
}

TEST(BenchReportTest, ReadingNamesTheFieldThatIsWrong) {
  const auto error = [](std::string from, std::string_view what, std::string_view with) {
    const std::size_t at = from.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return read_measurement(from.replace(at, what.size(), with)).error().message;
  };
  const std::string json = to_json(sample());
  EXPECT_EQ(error(json, "\"seed\": 3", "\"seed\": \"3\""), "seed: expected a whole number");
  EXPECT_EQ(error(json, "\"rounds\": 2,", ""), "rounds is missing");
  EXPECT_EQ(error(json, "\"control\": false", "\"control\": 1"), "rows[0].control: expected true or false");
  EXPECT_EQ(error(json, "\"rounds\": 2", "\"rounds\": 4294967298"), "rounds: expected a whole number");
  EXPECT_EQ(error(json, "\"rows\": [", "\"rows\": [7,"), "rows[0]: expected an object");
  EXPECT_THAT(error(json, "bench/1", "bench/9"), HasSubstr("expected the schema sandgauge.bench/1"));
  EXPECT_THAT(read_measurement("{").error().message, HasSubstr("not JSON"));
  EXPECT_THAT(read_measurement("[]").error().message, HasSubstr("not a run of sandgauge bench"));
}

TEST(BenchReportTest, ACostIsNeverNegative) {
  const Measurement made = sample();
  EXPECT_EQ(extra_words(made.rows[2]), "+9.40 ns [+9.00 ns, +9.90 ns]");
  EXPECT_EQ(extra_words(made.rows[5]), "below the noise floor [-0.40 ns, +0.10 ns]");
  EXPECT_EQ(extra_words(made.rows[6]), "60.0 ns less than the call itself, which is not made [-66.0 ns, -55.0 ns]");
  EXPECT_EQ(extra_words(made.rows[7]), "not measured: the filter killed the process (SIGSYS)");
}

TEST(BenchReportTest, TimesHaveThreeDigits) {
  EXPECT_EQ(nanoseconds(9.376), "9.38 ns");
  EXPECT_EQ(nanoseconds(72'345, true), "+72.3 us");
  EXPECT_EQ(nanoseconds(999.7), "1.00 us");
  EXPECT_EQ(nanoseconds(1.3e6), "1.30 ms");
  EXPECT_EQ(nanoseconds(2.5e9), "2.50 s");
  EXPECT_EQ(nanoseconds(std::nan("")), "-");
}

TEST(BenchReportTest, AnInvalidRunSaysSoInEveryForm) {
  Measurement made = sample();
  made.invalid = "the control";
  EXPECT_THAT(to_text(made), HasSubstr("INVALID: the control"));
  EXPECT_THAT(to_markdown(made), HasSubstr("**INVALID:** the control"));
  EXPECT_THAT(to_html(made), HasSubstr("Invalid: the control"));
  EXPECT_THAT(to_google(made), HasSubstr("\"sandgauge_invalid\": \"the control\""));
}

TEST(BenchReportTest, TextHasTheWorkloadTheModelAndTheGate) {
  Measurement made = sample();
  made.gate = {
      .baseline = "old.json", .rows = {{"getppid/x", 1.1, 1.3, {0.18, 0.15, 0.2}, true}}, .missing = {"getppid/y: gone"}};
  const std::string text = to_text(made);
  EXPECT_THAT(text, HasSubstr("Workload of w: 7 calls, 3.00 us more"));
  EXPECT_THAT(text, HasSubstr("b, per instruction    0.130 ns  [0.120, 0.140]"));
  EXPECT_THAT(text, HasSubstr("getppid/x  was 1.100  is 1.300  +18.0% [+15.0, +20.0]  REGRESSION"));
  EXPECT_THAT(text, HasSubstr("missing: getppid/y: gone"));
  EXPECT_THAT(text, HasSubstr("rows compared: 1, regressions: 1, missing: 1"));
}

TEST(BenchReportTest, GoogleHasARepetitionForEachRoundAndAnErrorForWhatFailed) {
  const std::string json = to_google(sample());
  EXPECT_THAT(json, HasSubstr("\"repetition_index\": 1"));
  EXPECT_THAT(json, HasSubstr("\"name\": \"getppid/allow-all x1_median\""));
  EXPECT_THAT(json, HasSubstr("\"error_message\": \"the filter killed the process (SIGSYS)\""));
}

TEST(BenchPlotsTest, MarksCarryTheirNumbers) {
  const std::string html = costs_plot(sample(), "getppid");
  EXPECT_THAT(html,
              HasSubstr("data-row=\"getppid/allow-all x1\" data-median=\"9.400\" data-low=\"9.000\" data-high=\"9.900\""));
  EXPECT_THAT(html, Not(HasSubstr("data-row=\"getppid/KILL\"")));
  EXPECT_EQ(costs_plot(sample(), "other"), "");
}

TEST(BenchPlotsTest, DepthAndLengthTakeTheRowsThatAreAboutThem) {
  EXPECT_THAT(depth_plot(sample()), HasSubstr("data-row=\"getppid/allow-all x4\""));
  EXPECT_THAT(length_plot(sample()), HasSubstr("data-row=\"getppid/argument rule x1\""));
  EXPECT_THAT(length_plot(sample()), Not(HasSubstr("allow-all")));
  EXPECT_EQ(depth_plot({}), "");
  EXPECT_EQ(length_plot({}), "");
}

TEST(BenchPlotsTest, TheStripHasACellForEachCall) {
  const std::string html = heat_strip(sample());
  EXPECT_THAT(html, HasSubstr("class=\"hit\" style=\"--heat:0.00\" data-call=\"read\" data-ns=\"9.000\""));
  EXPECT_THAT(html, HasSubstr("class=\"miss\" style=\"--heat:1.00\" data-call=\"futex\""));
  EXPECT_THAT(html, HasSubstr("class=\"answered\" data-call=\"mkdir\""));
  EXPECT_EQ(heat_strip({}), "");
}

TEST(BenchPlotsTest, WhatAFileSaysCannotBecomeMarkup) {
  Measurement made = sample();
  made.rows[2].condition = "<script>x1";
  made.rows[2].id = "\"><script>";
  made.environment = {{"<b>", "\x1b[31m"}};
  EXPECT_THAT(to_html(made), Not(HasSubstr("<script>")));
  EXPECT_THAT(to_html(made), Not(HasSubstr("<b>")));
  EXPECT_THAT(to_html(made), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace sandgauge::bench_report_test
