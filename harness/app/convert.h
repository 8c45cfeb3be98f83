// `sandgauge convert`: a profile of one format written in another.
#pragma once

#include <string>

#include "policy/format.h"

namespace sandgauge {

struct ConvertOptions {
  std::string input;
  ReadOptions read;
  ProfileFormat to = ProfileFormat::yaml;
  std::string output = "-";
};

/// The profile's text in a format; one that has no rules to write is compiled. Fails if that cannot be done.
Result<WrittenProfile> write_as(const Profile& profile, ProfileFormat to);

/// Writes the profile, reads it back, and compares the two by decision. Returns the process's exit code.
int convert(const ConvertOptions& options);

}  // namespace sandgauge
