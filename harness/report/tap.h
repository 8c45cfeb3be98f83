// A run's report in the Test Anything Protocol, version 13, as far as KTAP readers take it too.
//
//   TAP version 13
//   1..3
//   # sandgauge 0.1.0, Linux 6.1.0 x86_64, root
//   ok 1 - uname/allow
//   ok 2 - uname/audit # SKIP needs CAP_AUDIT_READ
//   not ok 3 - uname/deny
//     ---
//     message: "FAIL: exit is 0"
//     ...
//
// FAIL and BROKEN are both "not ok"; the message of the YAML block says which. Nothing here fails.
#pragma once

#include <string>

#include "model/verdict.h"

namespace sandgauge {

/// A run that was ended early plans the cases that were not run too, and ends in "Bail out!". After --mutate a last test
/// point, "sandgauge/mutation", is ok if no mutant survived. A run of nothing is "1..0 # SKIP no cases".
std::string to_tap(const Report& report);

}  // namespace sandgauge
