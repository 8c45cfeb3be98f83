// What a reader needs to see a failing case again: the filter, the call and one command line.
#pragma once

#include <string>
#include <vector>

#include "model/call.h"
#include "model/case.h"
#include "model/outcome.h"

namespace sandgauge {

/// "write(1, 0x100000000, scratch), x86_64"
std::string describe_call(const CallRequest& call);
/// "write (1) with 0x1, 0x100000000, ..., x86_64": arguments only where one is not 0.
std::string describe_call(const Call& call);

/// Lines for a scenario: the filters that it loaded, its last call, the command.
std::vector<std::string> reproducer(const Case& test, const StageOutcome& stage);

/// Lines: the filter as instructions and as hex, the call, the command. `program` may be null: no filter.
std::vector<std::string> reproducer(const Case& test, const Program* program);

}  // namespace sandgauge
