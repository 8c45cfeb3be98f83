// Profiles as the commands take them: any format, with what the reader noticed said on stderr.
//
//   add_profile_options(*command, options->read);                       // --from, --kernel, --caps, --machine
//   Result<ReadOptions> read = understand(options->read);               // "--caps: unknown capability ..."
//   Result<Profile> profile = read_profile_aloud("default.json", *read);
#pragma once

#include <string>

#include "base/result.h"
#include "evaluate/changes.h"
#include "policy/format.h"

namespace CLI {
class App;
}

namespace sandgauge {

/// The words of the options that say how a profile is to be read.
struct ProfileWords {
  std::string from;
  std::string kernel;
  std::string caps;
  std::string machine;
};
void add_profile_options(CLI::App& command, ProfileWords& words);
Result<ReadOptions> understand(const ProfileWords& words);

/// A compiled filter gets the rules that can be recovered from it, and a note for each call that has none. Fails for a
/// filter that the kernel would refuse.
Result<void> recover_rules(Profile& profile, const ProfileContext& context);

/// read_profile() and recover_rules(), and a line on stderr for each note: "sandgauge: warning: p.json:3:9: unknown syscall
/// 'unmae', ...". Notes about other machines and about calls of unlisted architectures are nobody's mistake, and not said.
Result<Profile> read_profile_aloud(const std::string& path, const ReadOptions& options = {});
Result<Profile> parse_profile_aloud(std::string_view text, const std::string& file, const ReadOptions& options);

/// The calls that two profiles answer differently. A raw filter answers for itself, all else by its rules.
Result<std::vector<Change>> changes_between(const Profile& before, const Profile& after);
/// What a profile answers.
Result<Decide> decisions_of(const Profile& profile);

}  // namespace sandgauge
