#include "judge/fit.h"

#include <algorithm>

namespace sandgauge {

void mark_what_is_not_here(std::vector<ActSeen>& acts, const std::vector<ActSeen>& control) {
  for (std::size_t i = 0; i < acts.size() && i < control.size(); ++i)
    if (control[i].end != ActEnd::done) acts[i].end = ActEnd::not_here;
}

bool as_intended(bool record, const ActSeen& act) {
  const bool done = act.end == ActEnd::done;
  if (act.role == ActRole::control) return done && (!record || act.record.empty());
  if (record) return done && !act.record.empty();
  return (act.end == ActEnd::denied || act.end == ActEnd::killed) && !act.left;
}

Fit fit_of(bool record, std::span<const ActSeen> acts) {
  if (acts.empty()) return Fit::no;
  if (acts.front().end == ActEnd::not_tried || acts.front().end == ActEnd::not_here) return Fit::absent;
  if (!as_intended(record, acts.front())) return Fit::no;
  const bool all = std::ranges::all_of(
      acts, [record](const ActSeen& act) { return act.end == ActEnd::not_here || as_intended(record, act); });
  return all ? Fit::yes : Fit::partly;
}

}  // namespace sandgauge
