#include "policy/format.h"

#include <algorithm>
#include <cctype>

#include "base/shown.h"
#include "policy/bpf_text.h"
#include "policy/env_list.h"
#include "policy/include.h"
#include "policy/kafel.h"
#include "policy/minijail.h"
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
constexpr Named kFormats[] = {{ProfileFormat::yaml, "yaml"},   {ProfileFormat::oci, "oci"},
                              {ProfileFormat::kafel, "kafel"}, {ProfileFormat::minijail, "minijail"},
                              {ProfileFormat::env, "env"},     {ProfileFormat::bpf, "bpf"},
                              {ProfileFormat::bpf_hex, "hex"}, {ProfileFormat::bpf_c, "c"}};

std::string_view without_space(std::string_view text) {
  const auto start = text.find_first_not_of(" \t\r\n");
  return start == std::string_view::npos ? std::string_view() : text.substr(start);
}

/// By the first line that says something: '#' begins a comment in all of them but for Kafel's directives.
ProfileFormat detect_by_line(std::string_view text) {
  ProfileFormat otherwise = ProfileFormat::yaml;
  while (!text.empty()) {
    const std::string_view line = without_space(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    if (line.starts_with("#define") || line.starts_with("#include") || line.starts_with("/*") || line.starts_with("//"))
      return ProfileFormat::kafel;
    if (line.starts_with("# minijail:")) otherwise = ProfileFormat::minijail;
    if (line.empty() || line.front() == '#') continue;
    if (line.starts_with("SECCOMP_") || line.starts_with("export ")) return ProfileFormat::env;
    const std::string_view word = line.substr(0, line.find_first_of(" \t\r:{(,"));
    for (const std::string_view kafel : {"POLICY", "USE", "DEFAULT", "ALLOW", "LOG", "KILL", "KILL_THREAD", "KILL_PROCESS",
                                         "DENY", "ERRNO", "TRAP", "TRACE", "USER_NOTIF"})
      if (word == kafel && !without_space(line.substr(word.size())).starts_with(':')) return ProfileFormat::kafel;
    for (const std::string_view own : {"default", "architectures", "foreign", "flags", "rules", "---", "%YAML"})
      if (word == own) return ProfileFormat::yaml;
    const auto colon = line.find(':');
    if (line.front() == '@' || line.front() == '{') return ProfileFormat::minijail;
    return colon == std::string_view::npos || without_space(line.substr(colon + 1)).empty() ? ProfileFormat::yaml
                                                                                            : ProfileFormat::minijail;
  }
  return otherwise;
}

/// Instructions as they are in memory. Their codes are below 256, so each has a NUL as its second byte; UTF-16 has one in
/// each of its characters, and then the first two are a byte order mark or plain text.
bool is_binary(std::string_view text) {
  if (text.find('\0') == std::string_view::npos || text.starts_with("\xff\xfe") || text.size() < 2 || text[1] != '\0')
    return false;
  constexpr std::size_t kCharacters = 4;
  for (std::size_t i = 0; i < 2 * kCharacters && i + 1 < text.size(); i += 2) {
    const auto low = static_cast<unsigned char>(text[i]);
    const bool plain = (low >= ' ' && low < 0x7f) || low == '\n' || low == '\r' || low == '\t';
    if (!plain || text[i + 1] != '\0') return true;
  }
  return false;
}

Result<Profile> raw_profile(Result<Program> program, ProfileFormat format, const std::string& file) {
  if (!program) return fail(program.error());
  Profile profile{.file = file, .format = format};
  profile.program = *std::move(program);
  return profile;
}

Result<Profile> parse_with_includes(std::string_view text, const std::string& file, ProfileFormat format,
                                    const ReadOptions& options) {
  const auto parse = format == ProfileFormat::kafel ? parse_kafel : parse_minijail;
  const auto whole = with_includes(text, file, options.path, format);
  if (!whole) return fail(whole.error());
  if (whole->files.size() == 1) return parse(text, file, options.context.machine);
  auto profile = parse(whole->text, file, options.context.machine);
  if (!profile) return fail("{}", in_origin(*whole, file, profile.error().message));
  to_root(*whole, *profile);
  return profile;
}

}  // namespace

