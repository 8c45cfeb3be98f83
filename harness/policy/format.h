// Every format of profiles behind one door.
//
//   Result<Profile> profile = read_profile("default.json", {});        // recognised by its content
//   Result<Policy> policy = read_policy("default.json");               // only what it means
//   WrittenProfile json = *write_profile(*policy, ProfileFormat::oci);
//
// yaml      a policy of ours (policy/policy_yaml.h)
// oci       a runtime's or Docker's JSON (policy/oci_json.h)
// kafel     nsjail's language (policy/kafel.h)
// minijail  minijail0's lines (policy/minijail.h)
// env       the variables of cloudflare/sandbox (policy/env_list.h)
// bpf, hex, c   a compiled filter: bytes, hexadecimal, or a C array (policy/bpf_text.h). Profile::program is then set and
//               Profile::policy is not: recovering rules takes more than reading (evaluate/recover.h)
//
// Fails as the reader of the format does, with "file:line:column: what, what was expected".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/profile.h"

namespace sandgauge {

/// The words above.
std::string_view format_name(ProfileFormat format);
Result<ProfileFormat> parse_profile_format(std::string_view name);
/// What the text looks like; yaml if like nothing else, so that its reader says what is wrong.
ProfileFormat detect_format(std::string_view text);

struct ReadOptions {
  std::optional<ProfileFormat> from;  // unset: detect_format()
  ProfileContext context = default_context();
  std::string path = {};  // of the file, for what it includes (policy/include.h); without one, it may include nothing
};
/// The same options for this file; "-" is standard input, and has no path.
ReadOptions reading(ReadOptions options, const std::string& path);

Result<Profile> parse_profile(std::string_view text, const std::string& file, const ReadOptions& options = {});
/// The same for a file of at most 1 MiB; "-" is standard input.
Result<Profile> read_profile(const std::string& path, const ReadOptions& options = {});
/// Its policy, for those who have no place for notes: an unknown syscall or key is an error. This machine is the context.
/// `format`, if given, gets that of the file.
Result<Policy> read_policy(const std::string& path, ProfileFormat* format = nullptr);

/// A format of compiled filters.
bool is_raw(ProfileFormat format);
std::string write_program(const Program& program, ProfileFormat format);

/// Fails for the raw formats.
Result<WrittenProfile> write_profile(const Policy& policy, ProfileFormat format);

}  // namespace sandgauge
