#include "app/profile_input.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "base/shown.h"
#include "evaluate/evaluate.h"
#include "evaluate/recover.h"
#include "model/privilege.h"
#include "policy/yaml_reader.h"
#include "policy/yaml_value.h"

namespace sandgauge {
namespace {

/// The kernel's name of a capability, which may be written in small letters and without its CAP_.
Result<std::string> capability_named(const std::string& written) {
  std::string name = written;
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (!name.starts_with("CAP_")) name = "CAP_" + name;
  if (std::ranges::find(privilege_names(), name) != privilege_names().end()) return name;
  if (const std::string_view near = nearest_word(name, privilege_names()); !near.empty())
    return fail("--caps: unknown capability {}, did you mean '{}'?", shown(written), near);
  return fail("--caps: found {}, expected names such as CAP_SYS_ADMIN divided by commas, or the word none alone",
              shown(written));
}

Result<std::set<std::string>> capabilities_of(const std::string& words) {
  std::set<std::string> capabilities;
  if (words == "none") return capabilities;
  for (std::size_t start = 0; start <= words.size();) {
    const std::size_t end = std::min(words.find(',', start), words.size());
    auto name = capability_named(words.substr(start, end - start));
    if (!name) return fail(name.error());
    capabilities.insert(*std::move(name));
    start = end + 1;
  }
  return capabilities;
}

/// The ABIs of the machines that the policies are about: a call of another one cannot be made there.
std::vector<Abi> callable(const Policy& a, const Policy& b) {
  const auto listed = [&](Abi abi) {
    return std::ranges::find(a.architectures, abi) != a.architectures.end() ||
           std::ranges::find(b.architectures, abi) != b.architectures.end();
  };
  std::vector<Abi> abis;
  if (listed(Abi::x86_64) || listed(Abi::i386) || listed(Abi::x32)) abis = {Abi::x86_64, Abi::i386, Abi::x32};
  if (listed(Abi::aarch64)) abis.push_back(Abi::aarch64);
  return abis;
}

}  // namespace

void add_profile_options(CLI::App& command, ProfileWords& words) {
  const char* how = "How profiles are read";
  command.add_option("--from", words.from, "the format of the input (default: recognised by its content)")
      ->type_name("FORMAT")
      ->group(how);
  command.add_option("--caps", words.caps, "the capabilities that conditions are resolved for (default: Docker's default)")
      ->type_name("CAP,...|none")
      ->group(how);
  command.add_option("--kernel", words.kernel, "the kernel that conditions are resolved for (default: the running one)")
      ->type_name("X.Y")
      ->group(how);
  command.add_option("--machine", words.machine, "the machine that conditions are resolved for (default: this one)")
      ->type_name("x86_64|aarch64")
      ->group(how);
}

Result<ReadOptions> understand(const ProfileWords& words) {
  ReadOptions options;
  if (!words.from.empty()) {
    const auto format = parse_profile_format(words.from);
    if (!format) return fail("--from: {}", format.error().message);
    options.from = *format;
  }
  if (!words.machine.empty()) {
    const auto machine = parse_abi(words.machine);
    if (!machine) return fail("--machine: found '{}', expected x86_64, i386, x32 or aarch64", words.machine);
    options.context.machine = *machine;
  }
  if (!words.kernel.empty()) {
    KernelVersion version;
    char more = 0;
    if (std::sscanf(words.kernel.c_str(), "%4d.%4d%c", &version.major, &version.minor, &more) != 2)
      return fail("--kernel: found '{}', expected a version such as 6.1", words.kernel);
    options.context.kernel = version;
  }
  if (!words.caps.empty()) {
    auto capabilities = capabilities_of(words.caps);
    if (!capabilities) return fail(capabilities.error());
    options.context.capabilities = *std::move(capabilities);
  }
  return options;
}

Result<void> recover_rules(Profile& profile, const ProfileContext& context) {
  if (!profile.program) return {};
  if (auto loadable = validate(*profile.program); !loadable)
    return fail("{}: the kernel would refuse this filter: {}", profile.file, loadable.error().message);
  Recovered recovered = recover(*profile.program, context.machine);
  profile.policy = std::move(recovered.policy);
  profile.places.assign(profile.policy.rules.size(), {});
  for (const std::string& what : recovered.left_out)
    profile.notes.push_back(
        {ProfileNote::About::inexact, {}, fmt::format("the answer to {} depends on more than rules can say", what)});
  if (!recovered.by_abi.empty())
    profile.notes.push_back({ProfileNote::About::by_abi,
                             {},
                             fmt::format("the answer to these depends on the ABI, and the rules have that of {}: {}",
                                         abi_name(context.machine), fmt::join(recovered.by_abi, " "))});
  profile.rules_by_abi = std::move(recovered.rules);
  return {};
}

Result<Profile> read_profile_aloud(const std::string& path, const ReadOptions& options) {
  const auto text = read_text(path);
  if (!text) return fail(text.error());
  return parse_profile_aloud(*text, shown_name(path), reading(options, path));
}

Result<Profile> parse_profile_aloud(std::string_view text, const std::string& file, const ReadOptions& options) {
  using About = ProfileNote::About;
  constexpr std::size_t kLargest = 1 << 20;
  if (text.size() > kLargest) return fail("{}: more than {} MiB, expected less", file, kLargest >> 20);
  auto profile = parse_profile(text, file, options);
  if (!profile) return profile;
  if (auto recovered = recover_rules(*profile, options.context); !recovered) return fail(recovered.error());
  for (const ProfileNote& note : profile->notes) {
    if (note.about == About::other_architecture || note.about == About::unlisted) continue;
    fmt::print(stderr, "sandgauge: {}{}\n",
               note.about == About::resolved ? "" : "warning: ", in_place(*profile, note.place, note.text));
  }
  return profile;
}

Result<Decide> decisions_of(const Profile& profile) {
  if (profile.program) return decided_by(*profile.program);
  auto rules = Rules::of(profile.policy);
  if (!rules) return fail("{}: {}", profile.file, rules.error().message);
  return decided_by(*std::move(rules));
}

Result<std::vector<Change>> changes_between(const Profile& before, const Profile& after) {
  Tests tests;
  for (const Profile* profile : {&before, &after}) {
    const auto rules = resolve(profile->policy);
    if (!rules) return fail("{}: {}", profile->file, rules.error().message);
    add_tests(*rules, tests);
    add_tests(profile->rules_by_abi, tests);
    if (profile->program) add_examples(*profile->program, tests);
  }
  const auto a = decisions_of(before);
  const auto b = decisions_of(after);
  if (!a) return fail(a.error());
  if (!b) return fail(b.error());
  return changes(callable(before.policy, after.policy), tests, *a, *b);
}

}  // namespace sandgauge
