// Which actions an outcome is consistent with, from the facts alone.
//
//   Seen seen = seen_of(test, outcome);
//   std::vector<Candidate> kernel = candidates(seen, view_of(test, probe, host));
//   to_string(kernel) == "KILL, KILL_PROCESS or TRAP"
//
// No candidate means that the facts fit no action, for example a death by SIGKILL. Precondition: identifiable(test).
#pragma once

#include <string>
#include <vector>

#include "judge/appearance.h"
#include "model/outcome.h"

namespace sandgauge {

/// The number and ABI of the case's call, its plain numbers as arguments; nothing without a call, or with an unknown name.
std::optional<Call> subject(const Case& test);

/// The facts about the case's call; about every call when the case has none.
struct Seen {
  bool started = false;                // attach call: the call was about to be made
  std::optional<std::int64_t> result;  // the call came back, other than by a SIGSYS handler
  Appearance::Death death = Appearance::Death::none;
  std::vector<SigsysFacts> sigsys;  // of the child's handler, then of the tracer
  std::vector<TraceEvent> traces;
  std::vector<Notification> notifications;
  std::vector<AuditRecord> audit;
};

/// With attach exec a death by SIGSYS is the call's own unless a record or the tracer puts it on another call; the death of
/// a descendant shows by its record.
Seen seen_of(const Case& test, const Outcome& outcome);

/// True if there is a trace of the call at all, so that a candidate rests on more than on silence.
bool any_evidence(const Seen& seen);

struct Candidate {
  Action action;
  bool data_seen = true;  // false: the action's data does not show, and action.data is 0
  bool operator==(const Candidate&) const = default;
};
/// "ERRNO(EPERM)"; "ERRNO" when the data was not seen.
std::string to_string(const Candidate& candidate);
/// "KILL, KILL_PROCESS or TRAP"; "no known action" for none.
std::string to_string(const std::vector<Candidate>& candidates);

/// Strictest first, one per kind. A call that ran may have failed by itself with any errno, so ALLOW and LOG are always
/// consistent with a result; only audit records rule them out.
std::vector<Candidate> candidates(const Seen& seen, const View& view);

/// True if the kernel may have done `action`.
bool contains(const std::vector<Candidate>& candidates, Action action);

}  // namespace sandgauge
