// The kernel's audit records of seccomp decisions (type 1326), and proof that one is absent.
//
//   Result<AuditReader> reader = AuditReader::open();
//   reader->start_over();                            // forget what came before this case
//   ... run a confined child, wait for its end ...
//   std::vector<AuditRecord> records;
//   Result<bool> complete = reader->catch_up(records, 2s);
//   // *complete: every record made so far is in `records`, and one that is not there will never come.
//
// Absence. Records reach user space through one queue and one kernel thread, in the order in which they were made (Linux
// kernel/audit.c, kauditd_thread). So catch_up() puts up a fence: a child of its own makes one logged call, and when that
// record has arrived, all earlier ones have. No waiting for some time and hoping.
//
// What the kernel hands out. A reader gets the records of the whole machine; AuditRecord::pid is the thread group id in the
// initial pid namespace, so a reader in another one could not tell whose records it sees. In another network namespace,
// with audit=0 at boot, or with an audit rule that excludes type 1326, nothing arrives. open() tries a fence, and fails in
// all of these.
//
// Flood. A caller whose record finds more than audit_backlog_limit (64) others in the queue sleeps until the kernel thread
// has emptied it, at most audit_backlog_wait_time (60 s), and no signal wakes it: it is slowed down (to 11 us a call on an
// idle machine, to half a millisecond on a busy one, Linux 6.18), and nothing is dropped. What does overflow is a reader's
// buffer while nobody drains it: from then until the buffer is empty the kernel drops records for that reader, and says so
// once (ENOBUFS): lost() is true. The buffer holds about 80,000 records; without CAP_NET_ADMIN only what net.core.rmem_max
// allows, some 500. What an administrator had dropped before the queue (auditctl -r, or --backlog_wait_time 0) the kernel
// tells no reader; such a record counts as never made.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "model/outcome.h"

namespace sandgauge {

/// Reads one record as the kernel words it, `audit(1606791644.847:499): auid=1000 ... pid=23772 comm="getuid" ... code=0x..`
/// (Linux kernel/auditsc.c, audit_seccomp). What a log puts before it (`type=1326 `, `audit: type=1326 `,
/// `type=SECCOMP msg=`, a time) is skipped, and so are fields that AuditRecord lacks. comm and exe may be in quotes or, with
/// odd bytes in them, in hex. An error names the field that is missing or wrong, or the type if it is not 1326.
/// AuditRecord::syscall is the number as the kernel saw it: x32's still has bit 30.
Result<AuditRecord> parse_audit_record(std::string_view text);

/// A record of another type that speaks of one process: 1400 (AppArmor and other security modules), 1423 (Landlock). The
/// latter names a domain only; whose that is 1424 says, once for each domain.
struct OtherRecord {
  int type = 0;
  int pid = 0;
  std::string text;  // as the kernel words it, without its stamp
};

/// Gives Landlock's denials the process that entered their domain, and leaves out the records of type 1424 that say so.
void find_landlock_processes(std::vector<OtherRecord>& records);

/// A listener of the machine's audit records. It takes nothing away from auditd or from other readers. It forks a child that
/// ends before the call returns, so its process must have no handler that reaps foreign children.
class AuditReader {
 public:
  /// Fails without CAP_AUDIT_READ in the initial user namespace, outside of the initial pid namespace, and where records of
  /// seccomp's LOG do not arrive (see above, and /proc/sys/kernel/seccomp/actions_logged).
  static Result<AuditReader> open();

  /// For poll(2): readable when records, or the news of a loss, are waiting.
  [[nodiscard]] int fd() const { return socket_.get(); }

  /// Appends the records of type 1326 that have arrived; does not block. One call takes no more than a full buffer, so that
  /// a flood cannot hold it. Fails on a record that cannot be parsed.
  Result<void> drain(std::vector<AuditRecord>& into);

  /// True: every record made before this call has been appended to `into`, by this call or by an earlier drain(). The
  /// fence's own is left out. False: `allowed` is over, or records were lost. Fails where drain() does, or if the fence
  /// cannot be made: fork(2) fails, or a filter around this process denies it a filter.
  Result<bool> catch_up(std::vector<AuditRecord>& into, std::chrono::milliseconds allowed);

  /// The records of other types that came with those that drain() and catch_up() took, since the last call.
  std::vector<OtherRecord> take_others() {
    find_landlock_processes(others_);
    return std::exchange(others_, {});
  }

  /// Records for this reader were dropped since it was opened or started over.
  [[nodiscard]] bool lost() const { return lost_; }

  /// Drops what has arrived and forgets a loss.
  Result<void> start_over();

 private:
  explicit AuditReader(UniqueFd socket) : socket_(std::move(socket)) {}
  /// One netlink message of any type into `buffer`; 0 when none is waiting.
  Result<std::size_t> receive(char* buffer, std::size_t size);
  void keep_other(int type, std::string_view text);

  UniqueFd socket_;
  std::vector<OtherRecord> others_;
  bool lost_ = false;
};

}  // namespace sandgauge
