#include "report/matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandgauge::matrix_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Matrix two_kernels() {
  Matrix matrix{.command = "run conformance"};
  add_column(matrix, "5.10",
             {{"a/same", {"PASS", ""}},
              {"a/skip", {"SKIP", "needs Linux 5.19 <here>"}},
              {"b/fail", {"PASS", ""}},
              {"b/gone", {"PASS", ""}}});
  add_column(matrix, "6.1",
             {{"a/same", {"PASS", ""}}, {"a/skip", {"PASS", ""}}, {"b/fail", {"FAIL", "exit 3"}}, {"c/new", {"PASS", ""}}});
  return matrix;
}

TEST(MatrixTest, ARunsReportIsRead) {
  const auto cells = read_matrix_column(
      R"({"results": [{"id": "a/b", "status": "SKIP", "reason": "why"}, {"id": "c", "status": "PASS"}]})");
  ASSERT_TRUE(cells);
  EXPECT_EQ(cells->at("a/b"), (MatrixCell{"SKIP", "why"}));
  EXPECT_EQ(cells->at("c"), (MatrixCell{"PASS", ""}));
}

TEST(MatrixTest, AChecksReportIsReadWithItsValues) {
  const auto cells = read_matrix_column(
      R"({"capabilities": [{"id": "x", "works": {"standing": "yes", "evidence": "seen"}, "value": "80/24"},
                                            {"id": "y", "works": {"standing": "untested", "evidence": "e"}, "reason": "no root"}, {"id": "z"}]})");
  ASSERT_TRUE(cells);
  EXPECT_EQ(cells->at("x"), (MatrixCell{"yes 80/24", "seen"}));
  EXPECT_EQ(cells->at("y"), (MatrixCell{"untested", "no root"}));
  EXPECT_EQ(cells->at("z"), MatrixCell{});
}

TEST(MatrixTest, WhatIsNoReportIsRefused) {
  for (const char* text :
       {"", "{", "[]", "{\"results\": 1}", "{\"results\": [1]}", "{\"results\": [{}]}", "{\"capabilities\": {}}"})
    EXPECT_FALSE(read_matrix_column(text)) << text;
}

TEST(MatrixTest, RowsThatDifferAreFoundAndAMissingRowDiffers) {
  EXPECT_THAT(differing_rows(two_kernels()), ElementsAre("a/skip", "b/fail", "b/gone", "c/new"));
}

TEST(MatrixTest, AKernelWithoutAReportMakesNoDifference) {
  Matrix matrix = two_kernels();
  const auto before = differing_rows(matrix);
  add_column(matrix, "7.2", {}, "the kernel panicked");
  EXPECT_EQ(differing_rows(matrix), before);
  EXPECT_THAT(matrix_text(matrix, {}, false), HasSubstr("3. 7.2  BROKEN: the kernel panicked"));
}

TEST(MatrixTest, TheTextHasDifferencesWorstFirstAndFoldsTheRest) {
  const std::string text = matrix_text(two_kernels(), {}, false);
  EXPECT_EQ(text,
            "run conformance on 2 kernels\n\n"
            "1. 5.10  3 PASS, 1 SKIP\n"
            "2. 6.1  1 FAIL, 3 PASS\n\n"
            "PASS    FAIL     1 row\n    b/fail\n      6.1: exit 3\n\n"
            "-       PASS     1 row\n    c/new\n\n"
            "PASS    -        1 row\n    b/gone\n\n"
            "SKIP    PASS     1 row\n    a/skip\n      5.10: needs Linux 5.19 <here>\n\n"
            "4 of 5 rows differ; the same on all: 1 PASS\n");
  EXPECT_THAT(matrix_text(two_kernels(), {}, true), HasSubstr("    a/same\n"));
}

TEST(MatrixTest, TheJsonHasEveryCell) {
  const std::string text = matrix_json(two_kernels());
  EXPECT_THAT(text, HasSubstr("\"differing\": 4"));
  EXPECT_THAT(text, HasSubstr("\"word\": \"FAIL\""));
}

TEST(MatrixTest, ThePageEscapesWhatItShows) {
  const std::string text = matrix_html(two_kernels());
  EXPECT_THAT(text, HasSubstr("needs Linux 5.19 &lt;here&gt;"));
  EXPECT_THAT(text, HasSubstr("<td class=\"poor\" title=\"exit 3\">FAIL</td>"));
  EXPECT_THAT(text, Not(HasSubstr("a/same")));
}

}  // namespace
}  // namespace sandgauge::matrix_test
