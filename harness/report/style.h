// Colours for a terminal.
//
//   Style style{.colour = true};
//   style.paint(Status::fail, "FAIL") == "\x1b[31mFAIL\x1b[0m"
#pragma once

#include <string>
#include <string_view>

#include "model/verdict.h"

namespace sandgauge {

struct Style {
  bool colour = false;
  /// The text in the status's colour: PASS green, FAIL red, BROKEN magenta, SKIP yellow (ECMA-48, SGR).
  [[nodiscard]] std::string paint(Status status, std::string_view text) const;
};

}  // namespace sandgauge
