#include "conformance/audit_records.h"

#include <chrono>
#include <utility>
#include <vector>

namespace sandgauge {

AuditReader open_audit(Stage& stage) {
  auto reader = AuditReader::open();
  if (!reader) stage.skip(reader.error().message);
  return std::move(*reader);
}

Records records_of(Stage& stage, AuditReader& audit, pid_t pid) {
  constexpr std::chrono::seconds kAllowed{5};  // half of a case's time; a busy machine needs a few milliseconds
  std::vector<AuditRecord> all;
  const auto complete = audit.catch_up(all, kAllowed);
  if (!complete) stage.broken(complete.error().message);
  if (!*complete) stage.broken("audit: records were lost, or the kernel does not hand them out");
  Records records;
  for (AuditRecord& record : all) {
    if (record.pid != pid) continue;
    ++records.count;
    records.last = std::move(record);
  }
  return records;
}

}  // namespace sandgauge
