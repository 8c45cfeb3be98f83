// The environment variables by which cloudflare/sandbox's libsandbox.so is told what to filter, as lines of a file.
//
//   SECCOMP_SYSCALL_ALLOW=read:write:exit_group
//   SECCOMP_DEFAULT_ACTION=log
//
//   Result<Profile> profile = parse_env_list(text, "sandbox.env");
//
// Meaning (its sandbox.c): ALLOW beats DENY. With ALLOW every other call gets KILL_PROCESS, or LOG where the default action
// is `log`; with DENY the listed ones do, and all else is allowed. Empty names are skipped. Calls of other ABIs get KILL
// (libseccomp). Lines may begin with `export`, values be in quotes; '#' begins a comment. Names that no call has are errors,
// as they are there, and so is a file with neither list.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/profile.h"

namespace sandgauge {

Result<Profile> parse_env_list(std::string_view text, const std::string& file, Abi machine);
WrittenProfile to_env_list(const Policy& policy);

}  // namespace sandgauge
