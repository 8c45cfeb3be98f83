#include "report/grid.h"

#include <gtest/gtest.h>

#include "samples.h"

namespace sandgauge::grid_test {
namespace {

std::string grid(const std::vector<CaseResult>& results, int columns = 0, bool colour = false) {
  std::vector<const CaseResult*> all;
  for (const CaseResult& result : results) all.push_back(&result);
  return suite_grid({"calls", all}, Style{colour}, columns);
}

CaseResult in_cell(std::string subject, std::string action, Status status) {
  return with_status(passing("calls", std::move(subject), std::move(action)), status, Cause::none, "");
}

TEST(GridTest, EveryKindOfCell) {
  EXPECT_EQ(grid({
                in_cell("uname", "KILL", Status::pass),
                in_cell("uname", "KILL", Status::pass),
                in_cell("uname", "TRAP", Status::pass),
                in_cell("uname", "TRAP", Status::fail),
                in_cell("uname", "LOG", Status::skip),
                in_cell("uname", "LOG", Status::skip),
                in_cell("getuid", "KILL", Status::fail),
                in_cell("getuid", "KILL", Status::broken),
                in_cell("getuid", "KILL", Status::skip),
                in_cell("getuid", "LOG", Status::pass),
                in_cell("getuid", "LOG", Status::skip),
            }),
            "calls     KILL     TRAP   LOG\n"
            "  uname   2        1/2 F  skip\n"
            "  getuid  0/3 FBS  -      1/2 S\n");
}

TEST(GridTest, ActionsStandInTheirCanonicalOrderAndOthersLast) {
  std::vector<CaseResult> results;
  for (const char* action :
       {"NOTIFY", "?", "ALLOW", "ERRNO(EPERM)", "TRACE(7)", "LOG", "ERRNO(ENOSYS)", "TRAP(3)", "KILL_PROCESS", "-", "KILL"})
    results.push_back(in_cell("a", action, Status::pass));
  results.push_back(in_cell("b", "KILL", Status::pass));
  const std::string text = grid(results);
  EXPECT_EQ(text.substr(0, text.find('\n')),
            "calls  KILL  KILL_PROCESS  TRAP(3)  ERRNO(EPERM)  ERRNO(ENOSYS)  TRACE(7)  LOG  ALLOW  NOTIFY  ?  -");
}

TEST(GridTest, ATableThatIsTooWideIsCutBetweenColumns) {
  const std::vector<CaseResult> results = {
      in_cell("uname", "KILL", Status::pass),
      in_cell("uname", "KILL_PROCESS", Status::pass),
      in_cell("uname", "TRAP", Status::pass),
      in_cell("mkdir", "TRAP", Status::fail),
  };
  const std::string whole =
      "calls    KILL  KILL_PROCESS  TRAP\n"
      "  uname  1     1             1\n"
      "  mkdir  -     -             0/1 F\n";
  EXPECT_EQ(grid(results, 34), whole);
  EXPECT_EQ(grid(results, 33),
            "calls    KILL  KILL_PROCESS\n"
            "  uname  1     1\n"
            "  mkdir  -     -\n"
            "\n"
            "calls    TRAP\n"
            "  uname  1\n"
            "  mkdir  0/1 F\n");
  EXPECT_EQ(grid(results, 0), whole);
}

TEST(GridTest, ATerminalNarrowerThanOneColumnStillShowsEach) {
  const std::string text = grid({in_cell("uname", "KILL", Status::pass), in_cell("mkdir", "TRAP", Status::pass)}, 1);
  EXPECT_EQ(text,
            "calls    KILL\n  uname  1\n  mkdir  -\n"
            "\n"
            "calls    TRAP\n  uname  -\n  mkdir  1\n");
}

TEST(GridTest, OneRowOrOneColumnIsASingleLine) {
  EXPECT_EQ(grid({in_cell("uname", "KILL", Status::pass), in_cell("uname", "TRAP", Status::pass)}), "calls  2 passed\n");
  EXPECT_EQ(grid({in_cell("a", "KILL", Status::pass), in_cell("b", "KILL", Status::fail), in_cell("c", "KILL", Status::skip),
                  in_cell("d", "KILL", Status::broken)}),
            "calls  1 passed, 1 failed, 1 broken, 1 skipped\n");
}

TEST(GridTest, ColourDoesNotShiftColumns) {
  const std::string text = grid({in_cell("uname", "KILL", Status::fail), in_cell("uname", "TRAP", Status::pass),
                                 in_cell("b", "LOG", Status::skip), in_cell("b", "TRAP", Status::broken)},
                                0, true);
  EXPECT_EQ(text,
            "calls    KILL   TRAP   LOG\n"
            "  uname  \x1b[31m0/1 F\x1b[0m  \x1b[32m1\x1b[0m      -\n"
            "  b      -      \x1b[35m0/1 B\x1b[0m  \x1b[33mskip\x1b[0m\n");
}

}  // namespace
}  // namespace sandgauge::grid_test
