// What `sandgauge check` found, for people.
//
//   std::string text = to_text(report, {.colour = true}, /*verbose=*/false);
//
// What differs from what is claimed comes first, then a table for each group, then what could not be tried and why. The last
// line is always "N yes, N no, N untested, N unknown". Nothing here fails.
#pragma once

#include <string>

#include "model/capability.h"
#include "report/style.h"

namespace sandgauge {

/// `verbose` adds to each capability what it means and the evidence of every column.
std::string to_text(const CapabilityReport& report, Style style, bool verbose);

/// A line for each: the id and the title.
std::string list_text(const std::vector<Capability>& capabilities);

}  // namespace sandgauge
