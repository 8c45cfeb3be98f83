// An explanation of a policy as text for people and as JSON.
//
//   to_text(explanation, {.listing = false})      // findings, backends and calls
//   to_json(explanation)                          // all of it, schema "sandgauge.explain/1" (docs/report-formats.md)
//
// Nothing here fails: bytes that are not UTF-8 are shown or replaced.
#pragma once

#include <string>

#include "model/explanation.h"

namespace sandgauge {

/// Which parts the text has.
struct ExplainParts {
  bool summary = true;
  bool calls = true;
  bool listing = true;
};

std::string to_text(const Explanation& explanation, ExplainParts parts);
std::string to_json(const Explanation& explanation);

}  // namespace sandgauge
