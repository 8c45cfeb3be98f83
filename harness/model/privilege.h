// The names of Linux's capabilities (capabilities(7)). What this project's `check` calls a capability is another thing: see
// model/capability.h.
//
//   privilege_names()[21] == "CAP_SYS_ADMIN"
#pragma once

#include <span>
#include <string_view>

namespace sandgauge {

/// By bit, from linux/capability.h.
std::span<const std::string_view> privilege_names();

}  // namespace sandgauge
