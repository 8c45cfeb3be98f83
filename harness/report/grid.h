// One suite as a table: a row for each subject, a column for each action, in a cell how many of its cases passed.
//
//   uname      KILL  ERRNO(EPERM)  LOG
//     getuid   3     2/3 F         skip
//     uname    3     3             -
//
// A number alone: so many cases, all passed. "2/3 F": 2 of 3 passed; F some failed, B some were broken, S some were
// skipped. "skip": all were skipped. "-": there are none. Nothing here fails.
#pragma once

#include <string>
#include <vector>

#include "report/details.h"
#include "report/style.h"

namespace sandgauge {

/// The suite's lines, each ended by '\n'. A suite of one row or one column is a single line, "uname  12 passed". A table
/// wider than `columns` bytes is cut into several, each with some of the actions; 0 means no limit.
std::string suite_grid(const Group& suite, Style style, int columns);

/// True if suite_grid() makes a table of it, not a single line.
bool has_grid(const Group& suite);

}  // namespace sandgauge
