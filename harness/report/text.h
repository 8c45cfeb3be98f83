// A run's report for people.
//
//   std::string text = to_text(report, /*colour=*/isatty(1), /*columns=*/80);
//
// First what the run was and its notes, then each suite as a table (grid.h), then every FAIL and BROKEN in full, the cases
// whose iterations differ, the skips by reason, and what --mutate found. The last line is always
// "N passed, N failed, N broken, N skipped", without colour; if the run was ended early the line before it is
// "interrupted: N cases not run". Nothing here fails.
#pragma once

#include <string>

#include "model/verdict.h"

namespace sandgauge {

/// `columns` is the width that tables are fitted into, in bytes; 0 means no limit.
std::string to_text(const Report& report, bool colour, int columns);

}  // namespace sandgauge
