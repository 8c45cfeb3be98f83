// A comparison of sandboxes as a matrix that is read in a minute, and all that was seen behind it.
//
//   std::string text = comparison_text(comparison, {.colour = false});
//   std::string page = comparison_markdown(comparison);
//
// JSON is schema "sandgauge.compare/1" (docs/report-formats.md). Nothing here fails.
#pragma once

#include <string>

#include "model/comparison.h"
#include "report/style.h"

namespace sandgauge {

std::string comparison_text(const Comparison& comparison, Style style);
std::string comparison_json(const Comparison& comparison);
std::string comparison_markdown(const Comparison& comparison);
/// One page that needs nothing else.
std::string comparison_html(const Comparison& comparison);

/// "EPERM", "SIGSYS", "done", "not here", "not tried": how an act ended, in a word.
std::string word_of_act(const ActSeen& act);
/// "yes", "partly: mkdir elsewhere stopped", "partly: io_uring gets through", "not here": a cell of the matrix.
std::string cell_of_pairing(const IntentSeen& intent, const Pairing& pairing);

}  // namespace sandgauge