ReadOptions reading(ReadOptions options, const std::string& path) {
  if (path != "-") options.path = path;
  return options;
}

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
  if (is_binary(text)) return ProfileFormat::bpf;
  text = without_space(text);
  if (text.starts_with('{')) {
    // A policy of ours can be a map in braces too, but hardly anybody puts its keys in quotes.
    const std::string_view inside = without_space(text.substr(1));
    if (inside.starts_with('"')) return ProfileFormat::oci;
    if (inside.starts_with('{') || inside.starts_with("BPF_") ||
        (!inside.empty() && std::isdigit(static_cast<unsigned char>(inside.front())) != 0))
      return ProfileFormat::bpf_c;
    return ProfileFormat::yaml;
  }
  if (text.find("BPF_STMT") != std::string_view::npos || text.find("sock_filter") != std::string_view::npos)
    return ProfileFormat::bpf_c;
  constexpr std::size_t kInstruction = 16;
  if (text.size() >= kInstruction && text.find_first_not_of("0123456789abcdefABCDEF \t\r\n") == std::string_view::npos)
    return ProfileFormat::bpf_hex;
  return detect_by_line(text);
}

Result<Profile> parse_profile(std::string_view text, const std::string& file, const ReadOptions& options) {
  const ProfileFormat format = options.from.value_or(detect_format(text));
  const Abi machine = options.context.machine;
  switch (format) {
    case ProfileFormat::oci: return parse_oci(text, file, options.context);
    case ProfileFormat::kafel:
    case ProfileFormat::minijail: return parse_with_includes(text, file, format, options);
    case ProfileFormat::env: return parse_env_list(text, file, machine);
    case ProfileFormat::bpf: return raw_profile(parse_bpf_bytes(text, file), format, file);
    case ProfileFormat::bpf_hex: return raw_profile(parse_bpf_hex(text, file), format, file);
    case ProfileFormat::bpf_c: return raw_profile(parse_bpf_c(text, file), format, file);
    case ProfileFormat::yaml: break;
  }
  return parse_yaml_profile(text, file);
}

Result<Profile> read_profile(const std::string& path, const ReadOptions& options) {
  const auto text = read_text(path);
  if (!text) return fail(text.error());
  return parse_profile(*text, shown_name(path), reading(options, path));
}

Result<Policy> read_policy(const std::string& path, ProfileFormat* format) {
  auto profile = read_profile(path);
  if (!profile) return fail(profile.error());
  if (profile->program) return fail("{}: a compiled filter, expected a policy", profile->file);
  for (const ProfileNote& note : profile->notes)
    if (note.about == ProfileNote::About::unknown_syscall || note.about == ProfileNote::About::unknown_key)
      return fail("{}", in_place(*profile, note.place, note.text));
  if (format != nullptr) *format = profile->format;
  return std::move(profile->policy);
}

bool is_raw(ProfileFormat format) {
  return format == ProfileFormat::bpf || format == ProfileFormat::bpf_hex || format == ProfileFormat::bpf_c;
}

std::string write_program(const Program& program, ProfileFormat format) {
  if (format == ProfileFormat::bpf) return to_bpf_bytes(program);
  return format == ProfileFormat::bpf_hex ? to_bpf_hex(program) : to_bpf_c(program);
}

Result<WrittenProfile> write_profile(const Policy& policy, ProfileFormat format) {
  switch (format) {
    case ProfileFormat::yaml: return WrittenProfile{to_yaml(policy), {}};
    case ProfileFormat::oci: return to_oci(policy);
    case ProfileFormat::kafel: return to_kafel(policy);
    case ProfileFormat::minijail: return to_minijail(policy);
    case ProfileFormat::env: return to_env_list(policy);
    case ProfileFormat::bpf:
    case ProfileFormat::bpf_hex:
    case ProfileFormat::bpf_c: break;
  }
  return fail("a policy has to be compiled before it is written as {}", format_name(format));
}

}  // namespace sandgauge
