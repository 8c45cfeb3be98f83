// A Policy as a profile of container runtimes (policy/oci_json.h reads it back).
//
//   WrittenProfile written = to_oci(policy);
//   for (const std::string& what : written.lost) fmt::print(stderr, "{}\n", what);   // "foreign: KILL_PROCESS cannot be
//   ..."
//
// What the format cannot say is left out, and listed: a foreign action other than KILL, a policy without the machine's own
// ABI, data of TRAP, a call without a name, two tests of one argument in a rule. This cannot fail.
#pragma once

#include "model/policy.h"
#include "policy/profile.h"

namespace sandgauge {

WrittenProfile to_oci(const Policy& policy);

}  // namespace sandgauge
