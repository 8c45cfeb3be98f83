// The audit records of one process, in a scenario.
//
//   AuditReader audit = open_audit(stage);           // before the process starts
//   const WatchedCall call = watch_call(stage, ...);
//   const Records records = records_of(stage, audit, call.pid);  // after it has ended
//   stage.equal("records", 1, records.count);
//
// A case that uses it needs CAP_AUDIT_READ. Records of other processes, which may run at the same time, are left out.
#pragma once

#include <sys/types.h>

#include "observe/audit.h"
#include "probe/stage.h"

namespace sandgauge {

struct Records {
  std::int64_t count = 0;
  AuditRecord last{.signal = -1, .arch = 0xffffffff, .syscall = -2, .code = 0xffffffff};  // no record looks like this
};

/// Skips the scenario where this process cannot see the machine's records (another pid or network namespace, audit=0).
AuditReader open_audit(Stage& stage);

/// Of a process that has ended; complete, or the scenario is broken.
Records records_of(Stage& stage, AuditReader& audit, pid_t pid);

}  // namespace sandgauge
