// Verdict: what an Outcome means for a Case; and the Report of a whole run.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/case.h"
#include "model/check.h"

namespace sandgauge {

/// BROKEN is a fault of the set-up or of the probe, not of the kernel; SKIP is a need that this machine does not meet.
enum class Status : std::uint8_t { pass, fail, broken, skip };
std::string_view status_name(Status status);  // "PASS", "FAIL", "BROKEN", "SKIP"

/// Why, as a word that programs can match.
enum class Cause : std::uint8_t {
  none,          // passed
  expectation,   // an expectation of the case was not met
  disagreement,  // decide, evaluate and the kernel do not all say the same
  deadline,      // it did not end in time
  setup,         // a step before the case failed
  probe,         // the probe cannot tell the expected action from another
  requirement,   // the machine lacks something
  outer_filter,  // a filter that the harness itself runs under answers first
  interrupted,   // the run was ended
  harness,       // the harness or its worker failed
};
std::string_view cause_name(Cause cause);

struct Verdict {
  Status status = Status::broken;
  Cause cause = Cause::harness;
  std::string reason;         // one sentence; empty for PASS
  std::vector<Check> checks;  // every one that was made
  bool operator==(const Verdict&) const = default;
};

/// One case's line in a report: all text, so that it can cross from a worker process.
struct CaseResult {
  std::string id;
  std::string suite;
  std::string title;
  std::string subject;  // the table's row: the program, or the call
  std::string action;   // the table's column: the action the case is about, or "-"
  std::string backend;
  std::string probe;  // the probe that was used
  Place place;
  Verdict verdict;
  std::vector<std::string> facts;       // what was seen, a line each
  std::vector<std::string> reproducer;  // filter listing, hex, call, command line; filled for FAIL and BROKEN
  int iteration = 1;                    // with --repeat
  std::size_t stage_checks = 0;         // of a scenario: how many checks it made, and how many filters
  std::size_t stage_filters = 0;        // it loaded that a mutant may change
  std::chrono::microseconds duration{0};
  bool operator==(const CaseResult&) const = default;
};

struct Totals {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t broken = 0;
  std::size_t skipped = 0;
  bool operator==(const Totals&) const = default;
};

/// One mutant that no check noticed.
struct Survivor {
  std::string id;
  std::string mutation;  // "ERRNO(EPERM) -> ALLOW"
  bool operator==(const Survivor&) const = default;
};

/// A --mutate run's outcome.
struct MutationSummary {
  std::size_t mutants = 0;
  std::size_t noticed = 0;
  std::size_t not_run = 0;  // of cases that do not pass unmutated
  std::vector<Survivor> survivors;
  bool operator==(const MutationSummary&) const = default;
};

struct Report {
  std::string version;             // sandgauge's
  std::string kernel;              // uname -r
  std::string machine;             // "x86_64"
  std::string hostname;            // uname -n; may be empty
  std::string user;                // "root", or "uid 1000"
  std::vector<std::string> notes;  // said once at the top: an outer filter, a missing capability
  std::vector<CaseResult> results;
  std::vector<MutationSummary> mutation;  // empty, or one
  std::string started;                    // "2026-01-31T23:59:59Z"; may be empty
  bool interrupted = false;
  std::size_t not_run = 0;  // cases left when the run was ended
  std::chrono::milliseconds duration{0};
};
Totals totals(const Report& report);

}  // namespace sandgauge
