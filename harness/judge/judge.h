// Verdicts: what an outcome means for a case.
//
//   if (std::optional<Verdict> skip = unmet(test, host)) return *skip;
//   ProbeChoice choice = choose_probe(test, answers.decided, host);
//   if (!choice.unmet.empty()) return skipped(choice.unmet);
//   Outcome outcome = execute(test, choice.probe);
//   Verdict verdict = judge({test, choice.probe, answers, outcome, host, cwd});
//
// PASS means that the child could be set up, that the probe tells the expected action from every other, that decide,
// evaluate and the kernel agree on the call, and that every expectation was met. A case that claims nothing that was checked
// is BROKEN. What the verdict cannot see: a denied call that would have failed with the same errno by itself, if no audit
// record tells.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/outcome.h"
#include "model/verdict.h"

namespace sandgauge {

/// The two predictions for the case's call; unset when it has none, or when no filter is loaded.
struct Answers {
  std::optional<Action> decided;    // from the policy's rules
  std::optional<Action> evaluated;  // from the compiled program
};

/// Everything that a verdict rests on.
struct Trial {
  const Case& test;
  const Probe& probe;  // the one that was used
  const Answers& answers;
  const Outcome& outcome;
  const Host& host;
  std::string_view cwd;  // the child's working directory, for "{cwd}"
};

/// SKIP for this reason.
Verdict skipped(std::string reason);

/// SKIP naming every need that the machine does not meet ("needs CAP_AUDIT_READ", "since Linux 6.0, this is 5.10"); nothing
/// if it meets all. Implied: a call can only be made in an ABI of this machine, and an i386 call only where the kernel runs
/// them, since int $0x80 faults elsewhere before any filter sees it. An x32 call reaches the filter on every kernel.
std::optional<Verdict> unmet(const Case& test, const Host& host);

/// In this order: BROKEN for a failed set-up, an interrupted run, a call that was never made, a probe that cannot tell, lost
/// audit records; then FAIL for predictions that differ, a deadline, a kernel that did something else (BROKEN if a filter
/// around the harness explains it), an unmet expectation. A FAIL lists every check, whatever its cause. A scenario that gave
/// up is BROKEN, or SKIP if it was for something that the machine lacks.
Verdict judge(const Trial& trial);

/// Every set expectation held against the outcome; none is left out because another failed. A scenario's own checks go
/// first; unless it claims another end, it must have exited with 0.
std::vector<Check> checks(const Trial& trial);

/// Replaces {uid} {gid} {cwd} {sysname} {release}; any other text is kept.
std::string expand(std::string_view text, const Host& host, std::string_view cwd);

}  // namespace sandgauge
