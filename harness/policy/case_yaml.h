// Case files: what is run under which policy, and what is expected of it, as YAML.
//
//   suite: uname
//   program: uname
//   policy: {rules: [{syscalls: [uname], action: "{action}"}]}
//   matrix:
//     of:
//       - {action: ERRNO(EPERM), expect: {exit: 2}}
//       - {action: KILL_PROCESS, expect: {signal: SIGSYS}}
//     backend: [bpf, libseccomp]
//   expect: "{expect}"
//
//   Result<std::vector<Case>> cases = read_cases("uname.yaml");   // four: uname/case/errno-eperm/bpf, ...
//
// The whole format is in docs/case-files.md. The cases come in the order of the file, matrices multiplied, the last
// dimension fastest. One mistake anywhere makes the whole file an error, which says file:line:column, what is wrong and what
// was expected: nothing of a file is run that is not understood in full.
// Limits: 1 MiB of text, 100,000 YAML nodes, 10,000 cases, 1,000,000 nodes and 64 MiB of text over all cases.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/case.h"

namespace sandgauge {

/// Reads cases from text; `file` goes into the messages and every Case::place, and its stem is the suite unless the text
/// names one. There is at least one case, and no two have the same id.
Result<std::vector<Case>> parse_cases(std::string_view text, const std::string& file);
/// The same for a file of at most 1 MiB; "-" is standard input.
Result<std::vector<Case>> read_cases(const std::string& path);

}  // namespace sandgauge
