// Seccomp profiles of container runtimes: the OCI runtime specification's linux.seccomp and Docker's additions, as JSON.
//
//   {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "architectures": ["SCMP_ARCH_X86_64"],
//    "syscalls": [{"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"},
//                 {"names": ["clone"], "action": "SCMP_ACT_ALLOW", "excludes": {"caps": ["CAP_SYS_ADMIN"]},
//                  "args": [{"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]}]}
//
//   Result<Profile> profile = parse_oci(text, "default.json", default_context());
//
// Meaning, as runc and crun give it:
// - libseccomp's filter always has the machine's own ABI, listed or not, and answers calls of unlisted ones with KILL.
// - includes and excludes are resolved for one context: all of `includes` must hold, any of `excludes` drops the rule
//   (Docker, profiles/seccomp). archMap applies where its `architecture` is the machine's.
// - ERRNO and TRACE without errnoRet have 1, EPERM; errnoRet beside another action is an error (runtime-spec,
// config-linux.md).
// - A rule that tests one argument twice is not a range: every test becomes a rule of its own (runc,
//   libcontainer/seccomp, matchCall). A note says so.
// - A key with the value null is as good as absent.
// A config.json is read too; its profile is at linux.seccomp. Names that no ABI has and keys that nobody reads are left out
// with a note. All else that is wrong is an error: "file:line:column: path: what, what was expected".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/profile.h"

namespace sandgauge {

Result<Profile> parse_oci(std::string_view text, const std::string& file, const ProfileContext& context);

/// SCMP_ARCH_* of machines that sandgauge has no ABI of.
bool is_other_architecture(std::string_view name);

}  // namespace sandgauge
