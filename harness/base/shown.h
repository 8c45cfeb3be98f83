// Somebody else's text in a message: as much of it as helps, on one line, and nothing that a terminal would obey.
//
//   return fail("found {}, expected a number", shown(word));     // found 'a\x1b', expected a number
#pragma once

#include <string>
#include <string_view>

namespace sandgauge {

/// `'text'`: at most 60 bytes of it, control characters as \x1b; "..." for the rest.
std::string shown(std::string_view text);

}  // namespace sandgauge
