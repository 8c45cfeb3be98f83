// Outcome: what the kernel did to one confined child, as plain facts. No judgement here.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/call.h"
#include "model/check.h"
#include "model/facts.h"
#include "model/program.h"

namespace sandgauge {

/// A step before the case proper that failed: the case says nothing about the kernel's filter then.
struct SetupFailure {
  std::string step;  // "execve /x/y", "load the filter: seccomp(2)"
  int error = 0;     // errno, or 0
  bool operator==(const SetupFailure&) const = default;
};

/// How the child ended.
struct End {
  enum class Kind : std::uint8_t { exited, signaled, deadline, interrupted } kind = Kind::exited;
  int exit_code = 0;  // with exited
  int signal = 0;     // with signaled
  bool core = false;  // with signaled: CLD_DUMPED, the core bit
  std::string state;  // with deadline: what it was doing, e.g. "stopped (T)", "sleeping (S)"
  bool operator==(const End&) const = default;
};

/// A PTRACE_EVENT_SECCOMP stop.
struct TraceEvent {
  int pid = 0;
  std::uint32_t message = 0;
  Call call;
  bool operator==(const TraceEvent&) const = default;
};

/// A signal-delivery stop for SIGSYS, seen by the tracer.
struct TracedSigsys {
  int pid = 0;
  SigsysFacts facts;
  bool operator==(const TracedSigsys&) const = default;
};

/// A struct seccomp_notif.
struct Notification {
  int pid = 0;
  std::uint32_t flags = 0;
  Call call;
  bool operator==(const Notification&) const = default;
};

/// The audit session of a process that nobody has logged in (AUDIT_SID_UNSET, Linux include/linux/audit.h).
inline constexpr std::uint32_t kNoAuditSession = UINT32_MAX;

/// An audit record of type 1326 (AUDIT_SECCOMP; kernel/auditsc.c, audit_seccomp).
struct AuditRecord {
  std::uint64_t serial = 0;
  int pid = 0;
  int signal = 0;
  std::uint32_t arch = 0;
  int syscall = 0;
  bool compat = false;
  std::uint32_t code = 0;  // the filter's return value without its data
  std::uint64_t instruction_pointer = 0;
  std::string comm;
  std::string exe;
  std::uint32_t session = kNoAuditSession;  // ses=
  bool operator==(const AuditRecord&) const = default;
};

/// What a scenario's child reported (probe/stage.h).
struct StageOutcome {
  std::vector<Check> checks;
  std::size_t filters = 0;      // how many filters it loaded that a mutant may change
  std::vector<Program> loaded;  // the first filters that it gave to the kernel; one that was not kept has no code
  std::size_t loads = 0;        // how many it gave to the kernel
  std::optional<Call> call;     // the last one it made, or the last one before the first check that was not met
  std::string broken;           // a step that it needed and that failed; empty if none did
  std::string lacking;          // what this machine lacks for it; empty if nothing
  bool operator==(const StageOutcome&) const = default;
};

struct Outcome {
  std::optional<SetupFailure> setup;
  int pid = 0;
  End end;
  std::string out;  // bounded: see `out_cut`
  std::string err;
  bool out_cut = false;
  bool err_cut = false;
  std::optional<CallFacts> call;      // attach call, and the probe program
  std::optional<StageOutcome> stage;  // attach scenario
  std::vector<TraceEvent> traces;
  std::vector<TracedSigsys> traced_sigsys;
  std::vector<Notification> notifications;
  std::vector<AuditRecord> audit;     // of this child and its descendants
  bool audit_complete = false;        // every record up to the child's end was read
  std::vector<std::string> existing;  // of the paths that the case asked about, those that exist
  std::size_t leftovers = 0;          // descendants that had to be killed
  std::chrono::microseconds duration{0};
  bool operator==(const Outcome&) const = default;
};

}  // namespace sandgauge
