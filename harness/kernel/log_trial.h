// Whether the kernel logs what a filter asks it to log, seen in its audit records.
//
//   const LogTrial trial = try_logging();
//   trial.action;   // a call that a filter answered with LOG was recorded
//
// Needs CAP_AUDIT_READ in the first user namespace; elsewhere every finding is "untested" and says so.
#pragma once

#include "model/capability.h"

namespace sandgauge {

struct LogTrial {
  Finding readable;  // the audit netlink socket can be read
  Finding action;    // SECCOMP_RET_LOG is recorded
  Finding flag;      // SECCOMP_FILTER_FLAG_LOG has a denial recorded that is not recorded without it
};

/// Blocks until the records are there, at most half a second. What has been found is kept for the next call.
const LogTrial& try_logging();

}  // namespace sandgauge
