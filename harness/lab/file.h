// Whole files, read at once.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace sandgauge {

/// The first `most` bytes, or all there are. Fails naming the path.
Result<std::string> read_file(const std::string& path, std::size_t most);

}  // namespace sandgauge
