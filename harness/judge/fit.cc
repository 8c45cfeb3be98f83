#include "judge/fit.h"

#include <algorithm>

namespace sandgauge {

void mark_what_is_not_here(std::vector<ActSeen>& acts, const std::vector<ActSeen>& control) {
  for (std::size_t i = 0; i < acts.size() && i < control.size(); ++i)
    if (control[i].end != ActEnd::done) acts[i].end = ActEnd::not_here;
}

bool record_names(std::string_view record, std::string_view name) {
  name.remove_prefix(name.rfind('/') + 1);
  if (name.empty()) return false;
  const auto is_one_of = [](std::string_view these, char c) { return these.find(c) != std::string_view::npos; };
  for (std::size_t at = 0; (at = record.find(name, at)) != std::string_view::npos; ++at) {
    const std::size_t end = at + name.size();
    if ((at == 0 || is_one_of(" =/\"", record[at - 1])) && (end == record.size() || is_one_of(" ;\"", record[end])))
      return true;
  }
  return false;
}

bool as_intended(bool record, const ActSeen& act) {
  const bool done = act.end == ActEnd::done;
  if (act.role == ActRole::control) return done && (!record || act.record.empty());
  if (record) return done && !act.record.empty() && act.named;
  return (act.end == ActEnd::denied || act.end == ActEnd::killed) && !act.left;
}

Fit fit_of(bool record, std::span<const ActSeen> acts) {
  if (acts.empty()) return Fit::no;
  if (acts.front().end == ActEnd::not_tried || acts.front().end == ActEnd::not_here) return Fit::absent;
  ActSeen first = acts.front();
  first.named = true;
  if (!as_intended(record, first)) return Fit::no;
  const bool all = std::ranges::all_of(
      acts, [record](const ActSeen& act) { return act.end == ActEnd::not_here || as_intended(record, act); });
  return all ? Fit::yes : Fit::partly;
}

}  // namespace sandgauge
