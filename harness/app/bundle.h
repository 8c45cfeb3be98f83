// A container bundle for one program: config.json and a root that shows the machine's own files, read-only.
//
//   Result<std::string> seccomp = seccomp_of(test);                  // the policy as container runtimes take it
//   Result<void> made = make_bundle(folder, request, *seccomp);
//
// The container has the machine's own users, network, processes and mounts below read-only binds; only the working directory
// can be written. Its one new namespace is that of mounts, for no runtime changes the root without it. It has no
// capabilities. Source: the OCI runtime specification, config.md and config-linux.md.
#pragma once

#include <string>

#include "base/result.h"
#include "execute/execute.h"
#include "model/case.h"

namespace sandgauge {

/// JSON of linux.seccomp: the file that the case names, as it is, unless it has keys that only Docker knows; else the
/// policy. Fails for a file that is no JSON object, and for what a runtime's profile cannot say.
Result<std::string> seccomp_of(const Case& test);

/// Writes config.json and the root into `folder` for the program, environment and working directory of the request.
Result<void> make_bundle(const std::string& folder, const ExecuteRequest& request, const std::string& seccomp);

}  // namespace sandgauge
