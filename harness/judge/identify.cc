#include "judge/identify.h"

#include <algorithm>
#include <charconv>
#include <csignal>

#include "judge/words.h"
#include "model/syscalls.h"

namespace sandgauge {
namespace {

/// si_code of a SIGSYS that seccomp sent (asm-generic/siginfo.h, SYS_SECCOMP); kill(2) sends another.
constexpr std::int32_t kSysSeccomp = 1;

std::optional<std::int32_t> number_of(const CallRequest& request) {
  const std::string& text = request.syscall;
  std::int32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return syscall_number(request.abi, text);
}

/// Picks what is about one call; everything when there is none to pick by.
struct About {
  std::optional<Call> call;
  bool operator()(const Call& other) const { return !call || (other.abi == call->abi && other.number == call->number); }
  bool operator()(std::int32_t number, std::uint32_t arch) const {
    const std::optional<Call> other = call_of(number, arch);
    return !call || (other && (*this)(*other));
  }
  bool operator()(const SigsysFacts& facts) const { return (*this)(facts.syscall, facts.arch); }
  bool operator()(const AuditRecord& record) const { return (*this)(record.syscall, record.arch); }
};

bool killed_by_sigsys(const End& end) { return end.kind == End::Kind::signaled && end.signal == SIGSYS; }

Appearance::Death death_in_call_probe(const CallFacts& call, const End& end) {
  if (call.returned != 0 || call.started == 0) return Appearance::Death::none;
  if (call.thread_died != 0 && call.survivor_ran != 0) return Appearance::Death::thread;
  return killed_by_sigsys(end) ? Appearance::Death::process : Appearance::Death::none;
}

Appearance::Death death_in_program(const About& about, const Outcome& outcome) {
  const auto fatal = [](const AuditRecord& record) { return record.signal == SIGSYS; };
  const auto fatal_here = [&](const AuditRecord& record) { return fatal(record) && about(record); };
  if (std::ranges::any_of(outcome.audit, fatal_here)) return Appearance::Death::process;
  if (!killed_by_sigsys(outcome.end)) return Appearance::Death::none;
  const auto trapped_here = [&](const TracedSigsys& stop) { return about(stop.facts); };
  const bool elsewhere = std::ranges::any_of(outcome.audit, fatal) ||
                         (!outcome.traced_sigsys.empty() && std::ranges::none_of(outcome.traced_sigsys, trapped_here));
  return elsewhere ? Appearance::Death::none : Appearance::Death::process;
}

/// The kind with the data that the facts show.
Candidate with_data(ActionKind kind, const Seen& seen) {
  switch (kind) {
    case ActionKind::trap:
      if (seen.sigsys.empty()) return {{kind, 0}, false};
      return {{kind, static_cast<std::uint16_t>(seen.sigsys.front().error)}};
    case ActionKind::trace:
      if (seen.traces.empty()) return {{kind, 0}, false};
      return {{kind, static_cast<std::uint16_t>(seen.traces.front().message)}};
    case ActionKind::error:
      if (!seen.result) return {{kind, 0}, false};
      return {errno_action(static_cast<std::uint16_t>(errno_of(*seen.result).value_or(0)))};
    default: return {{kind, 0}};
  }
}

bool sigsys_fits(Action action, const Seen& seen, const Appearance& look) {
  if (action.kind != ActionKind::trap) return seen.sigsys.empty();
  // An opaque program may have a handler of its own that reports, so a SIGSYS speaks for TRAP even where none was due.
  if (seen.sigsys.empty()) return !look.sigsys_data;
  return std::ranges::all_of(seen.sigsys, [action](const SigsysFacts& facts) {
    return facts.signo == SIGSYS && facts.code == kSysSeccomp && facts.error == action.data;
  });
}

bool result_fits(Action action, const Seen& seen, const Appearance& look, const View& view) {
  if (view.attach == Attach::exec && !seen.result) return true;
  if (action.kind == ActionKind::trap || action.kind <= ActionKind::kill_thread) return !seen.result;
  if (runs(action, view)) return seen.result || view.running != Running::returns;
  return seen.result == look.result;
}

bool audit_fits(Action action, const Seen& seen, const Appearance& look, const View& view) {
  if (!view.probe.audit) return true;
  if (!look.audit_code) return seen.audit.empty();
  const bool kills = action.kind <= ActionKind::kill_thread;
  return !seen.audit.empty() && std::ranges::all_of(seen.audit, [&](const AuditRecord& record) {
    return action_of_return_value(record.code).kind == action.kind && (record.signal == SIGSYS) == kills;
  });
}

bool fits(Action action, const Seen& seen, const View& view) {
  const Appearance look = appearance(action, view);
  const bool program_may_handle = view.attach == Attach::exec && action.kind == ActionKind::trap;
  const bool death_fits = seen.death == look.death || (program_may_handle && seen.death == Appearance::Death::none);
  const bool traces_fit = look.trace_message
                              ? !seen.traces.empty() && std::ranges::all_of(seen.traces,
                                                                            [&](const TraceEvent& event) {
                                                                              return event.message == *look.trace_message;
                                                                            })
                              : seen.traces.empty();
  return death_fits && traces_fit && look.notified == !seen.notifications.empty() && sigsys_fits(action, seen, look) &&
         result_fits(action, seen, look, view) && audit_fits(action, seen, look, view);
}

}  // namespace

std::optional<Call> subject(const Case& test) {
  if (!test.call) return std::nullopt;
  const std::optional<std::int32_t> number = number_of(*test.call);
  if (!number) return std::nullopt;
  Call call{.abi = test.call->abi, .number = *number};
  for (std::size_t i = 0; i < std::min(call.args.size(), test.call->args.size()); ++i)
    call.args[i] = test.call->args[i].number;
  return call;
}

Seen seen_of(const Case& test, const Outcome& outcome) {
  const About about{subject(test)};
  Seen seen;
  if (outcome.call) {
    const CallFacts& call = *outcome.call;
    const bool handled = call.handler_runs > 0 && about(call.sigsys);
    seen.started = call.started != 0;
    if (handled) seen.sigsys.push_back(call.sigsys);
    if (call.returned != 0 && !handled) seen.result = call.result;
  }
  const bool program = test.attach == Attach::exec && !seen.result;
  if (program) seen.death = death_in_program(about, outcome);
  if (test.attach == Attach::call && outcome.call) seen.death = death_in_call_probe(*outcome.call, outcome.end);
  for (const TracedSigsys& stop : outcome.traced_sigsys)
    if (about(stop.facts)) seen.sigsys.push_back(stop.facts);
  std::ranges::copy_if(outcome.traces, std::back_inserter(seen.traces), about, &TraceEvent::call);
  std::ranges::copy_if(outcome.notifications, std::back_inserter(seen.notifications), about, &Notification::call);
  std::ranges::copy_if(outcome.audit, std::back_inserter(seen.audit), about);
  return seen;
}

bool any_evidence(const Seen& seen) {
  return seen.started || seen.death != Appearance::Death::none || !seen.sigsys.empty() || !seen.traces.empty() ||
         !seen.notifications.empty() || !seen.audit.empty();
}

std::string to_string(const Candidate& candidate) {
  return candidate.data_seen ? to_string(candidate.action) : std::string(kind_name(candidate.action.kind));
}

std::string to_string(const std::vector<Candidate>& candidates) {
  std::vector<std::string> names;
  for (const Candidate& candidate : candidates) names.push_back(to_string(candidate));
  return names.empty() ? "no known action" : join(names, "or");
}

std::vector<Candidate> candidates(const Seen& seen, const View& view) {
  View full = view;
  full.result_seen = true;
  std::vector<Candidate> fitting;
  for (const ActionKind kind : kEveryActionKind)
    if (const Candidate candidate = with_data(kind, seen); fits(candidate.action, seen, full)) fitting.push_back(candidate);
  return fitting;
}

bool contains(const std::vector<Candidate>& candidates, Action action) {
  return std::ranges::any_of(candidates, [action](const Candidate& candidate) {
    return candidate.action.kind == action.kind && (!candidate.data_seen || candidate.action.data == action.data);
  });
}

}  // namespace sandgauge
