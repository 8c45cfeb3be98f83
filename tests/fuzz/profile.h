// What must hold for any profile.
#pragma once

#include <string_view>

#include "policy/profile.h"

namespace sandgauge::fuzz {

/// Reads the text as a profile of this format. If that goes well: reading it again gives the same; written in every format
/// and read back it still means the same, unless the writer said that something was lost; our compiler's filter answers as
/// the rules do; and a compiled filter is one that try_program() likes.
void try_profile(std::string_view text, ProfileFormat format);

}  // namespace sandgauge::fuzz
