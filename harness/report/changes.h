// What differs between two policies, as text and as JSON.
//
//   x86_64: ALLOW -> ERRNO(EPERM)
//       mkdir mkdirat
//   x86_64: ALLOW -> KILL, for some arguments
//       write(0x1)
//   x32: KILL_PROCESS -> KILL
//       every call
//
// Nothing here fails.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/change.h"

namespace sandgauge {

/// Grouped by ABI and actions; empty if there are no changes.
std::string changes_text(const std::vector<Change>& changes);
/// {"a": ..., "b": ..., "same": false, "changes": [...]}, ended by a line end.
std::string changes_json(const std::vector<Change>& changes, std::string_view name_a, std::string_view name_b);

/// "write(0x1, 0x0, 0x3)": with the arguments up to the last that is not 0.
std::string call_text(const Call& call);

}  // namespace sandgauge
