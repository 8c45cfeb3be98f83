#include "judge/distinguish.h"

#include <algorithm>
#include <cerrno>
#include <set>

#include "judge/identify.h"
#include "judge/words.h"

namespace sandgauge {
namespace {

constexpr Probe kExtras[] = {{},
                             {.tracer = true},
                             {.listener = true},
                             {.tracer = true, .listener = true},
                             {.audit = true},
                             {.tracer = true, .audit = true},
                             {.listener = true, .audit = true},
                             {.tracer = true, .listener = true, .audit = true}};

Probe together(const Probe& a, const Probe& b) {
  return {.handler = a.handler || b.handler,
          .threads = a.threads || b.threads,
          .tracer = a.tracer || b.tracer,
          .listener = a.listener || b.listener,
          .audit = a.audit || b.audit};
}

bool uses(const Policy& policy, ActionKind kind) {
  return policy.default_action.kind == kind || policy.foreign_action.kind == kind ||
         std::ranges::any_of(policy.rules, [kind](const Rule& rule) { return rule.action.kind == kind; });
}

Probe required_probe(const Case& test, std::optional<Action> expected) {
  const Expectation& expect = test.expect;
  Probe probe{
      .tracer = expect.trace.has_value(), .listener = expect.notification.has_value(), .audit = expect.audit.has_value()};
  if (test.mechanism == Mechanism::filter) {
    const bool claims_death = expect.signal || expect.core;
    const bool call = test.attach == Attach::call && expected.has_value();
    probe.threads = call && !(claims_death && expected->kind == ActionKind::kill_thread);
    probe.handler = call && !(claims_death && expected->kind == ActionKind::trap);
    probe.tracer |= uses(test.policy, ActionKind::trace);
    probe.listener |= uses(test.policy, ActionKind::notify) || test.policy.flags.wait_killable;
  }
  if (expect.siginfo && !probe.handler) probe.tracer = true;
  return probe;
}

Host with_every_action_logged(Host host) {
  for (const ActionKind kind : kEveryActionKind) host.actions_logged.insert(std::string(logged_word(kind)));
  return host;
}

bool tells(const Case& test, Action expected, const Probe& probe, const Host& host) {
  return lookalikes(expected, view_of(test, probe, host)).empty();
}

/// What still looks like `expected` with every other watcher there is.
std::vector<Action> confused_without_records(const Case& test, Action expected, Probe probe, const Host& host) {
  probe.audit = false;
  probe.tracer = probe.listener = true;
  return lookalikes(expected, view_of(test, probe, host));
}

/// Words of the sysctl without which a record that the probe or the case counts on would never be written.
std::vector<std::string> unlogged_words(const Case& test, std::optional<Action> expected, const Probe& probe,
                                        const Host& host) {
  std::set<ActionKind> kinds;
  if (expected && !tells(test, *expected, probe, host) && tells(test, *expected, probe, with_every_action_logged(host))) {
    kinds.insert(expected->kind);
    for (const Action& other : confused_without_records(test, *expected, probe, host)) kinds.insert(other.kind);
  }
  if (test.expect.audit && test.expect.audit->code) kinds.insert(action_of_return_value(*test.expect.audit->code).kind);
  std::vector<std::string> words;
  for (const ActionKind kind : kinds)
    if (const std::string word(logged_word(kind)); !word.empty() && !host.actions_logged.contains(word))
      words.push_back(word);
  return words;
}

std::string what_records_are_for(const Case& test, std::optional<Action> expected, const Probe& probe, const Host& host) {
  if (expected) {
    std::vector<std::string> names;
    for (const Action& other : confused_without_records(test, *expected, probe, host)) names.push_back(to_string(other));
    if (!names.empty())
      return fmt::format("only an audit record tells {} from {}", to_string(*expected), join(names, "and"));
  }
  return test.expect.audit ? "the case expects an audit record" : "the case's probe reads audit records";
}

std::string unmet_by(const Case& test, std::optional<Action> expected, const Probe& probe, const Host& host) {
  if (!probe.audit) return {};
  const std::string purpose = what_records_are_for(test, expected, probe, host);
  if (!host.capabilities.contains("CAP_AUDIT_READ")) return fmt::format("CAP_AUDIT_READ: {}", purpose);
  const std::vector<std::string> words = unlogged_words(test, expected, probe, host);
  if (words.empty()) return {};
  return fmt::format("{} in kernel.seccomp.actions_logged: {}", join(words, "and"), purpose);
}

Probe pick(const Case& test, const Probe& required, Action expected, const Host& host) {
  for (const Host& known : {host, with_every_action_logged(host)})
    for (const Probe& extra : kExtras)
      if (const Probe probe = together(required, extra); tells(test, expected, probe, known)) return probe;
  return required;
}

}  // namespace

bool identifiable(const Case& test) {
  const std::optional<Call> call = subject(test);
  if (test.mechanism != Mechanism::filter || !call) return false;
  if (test.attach == Attach::call) return true;
  const auto rules = resolve(test.policy);
  return !rules || std::ranges::none_of(*rules, [&call](const ResolvedRule& rule) {
    return rule.abi == call->abi && rule.number == call->number && !rule.when.empty();
  });
}

std::vector<Action> lookalikes(Action expected, const View& view) {
  std::set<Action> others;
  for (const ActionKind kind : kEveryActionKind) others.insert({kind, 0});
  for (const std::int64_t result : {std::int64_t{-EPERM}, std::int64_t{-ENOSYS}, view.tracer.result,
                                    std::int64_t{view.listener.error}, -std::int64_t{view.own_error.value_or(0)}})
    if (const auto error = errno_of(result)) others.insert(errno_action(static_cast<std::uint16_t>(*error)));
  others.insert({expected.kind, static_cast<std::uint16_t>(expected.data ^ 1)});

  const bool signals = expected.kind == ActionKind::trap || expected.kind == ActionKind::trace;
  const bool has_data = signals || expected.kind == ActionKind::error;
  const bool claims_data = has_data && !(signals && expected.data == 0);
  const Appearance wanted = appearance(expected, view);
  std::erase_if(others, [&](const Action& other) {
    return other == expected || (other.kind == expected.kind && !claims_data) || appearance(other, view) != wanted;
  });
  return {others.begin(), others.end()};
}

std::string missing_watcher(const Case& test, const Probe& probe) {
  const Expectation& expect = test.expect;
  const bool handler = probe.handler && test.attach == Attach::call;
  if (expect.trace && !probe.tracer) return "expect.trace needs the tracer";
  if (expect.notification && !probe.listener) return "expect.notification needs the listener";
  if (expect.audit && !probe.audit) return "expect.audit needs audit";
  if (expect.siginfo && !probe.tracer && !handler)
    return test.attach == Attach::call ? "expect.siginfo needs the handler or the tracer"
                                       : "expect.siginfo needs the tracer";
  return {};
}

ProbeChoice choose_probe(const Case& test, std::optional<Action> decided, const Host& host) {
  std::optional<Action> expected;
  if (identifiable(test)) expected = test.expect.action ? test.expect.action : decided;
  Probe probe = test.probe.value_or(required_probe(test, expected));
  if (!test.probe && expected) probe = pick(test, probe, *expected, host);
  return {probe, unmet_by(test, expected, probe, host)};
}

}  // namespace sandgauge
