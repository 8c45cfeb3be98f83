// Which probe tells an action from every other, and which actions a probe confuses.
//
//   ProbeChoice choice = choose_probe(test, errno_action(EPERM), host);
//   if (!choice.unmet.empty()) return skipped(choice.unmet);   // "CAP_AUDIT_READ: only an audit record tells ALLOW from
//   LOG" Outcome outcome = execute(test, choice.probe);
//
// An unmet choice still names the probe that would do. A case whose action no probe can tell gets the plainest one, and
// judge() calls it BROKEN.
//
// How a probe is picked. Required from the start: what the policy and the expectations need (a tracer for TRACE,
// expect.trace and, with attach exec, expect.siginfo; a listener for NOTIFY, expect.notification and WAIT_KILLABLE_RECV;
// audit for expect.audit). With attach call also a handler and a second thread, except where the case claims the death that
// they would prevent: with expect.signal or expect.core, no second thread for KILL and no handler for TRAP. Then the
// cheapest of nothing, tracer, listener, both, and the same with audit, that leaves no look-alike.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "judge/appearance.h"

namespace sandgauge {

/// True if the outcome can tell what the kernel did to the case's call: there is a filter and a call, and with attach exec
/// the policy answers every such call alike (a program may make the call with other arguments than the case's).
bool identifiable(const Case& test);

/// The other actions that look like `expected`, strictest first; besides every kind, a neighbouring data value of `expected`
/// stands for all other data. TRAP and TRACE with data 0 claim no data where the probe shows none.
std::vector<Action> lookalikes(Action expected, const View& view);

/// What is missing from the probe for the case's own expectations, as a sentence; empty if nothing is.
std::string missing_watcher(const Case& test, const Probe& probe);

struct ProbeChoice {
  Probe probe;
  std::string unmet;  // what this machine lacks for it; empty if nothing
  bool operator==(const ProbeChoice&) const = default;
};

/// `decided` is decide()'s answer for the case's call, unset if it has none; expect.action goes before it. A probe that the
/// case names is taken as it is.
ProbeChoice choose_probe(const Case& test, std::optional<Action> decided, const Host& host);

}  // namespace sandgauge
