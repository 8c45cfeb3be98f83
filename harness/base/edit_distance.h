// How many slips of the keyboard are between two words, for "did you mean".
//
//   edit_distance("unmae", "uname") == 1
#pragma once

#include <cstddef>
#include <string_view>

namespace sandgauge {

/// The least number of insertions, deletions, replacements and exchanges of neighbours that make `b` of `a` (the optimal
/// string alignment distance). Takes time of a.size() * b.size(): cut what a user may have made long.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace sandgauge
