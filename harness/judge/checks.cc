#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "base/errno_text.h"
#include "judge/distinguish.h"
#include "judge/explain.h"
#include "judge/identify.h"
#include "judge/judge.h"
#include "judge/words.h"
#include "model/syscalls.h"

namespace sandgauge {
namespace {

using Checks = std::vector<Check>;

/// Met when both texts are the same.
void same(Checks& checks, std::string what, std::string expected, std::string observed) {
  const bool met = expected == observed;
  checks.push_back({std::move(what), std::move(expected), std::move(observed), met});
}

/// Met when something was seen and all of it reads as expected; shows what does not, or the first.
template <class T, class Text>
void every(Checks& checks, std::string what, std::string expected, const std::vector<T>& seen, Text text) {
  std::string observed = seen.empty() ? "none" : text(seen.front());
  for (const T& one : seen)
    if (observed == expected) observed = text(one);
  same(checks, std::move(what), std::move(expected), std::move(observed));
}

void how_many(Checks& checks, std::string what, std::optional<std::uint64_t> expected, std::size_t observed) {
  if (expected) return same(checks, std::move(what), fmt::format("{}", *expected), fmt::format("{}", observed));
  checks.push_back({std::move(what), "at least 1", fmt::format("{}", observed), observed > 0});
}

std::string end_text(const End& end) {
  switch (end.kind) {
    case End::Kind::exited: return fmt::format("exited with {}", end.exit_code);
    case End::Kind::signaled: return fmt::format("killed by {}", signal_name(end.signal));
    case End::Kind::deadline: return "did not end in time";
    case End::Kind::interrupted: return "interrupted";
  }
  return "?";
}

void check_end(Checks& checks, const Trial& trial) {
  const Expectation& expect = trial.test.expect;
  const End& end = trial.outcome.end;
  if (expect.exit)
    same(checks, "exit", fmt::format("{}", *expect.exit),
         end.kind == End::Kind::exited ? fmt::format("{}", end.exit_code) : end_text(end));
  if (expect.signal)
    same(checks, "signal", signal_name(*expect.signal),
         end.kind == End::Kind::signaled ? signal_name(end.signal) : end_text(end));
  if (expect.core) {
    const bool ended = end.kind == End::Kind::exited || end.kind == End::Kind::signaled;
    const bool core = end.kind == End::Kind::signaled && end.core;
    same(checks, "core bit", *expect.core ? "set" : "clear", !ended ? end_text(end) : core ? "set" : "clear");
  }
}

/// A scenario's own checks, and that it came to its end: a crash after the last check must not pass. The end is mentioned
/// only if it went wrong, so that a scenario without checks stays one that claims nothing.
void check_stage(Checks& checks, const Trial& trial) {
  const Expectation& expect = trial.test.expect;
  const End& end = trial.outcome.end;
  checks.insert(checks.end(), trial.outcome.stage->checks.begin(), trial.outcome.stage->checks.end());
  const bool returned = end.kind == End::Kind::exited && end.exit_code == 0;
  if (!expect.exit && !expect.signal && !returned) checks.push_back({"end", "exited with 0", end_text(end), false});
}

/// Whether the case says that the filter kills: whom, it need not say.
bool claims_a_kill(const Expectation& expect) {
  constexpr int kShellSignal = 128;  // what a shell exits with after a death by signal
  return expect.signal == SIGSYS || expect.exit == kShellSignal + SIGSYS || expect.action || expect.audit;
}

/// A process or thread that the filter killed, other than for the case's call, while its program lived on. Mentioned only if
/// there is one, so that a case without checks stays one that claims nothing.
void check_kills(Checks& checks, const Trial& trial, const Seen& seen) {
  const Outcome& outcome = trial.outcome;
  if (trial.test.attach != Attach::exec || claims_a_kill(trial.test.expect)) return;
  const bool died = outcome.end.kind == End::Kind::signaled && outcome.end.signal == SIGSYS;
  const auto unclaimed = [&](const AuditRecord& record) {
    const bool of_the_call = trial.test.call && std::ranges::find(seen.audit, record) != seen.audit.end();
    return record.signal == SIGSYS && !(died && record.pid == outcome.pid) && !of_the_call;
  };
  const auto first = std::ranges::find_if(outcome.audit, unclaimed);
  if (first == outcome.audit.end()) return;
  const auto more = std::ranges::count_if(outcome.audit, unclaimed) - 1;
  checks.push_back(
      {"killed by the filter", "nothing",
       fmt::format("process {} ({}), by {} on {}{}", first->pid, excerpt(first->comm),
                   kind_name(action_of_return_value(first->code).kind), describe_call(first->syscall, first->arch),
                   more > 0 ? fmt::format(", and {} more", more) : ""),
       false});
}

void check_text(Checks& checks, std::string what, const std::string& expected, const std::string& observed, bool cut) {
  constexpr std::size_t kContext = 40;
  const auto [in_expected, in_observed] = std::ranges::mismatch(expected, observed);
  const auto differs_at = static_cast<std::size_t>(in_expected - expected.begin());
  const std::size_t from = differs_at > kLongestExcerpt - kContext ? differs_at - kContext : 0;
  const std::string place = from > 0 && expected != observed ? fmt::format("from byte {}: ", from) : "";
  const std::size_t shown = place.empty() ? 0 : from;
  checks.push_back({std::move(what), place + excerpt(std::string_view(expected).substr(shown)),
                    place + excerpt(std::string_view(observed).substr(shown)) + (cut ? ", then more that was cut" : ""),
                    expected == observed && !cut});
}

std::string no_result(const Trial& trial) {
  if (!trial.outcome.call) return "the program did not report it";
  return trial.outcome.call->handler_runs > 0 ? "the SIGSYS handler ran instead" : "did not return";
}

void check_call(Checks& checks, const Trial& trial, const Seen& seen) {
  const Expectation& expect = trial.test.expect;
  if (expect.action) {
    const auto kernel = candidates(seen, view_of(trial.test, trial.probe, trial.host));
    const bool met = identifiable(trial.test) && contains(kernel, *expect.action);
    checks.push_back({"action", to_string(*expect.action), to_string(kernel), met});
  }
  if (expect.error) {
    const std::string observed = seen.result ? result_text(*seen.result) : no_result(trial);
    same(checks, "errno", result_text(-std::int64_t{*expect.error}), observed);
  }
  if (expect.returns)
    same(checks, "returns", fmt::format("{}", *expect.returns),
         seen.result ? fmt::format("{}", *seen.result) : no_result(trial));
}

/// si_syscall of x32 has bit 30, which a case need not write.
std::string syscall_text(const SigsysFacts& facts, int expected) {
  const std::optional<Call> call = call_of(facts.syscall, facts.arch);
  return fmt::format("{}", call && call->number == expected ? expected : facts.syscall);
}

void check_siginfo(Checks& checks, const SiginfoExpectation& expect, const Seen& seen) {
  using Facts = SigsysFacts;
  every(checks, "siginfo", "SIGSYS", seen.sigsys, [](const Facts& facts) { return signal_name(facts.signo); });
  if (expect.code)
    every(checks, "siginfo.code", fmt::format("{}", *expect.code), seen.sigsys,
          [](const Facts& facts) { return fmt::format("{}", facts.code); });
  if (expect.error)
    every(checks, "siginfo.errno", fmt::format("{}", *expect.error), seen.sigsys,
          [](const Facts& facts) { return fmt::format("{}", facts.error); });
  if (expect.syscall)
    every(checks, "siginfo.syscall", fmt::format("{}", *expect.syscall), seen.sigsys,
          [&](const Facts& facts) { return syscall_text(facts, *expect.syscall); });
  if (expect.arch)
    every(checks, "siginfo.arch", fmt::format("{:#x}", *expect.arch), seen.sigsys,
          [](const Facts& facts) { return fmt::format("{:#x}", facts.arch); });
}

void check_trace(Checks& checks, const TraceExpectation& expect, const Seen& seen) {
  if (expect.count || !expect.message) how_many(checks, "trace.count", expect.count, seen.traces.size());
  if (expect.message)
    every(checks, "trace.message", fmt::format("{}", *expect.message), seen.traces,
          [](const TraceEvent& event) { return fmt::format("{}", event.message); });
}

void check_notification(Checks& checks, const NotificationExpectation& expect, const Seen& seen) {
  if (expect.count || expect.args.empty()) how_many(checks, "notification.count", expect.count, seen.notifications.size());
  if (expect.args.empty()) return;
  const auto args_text = [&](const Call* call) {
    std::string text;
    for (std::size_t i = 0; i < expect.args.size(); ++i) {
      const std::optional<std::uint64_t>& wanted = expect.args[i];
      std::string shown = "any";
      if (wanted && call == nullptr) shown = fmt::format("{:#x}", *wanted);
      if (wanted && call != nullptr)
        shown = i < call->args.size() ? fmt::format("{:#x}", call->args[i]) : "no such argument";
      text += (text.empty() ? "" : ", ") + shown;
    }
    return text;
  };
  const std::string expected = args_text(nullptr);
  std::string observed = seen.notifications.empty() ? "none" : args_text(&seen.notifications.front().call);
  for (const Notification& notification : seen.notifications)
    if (args_text(&notification.call) == expected) observed = expected;
  same(checks, "notification.args", expected, observed);
}

void check_audit(Checks& checks, const AuditExpectation& expect, const Seen& seen) {
  using Record = AuditRecord;
  if (expect.none) {
    const std::string observed = seen.audit.empty() ? "no record" : fmt::format("{} of them", seen.audit.size());
    return same(checks, "audit", "no record", observed);
  }
  const bool bare = !expect.signal && !expect.code && !expect.arch;
  if (expect.count || bare) how_many(checks, "audit.count", expect.count, seen.audit.size());
  if (expect.signal)
    every(checks, "audit.signal", fmt::format("{}", *expect.signal), seen.audit,
          [](const Record& record) { return fmt::format("{}", record.signal); });
  if (expect.code)
    every(checks, "audit.code", fmt::format("{:#x}", *expect.code), seen.audit,
          [](const Record& record) { return fmt::format("{:#x}", record.code); });
  if (expect.arch)
    every(checks, "audit.arch", fmt::format("{:#x}", *expect.arch), seen.audit,
          [](const Record& record) { return fmt::format("{:#x}", record.arch); });
}

void check_paths(Checks& checks, const Trial& trial) {
  const std::vector<std::string>& existing = trial.outcome.existing;
  const auto state = [&](const std::string& path) {
    return std::ranges::find(existing, path) != existing.end() ? "exists" : "does not exist";
  };
  for (const std::string& path : trial.test.expect.absent) same(checks, "absent " + path, "does not exist", state(path));
  for (const std::string& path : trial.test.expect.present) same(checks, "present " + path, "exists", state(path));
}

}  // namespace

std::string expand(std::string_view text, const Host& host, std::string_view cwd) {
  const std::pair<std::string_view, std::string> facts[] = {{"{uid}", fmt::format("{}", host.uid)},
                                                            {"{gid}", fmt::format("{}", host.gid)},
                                                            {"{cwd}", std::string(cwd)},
                                                            {"{sysname}", host.sysname},
                                                            {"{release}", host.release}};
  std::string expanded;
  while (!text.empty()) {
    const auto* fact = std::ranges::find_if(facts, [text](const auto& pair) { return text.starts_with(pair.first); });
    if (fact != std::end(facts)) {
      expanded += fact->second;
      text.remove_prefix(fact->first.size());
    } else {
      expanded += text.front();
      text.remove_prefix(1);
    }
  }
  return expanded;
}

std::vector<Check> checks(const Trial& trial) {
  const Expectation& expect = trial.test.expect;
  const Outcome& outcome = trial.outcome;
  const Seen seen = seen_of(trial.test, outcome);
  Checks made;
  if (outcome.stage) check_stage(made, trial);
  check_kills(made, trial, seen);
  check_end(made, trial);
  if (expect.out) check_text(made, "stdout", expand(*expect.out, trial.host, trial.cwd), outcome.out, outcome.out_cut);
  if (expect.err) check_text(made, "stderr", expand(*expect.err, trial.host, trial.cwd), outcome.err, outcome.err_cut);
  check_call(made, trial, seen);
  if (expect.siginfo) check_siginfo(made, *expect.siginfo, seen);
  if (expect.trace) check_trace(made, *expect.trace, seen);
  if (expect.notification) check_notification(made, *expect.notification, seen);
  if (expect.audit) check_audit(made, *expect.audit, seen);
  check_paths(made, trial);
  if (expect.within) {
    const bool ended = outcome.end.kind == End::Kind::exited || outcome.end.kind == End::Kind::signaled;
    made.push_back(
        {"within", fmt::format("at most {} ms", expect.within->count()),
         ended ? fmt::format("{:.3f} ms", static_cast<double>(outcome.duration.count()) / 1000) : end_text(outcome.end),
         ended && outcome.duration <= *expect.within});
  }
  return made;
}

}  // namespace sandgauge
