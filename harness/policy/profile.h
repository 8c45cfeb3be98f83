// Profile: a Policy as it came out of somebody's file, with what a reader of that file wants to know beside its meaning.
//
//   Result<Profile> profile = read_profile("default.json", {});        // policy/format.h
//   for (const ProfileNote& note : profile->notes)
//     fmt::print(stderr, "{}\n", in_place(*profile, note.place, note.text));   // "default.json:12:9: unknown syscall
//     'unmae'..."
//
// A note is something that the file says and the policy leaves out, or that a runtime reads otherwise than it looks. What
// cannot be understood at all is an error of the reader instead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/abi.h"
#include "model/host.h"
#include "model/policy.h"
#include "model/program.h"

namespace sandgauge {

enum class ProfileFormat : std::uint8_t { yaml, oci, kafel, minijail, env, bpf, bpf_hex, bpf_c };

/// A line and a column of a profile's file, from 1; 0 is the file as a whole.
struct TextPlace {
  int line = 0;
  int column = 0;
  bool operator==(const TextPlace&) const = default;
};

struct RulePlace {
  TextPlace rule;
  std::vector<TextPlace> syscalls;  // as Rule::syscalls
  bool operator==(const RulePlace&) const = default;
};

struct ProfileNote {
  enum class About : std::uint8_t {
    unknown_syscall,     // a name that no ABI has: probably a misspelling
    other_architecture,  // a name or an architecture of machines that sandgauge has no ABI of
    unlisted,            // a name that only ABIs have which the profile does not list
    unknown_key,         // a key that runtimes ignore
    either_argument,     // tests that look as if all had to hold, and of which any one is enough
    resolved,            // for which machine, kernel and capabilities the file was read
    inexact,             // the policy does not say all that the file says
    never_matches,       // a rule that no call can match, and that the policy does without
    hidden,              // one that only matches what rules before it answer
    by_abi,              // the policy says it of the first ABI, and others are answered otherwise
  } about = About::resolved;
  TextPlace place;
  std::string text;
  std::string syscall = {};  // of a name that is left out, with what its rule says
  Action action = {};
  bool operator==(const ProfileNote&) const = default;
};

struct Profile {
  std::string file;  // as messages call it
  ProfileFormat format = ProfileFormat::yaml;
  Policy policy;
  std::vector<RulePlace> places;  // as policy.rules
  std::vector<ProfileNote> notes;
  bool names_listener = false;             // it says who answers notifications
  std::optional<Program> program;          // of the raw formats: what is really loaded
  std::optional<Action> x32_action;        // what x32's calls get, if the file's filter does not tell them from x86_64's
  std::vector<ResolvedRule> rules_by_abi;  // of the raw formats: what the policy cannot say where ABIs differ
};

/// For whom a profile with conditions is read.
struct ProfileContext {
  Abi machine = native_abi();
  KernelVersion kernel;
  std::set<std::string> capabilities;
};
/// This machine, the running kernel (uname(2)), and the 14 capabilities that Docker gives a container by default.
ProfileContext default_context();

/// A profile as text of some format, and what that format could not say: a sentence each.
struct WrittenProfile {
  std::string text;
  std::vector<std::string> lost;
};

/// "file:line:column: text", or "file: text" for the file as a whole.
std::string in_place(const Profile& profile, TextPlace place, std::string_view text);

/// Keeps a name in `rule` if some ABI of the policy has it; otherwise adds the note that says why not.
void add_syscall(Profile& profile, Rule& rule, RulePlace& places, const std::string& name, TextPlace place);

/// The name of a rule's call: a number's, if it means the same call on each of the policy's architectures; else empty.
std::string call_name(const Policy& policy, const std::string& syscall);
/// "rule 3 (write): KILL", for messages about what a format cannot say.
std::string describe_rule(const Policy& policy, std::size_t index);

/// True for calls of machines that sandgauge has no ABI of, such as arm_fadvise64_64 or s390_pci_mmio_read.
bool is_syscall_of_another_machine(std::string_view name);

}  // namespace sandgauge
