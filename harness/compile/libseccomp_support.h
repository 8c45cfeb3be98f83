// What the libseccomp that this runs with can do on this kernel, as capabilities "libseccomp.*".
//
//   for (const LibseccompOperation& operation : libseccomp_operations()) {
//     operation.about.id;                      // "libseccomp.notify"
//     operation.ask(value);                    // what the library says of itself
//     if (operation.act) operation.act();      // in a child: loads a filter by it, and looks what that does
//   }
//
// Nothing here fails: what goes wrong is the finding.
#pragma once

#include <string>
#include <vector>

#include "model/capability.h"

namespace sandgauge {

struct LibseccompOperation {
  Capability about;
  Finding (*ask)(std::string& value) = nullptr;
  /// Only in a child of its own, which has one thread and ends afterwards: it confines the caller. Unset: nothing to try.
  Finding (*act)() = nullptr;
};

std::vector<LibseccompOperation> libseccomp_operations();

}  // namespace sandgauge
