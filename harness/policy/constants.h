// The constants that people write in argument tests.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sandgauge {

/// O_RDONLY, PROT_EXEC, AF_UNIX, CLONE_NEWUSER, ...; also names of errnos and signals. x86_64's values.
std::optional<std::uint64_t> constant_value(std::string_view name);

}  // namespace sandgauge
