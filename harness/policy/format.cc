#include "policy/format.h"

#include "policy/number.h"
#include "policy/oci_json.h"
#include "policy/oci_write.h"
#include "policy/policy_yaml.h"
#include "policy/yaml_reader.h"

namespace sandgauge {
namespace {

struct Named {
  ProfileFormat format;
  std::string_view name;
};
constexpr Named kFormats[] = {{ProfileFormat::yaml, "yaml"}, {ProfileFormat::oci, "oci"}};

std::string_view without_space(std::string_view text) {
  const auto start = text.find_first_not_of(" \t\r\n");
  return start == std::string_view::npos ? std::string_view() : text.substr(start);
}

}  // namespace

std::string_view format_name(ProfileFormat format) {
  for (const Named& named : kFormats)
    if (named.format == format) return named.name;
  return "?";
}

Result<ProfileFormat> parse_profile_format(std::string_view name) {
  std::string names;
  for (const Named& named : kFormats) {
    if (named.name == name) return named.format;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", named.name);
  }
  return fail("unknown format {}, expected one of {}", shown(name), names);
}

ProfileFormat detect_format(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a byte order mark
  text = without_space(text);
  // A policy of ours can be a map in braces too, but hardly anybody puts its keys in quotes.
  if (text.starts_with('{') && without_space(text.substr(1)).starts_with('"')) return ProfileFormat::oci;
  return ProfileFormat::yaml;
}

Result<Profile> parse_profile(std::string_view text, const std::string& file, const ReadOptions& options) {
  switch (options.from.value_or(detect_format(text))) {
    case ProfileFormat::oci: return parse_oci(text, file, options.context);
    default: return parse_yaml_profile(text, file);
  }
}

Result<Profile> read_profile(const std::string& path, const ReadOptions& options) {
  const auto text = read_text(path);
  if (!text) return fail(text.error());
  return parse_profile(*text, shown_name(path), options);
}

Result<Policy> read_policy(const std::string& path) {
  auto profile = read_profile(path);
  if (!profile) return fail(profile.error());
  for (const ProfileNote& note : profile->notes)
    if (note.about == ProfileNote::About::unknown_syscall || note.about == ProfileNote::About::unknown_key ||
        note.about == ProfileNote::About::inexact)
      return fail("{}", in_place(*profile, note.place, note.text));
  return std::move(profile->policy);
}

Result<WrittenProfile> write_profile(const Policy& policy, ProfileFormat format) {
  switch (format) {
    case ProfileFormat::yaml: return WrittenProfile{to_yaml(policy), {}};
    case ProfileFormat::oci: return to_oci(policy);
    default: return fail("a policy cannot be written as {}", format_name(format));
  }
}

}  // namespace sandgauge
