#include "app/profile_input.h"

#include <cstdio>

namespace sandgauge {

Result<Profile> read_profile_aloud(const std::string& path, const ReadOptions& options) {
  using About = ProfileNote::About;
  auto profile = read_profile(path, options);
  if (!profile) return profile;
  for (const ProfileNote& note : profile->notes) {
    if (note.about == About::other_architecture || note.about == About::unlisted) continue;
    fmt::print(stderr, "sandgauge: {}{}\n",
               note.about == About::resolved ? "" : "warning: ", in_place(*profile, note.place, note.text));
  }
  return profile;
}

}  // namespace sandgauge
