#include "judge/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "base/errno_text.h"
#include "judge/distinguish.h"
#include "judge/identify.h"
#include "judge/words.h"

namespace sandgauge {
namespace {

std::string record_text(const AuditRecord& record) { return fmt::format("code={:#x} sig={}", record.code, record.signal); }

std::string blame(const AuditRecord& record) {
  return fmt::format("{} on {}; the audit record says {}", kind_name(action_of_return_value(record.code).kind),
                     describe_call(record.syscall, record.arch), record_text(record));
}

/// The last record of a kill, the child's own before its descendants'.
const AuditRecord* last_kill(const Outcome& outcome) {
  const AuditRecord* found = nullptr;
  for (const AuditRecord& record : outcome.audit)
    if (record.signal == SIGSYS && (found == nullptr || record.pid == outcome.pid || found->pid != outcome.pid))
      found = &record;
  return found;
}

const AuditRecord* last_trap(const Outcome& outcome) {
  const AuditRecord* found = nullptr;
  for (const AuditRecord& record : outcome.audit)
    if (action_of_return_value(record.code).kind == ActionKind::trap) found = &record;
  return found;
}

std::string explain_sigsys(const Outcome& outcome) {
  if (const AuditRecord* record = last_kill(outcome)) return blame(*record);
  if (!outcome.traced_sigsys.empty()) {
    const SigsysFacts& facts = outcome.traced_sigsys.back().facts;
    return fmt::format("{} on {}; the tracer saw its signal",
                       to_string(Action{ActionKind::trap, static_cast<std::uint16_t>(facts.error)}),
                       describe_call(facts.syscall, facts.arch));
  }
  if (const AuditRecord* record = last_trap(outcome)) return blame(*record);
  return "KILL, KILL_PROCESS or TRAP (no audit record to tell)";
}

std::string explain_signal(const Outcome& outcome) {
  const std::string core = outcome.end.core ? ", core dumped" : "";
  const std::string killed = fmt::format("killed by {}{}", signal_name(outcome.end.signal), core);
  if (outcome.end.signal == SIGSYS) return fmt::format("{}: {}", killed, explain_sigsys(outcome));
  return outcome.end.signal == SIGKILL ? killed + " (strict mode, or somebody else)" : killed;
}

std::string explain_exit(int code) {
  constexpr int kShellSignal = 128;
  const int signal = code - kShellSignal;
  if (signal <= 0 || signal > SIGSYS) return fmt::format("exited with {}", code);
  return fmt::format("exited with {}: an exit code, not a death by signal (a shell shows {}+{} for {})", code, kShellSignal,
                     signal, signal_name(signal));
}

double milliseconds(std::chrono::microseconds duration) { return static_cast<double>(duration.count()) / 1000; }

/// One line each of the first five, and how many are left.
template <class T, class Text>
void list(std::vector<std::string>& lines, std::string_view what, const std::vector<T>& items, Text text) {
  constexpr std::size_t kMost = 5;
  for (std::size_t i = 0; i < std::min(kMost, items.size()); ++i)
    lines.push_back(fmt::format("{}: {}", what, text(items[i])));
  if (items.size() > kMost) lines.push_back(fmt::format("{}: {} more", what, items.size() - kMost));
}

void tell_of_others(std::vector<std::string>& lines, std::string_view what, std::size_t all, std::size_t of_the_call) {
  if (all > of_the_call) lines.push_back(fmt::format("{}: {} of other calls", what, all - of_the_call));
}

std::string call_text(const Trial& trial, const Seen& seen) {
  const CallFacts& call = *trial.outcome.call;
  if (call.started == 0) return "was not made";
  if (call.thread_died != 0)
    return call.survivor_ran != 0 ? "ended its thread, and the process lived on" : "ended its thread";
  std::string text = seen.result ? result_text(*seen.result) : "did not return";
  if (call.handler_runs > 0) text = fmt::format("ran the SIGSYS handler ({} times)", call.handler_runs);
  return text;
}

std::string answers_text(const Trial& trial, const Seen& seen) {
  const auto text = [](const std::optional<Action>& action) { return action ? to_string(*action) : "nothing"; };
  const std::string kernel = identifiable(trial.test)
                                 ? to_string(candidates(seen, view_of(trial.test, trial.probe, trial.host)))
                                 : "not identified";
  return fmt::format("decide {}, evaluate {}, kernel {}", text(trial.answers.decided), text(trial.answers.evaluated),
                     kernel);
}

void tell_output(std::vector<std::string>& lines, std::string_view what, const std::string& text, bool cut) {
  if (!text.empty()) lines.push_back(fmt::format("{}: {}{}", what, excerpt(text), cut ? ", then more that was cut" : ""));
}

void tell_events(std::vector<std::string>& lines, const Outcome& outcome, const Seen& seen) {
  list(lines, "SIGSYS", seen.sigsys, [](const SigsysFacts& facts) {
    return fmt::format("{}, code {}, errno {}, ip {:#x}", describe_call(facts.syscall, facts.arch), facts.code, facts.error,
                       facts.instruction_pointer);
  });
  list(lines, "seccomp stop", seen.traces,
       [](const TraceEvent& event) { return fmt::format("{}, message {}", to_string(event.call), event.message); });
  tell_of_others(lines, "seccomp stops", outcome.traces.size(), seen.traces.size());
  list(lines, "notification", seen.notifications, [](const Notification& notification) {
    return fmt::format("{}, args {:#x}", to_string(notification.call), fmt::join(notification.call.args, " "));
  });
  tell_of_others(lines, "notifications", outcome.notifications.size(), seen.notifications.size());
  list(lines, "audit", seen.audit, [](const AuditRecord& record) {
    return fmt::format("{}, {}, comm {}", describe_call(record.syscall, record.arch), record_text(record),
                       excerpt(record.comm));
  });
  tell_of_others(lines, "audit records", outcome.audit.size(), seen.audit.size());
}

}  // namespace

std::string excerpt(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text.substr(0, kLongestExcerpt)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n')
      quoted += "\\n";
    else if (c == '\t')
      quoted += "\\t";
    else if (c == '"' || c == '\\')
      quoted += {'\\', c};
    else if (byte < 0x20 || byte >= 0x7f)
      quoted += fmt::format("\\x{:02x}", byte);
    else
      quoted += c;
  }
  quoted += '"';
  return text.size() > kLongestExcerpt ? fmt::format("{} and {} bytes more", quoted, text.size() - kLongestExcerpt) : quoted;
}

