#include "model/host.h"

#include <fmt/format.h>

namespace sandgauge {

std::string to_string(KernelVersion version) { return fmt::format("{}.{}", version.major, version.minor); }

}  // namespace sandgauge
