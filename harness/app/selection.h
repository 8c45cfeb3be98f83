// Which cases a run consists of: targets to case files, files to cases, then --filter and --shard.
//
//   Result<std::vector<Case>> cases = select_cases(options, installation);
#pragma once

#include <string>
#include <vector>

#include "app/installation.h"
#include "app/run_options.h"
#include "base/result.h"
#include "model/case.h"

namespace sandgauge {

/// A target with '/' or ending in .yaml or .yml is a path; another word is a built-in suite (a folder of case files, or one
/// file by its stem), and if there is none, a path. A folder stands for every .yaml and .yml file below it, in the order of
/// their names. With a command but no target there is one case, built from the options; with both, the command replaces the
/// program of every case.
/// Fails, and nothing is to be run, if a file has an error, a target does not exist, two cases have one id, or a filter
/// matches nothing. A shard may be empty.
Result<std::vector<Case>> select_cases(const RunOptions& options, const Installation& installation);

/// A case file need not name its call if its policy has one rule about one call and it claims something that only that call
/// shows (a signal, an errno, an audit record, ...): that call is what the case is about.
void imply_call(Case& test);

/// True if a shell glob (fnmatch(3), where * also takes '/') matches the id.
bool matches_glob(const std::string& glob, const std::string& id);

}  // namespace sandgauge
