// Where the binary's own data lie: the built-in cases and the test programs.
//
// In a build tree they are beside the binary (share/sandgauge, programs), in an installation in ../share/sandgauge and
// ../libexec/sandgauge/programs. SANDGAUGE_CASES and SANDGAUGE_PROGRAMS, if set, name other folders.
#pragma once

#include <string>

#include "base/result.h"

namespace sandgauge {

struct Installation {
  std::string cases;     // a folder of suites
  std::string programs;  // a folder of executables
};

/// Fails if either folder is missing, naming where it was looked for.
Result<Installation> find_installation();

/// libsandgauge-preload.so: in lib beside the binary, in an installation in ../lib/.../sandgauge; or in the folder that
/// SANDGAUGE_LIBRARIES names. Fails if it is not there, naming where it was looked for.
Result<std::string> find_preload_library();

/// Where a shell would find a command: in PATH, or below the current directory if it has a '/'. An absolute path.
/// Fails if there is no such executable file.
Result<std::string> find_command(const std::string& name);

/// The path of a case's program. A name without '/' is first one of our test programs, then looked up in PATH; a relative
/// path is taken from `folder`. Fails if there is no such executable file, naming the path.
Result<std::string> find_program(const Installation& installation, const std::string& name, const std::string& folder);

}  // namespace sandgauge
