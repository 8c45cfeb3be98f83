// Profiles as the commands take them: any format, with what the reader noticed said on stderr.
#pragma once

#include <string>

#include "base/result.h"
#include "policy/format.h"

namespace sandgauge {

/// read_profile(), and a line on stderr for each note: "sandgauge: warning: p.json:3:9: unknown syscall 'unmae', ...". Notes
/// about other machines and about calls of unlisted architectures are nobody's mistake, and not said.
Result<Profile> read_profile_aloud(const std::string& path, const ReadOptions& options = {});

}  // namespace sandgauge
