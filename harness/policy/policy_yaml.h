// Policy files: a Policy as YAML, and back.
//
//   default: ALLOW
//   rules:
//     - {syscalls: [uname, 63], action: ERRNO(EPERM)}
//     - {syscalls: write, action: KILL, when: ["arg0 == 1", "arg2 & 0xff == 0x3"]}
//
//   Result<Policy> policy = parse_policy(text, "deny-uname.yaml");
//   if (!policy) return fail(policy.error());   // "deny-uname.yaml:3:18: unknown syscall 'unmae', did you mean 'uname'?"
//
// The whole format is in docs/case-files.md; what a policy means is in model/policy.h.
// An error says file:line:column, what is wrong and what was expected. Besides mistakes in the policy itself, everything
// that policy/yaml_reader.h refuses is an error: too large, not UTF-8, nested too deep, a duplicate or unknown key.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/policy.h"
#include "policy/profile.h"

namespace sandgauge {

/// Reads a policy from text; `file` is only for the messages. A policy that is returned also passes resolve().
Result<Policy> parse_policy(std::string_view text, const std::string& file);
/// The same with the places of the rules.
Result<Profile> parse_yaml_profile(std::string_view text, const std::string& file);
/// A policy file that parse_policy() reads as the same Policy. Every key is written, also those with their default.
std::string to_yaml(const Policy& policy);

}  // namespace sandgauge