std::string explain_end(const Outcome& outcome) {
  switch (outcome.end.kind) {
    case End::Kind::exited: return explain_exit(outcome.end.exit_code);
    case End::Kind::signaled: return explain_signal(outcome);
    case End::Kind::deadline:
      return fmt::format("did not end within {:.0f} ms; it was {}", milliseconds(outcome.duration),
                         outcome.end.state.empty() ? "in an unknown state" : outcome.end.state);
    case End::Kind::interrupted: return "the run was ended before the child was";
  }
  return "?";
}

std::vector<std::string> facts(const Trial& trial) {
  const Outcome& outcome = trial.outcome;
  if (outcome.setup) {
    const std::string error = outcome.setup->error != 0 ? ": " + errno_text(outcome.setup->error) : "";
    return {fmt::format("set-up failed: {}{}", outcome.setup->step, error)};
  }
  const Seen seen = seen_of(trial.test, outcome);
  const std::optional<Call> call = subject(trial.test);
  std::vector<std::string> lines;
  if (call && trial.test.mechanism == Mechanism::filter) lines.push_back(answers_text(trial, seen));
  lines.push_back(fmt::format("end: {}, after {:.3f} ms", explain_end(outcome), milliseconds(outcome.duration)));
  if (outcome.call) lines.push_back(fmt::format("call: {} {}", call ? to_string(*call) : "it", call_text(trial, seen)));
  tell_output(lines, "stdout", outcome.out, outcome.out_cut);
  tell_output(lines, "stderr", outcome.err, outcome.err_cut);
  tell_events(lines, outcome, seen);
  if (trial.probe.audit && !outcome.audit_complete) lines.emplace_back("audit: records were lost");
  if (outcome.leftovers > 0) lines.push_back(fmt::format("left over: {} descendants had to be killed", outcome.leftovers));
  return lines;
}

}  // namespace sandgauge
