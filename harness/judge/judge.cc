#include "judge/judge.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/errno_text.h"
#include "judge/distinguish.h"
#include "judge/explain.h"
#include "judge/identify.h"
#include "judge/words.h"

namespace sandgauge {
namespace {

Verdict broken(Cause cause, std::string reason) { return {Status::broken, cause, std::move(reason), {}}; }

/// One of these would tell the expected action: single watchers first, then pairs.
std::string advice(Action expected, const View& view) {
  constexpr bool Probe::*kWatchers[] = {&Probe::handler, &Probe::threads, &Probe::tracer, &Probe::listener, &Probe::audit};
  const bool opaque = view.attach == Attach::exec;
  std::vector<std::string> single;
  std::vector<std::string> pairs;
  for (const auto first : kWatchers) {
    for (const auto second : kWatchers) {
      Probe added;
      added.*first = added.*second = true;
      if (opaque && (added.handler || added.threads)) continue;
      View wider = view;
      wider.probe.*first = wider.probe.*second = true;
      if (!lookalikes(expected, wider).empty()) continue;
      if (first == second) single.push_back(to_string(added));
      if (std::ranges::find(pairs, to_string(added)) == pairs.end()) pairs.push_back(to_string(added));
    }
  }
  if (!single.empty()) return "add " + join(single, "or");
  if (!pairs.empty()) return "add " + join(pairs, "or");
  if (!view.result_seen) return "expect what the program shows then: exit, stdout or stderr";
  return "no probe can on this machine";
}

/// Why the probe cannot bear out what the case claims; empty if it can.
std::string untellable(const Trial& trial) {
  const Case& test = trial.test;
  if (std::string missing = missing_watcher(test, trial.probe); !missing.empty())
    return fmt::format("the probe is {}: {}", to_string(trial.probe), missing);
  if (!identifiable(test)) {
    if (!test.expect.action) return {};
    const bool has_both = test.call && test.mechanism == Mechanism::filter;
    return has_both ? "expect.action: the policy answers this call by its arguments, which only attach call pins down"
                    : "expect.action needs a call and a filter";
  }
  const Action expected = test.expect.action.value_or(*trial.answers.decided);
  const View view = view_of(test, trial.probe, trial.host);
  std::vector<std::string> alike;
  for (const Action& other : lookalikes(expected, view)) alike.push_back(to_string(other));
  if (alike.empty()) return {};
  const std::string probe = to_string(trial.probe);
  return fmt::format("{} {} probe cannot tell {} from {}; {}", probe.starts_with('a') ? "an" : "a", probe,
                     to_string(expected), join(alike, "and"), advice(expected, view));
}

/// Whether what was seen rules the expected action out, which a probe can do that could not bear it out.
bool contradicted(const Trial& trial) {
  const Case& test = trial.test;
  if (!identifiable(test) || !missing_watcher(test, trial.probe).empty()) return false;
  const Seen seen = seen_of(test, trial.outcome);
  const Action expected = test.expect.action.value_or(*trial.answers.decided);
  return any_evidence(seen) && !contains(candidates(seen, view_of(test, trial.probe, trial.host)), expected);
}

/// Everything that keeps the case from saying something about the kernel.
std::optional<Verdict> no_trial(const Trial& trial) {
  const Case& test = trial.test;
  const Outcome& outcome = trial.outcome;
  if (outcome.setup) {
    const SetupFailure& setup = *outcome.setup;
    return broken(Cause::setup, setup.error != 0 ? fmt::format("{}: {}", setup.step, errno_text(setup.error)) : setup.step);
  }
  if (outcome.end.kind == End::Kind::interrupted) return broken(Cause::interrupted, explain_end(outcome));
  if (test.attach == Attach::scenario) {
    if (!outcome.stage) return broken(Cause::harness, "the scenario did not report");
    if (!outcome.stage->broken.empty()) return broken(Cause::setup, outcome.stage->broken);
    if (!outcome.stage->lacking.empty()) return skipped(outcome.stage->lacking);
  }
  if (test.call && !subject(test))
    return broken(Cause::setup, fmt::format("{} has no syscall '{}'", abi_name(test.call->abi), test.call->syscall));
  if (test.call && test.mechanism == Mechanism::filter && !(trial.answers.decided && trial.answers.evaluated))
    return broken(Cause::harness, "the harness did not predict the case's call");
  const bool made = outcome.call && outcome.call->started != 0;
  if (test.attach == Attach::call && !made && outcome.end.kind != End::Kind::deadline)
    return broken(Cause::setup, "the child ended before it made the call: " + explain_end(outcome));
  if (std::string reason = untellable(trial); !reason.empty() && !contradicted(trial))
    return broken(Cause::probe, std::move(reason));
  if (trial.probe.audit && !outcome.audit_complete) return broken(Cause::probe, "audit records were lost");
  return std::nullopt;
}

/// Names the prediction that differs from two others: from the case's own claim, or else from the kernel.
std::string explain_disagreement(const Trial& trial, const std::vector<Candidate>& kernel, bool identified) {
  const Action decided = *trial.answers.decided;
  const Action evaluated = *trial.answers.evaluated;
  const std::optional<Action>& claimed = trial.test.expect.action;
  std::string witness;
  bool for_decide = false;
  if (claimed && (*claimed == decided || *claimed == evaluated)) {
    witness = "the case";
    for_decide = *claimed == decided;
  } else if (identified && contains(kernel, decided) != contains(kernel, evaluated)) {
    witness = "the kernel";
    for_decide = contains(kernel, decided);
  }
  if (witness.empty()) return fmt::format("decide says {}, evaluate says {}", to_string(decided), to_string(evaluated));
  return fmt::format("{} says {}, but {} and {} say {}", for_decide ? "evaluate" : "decide",
                     to_string(for_decide ? evaluated : decided), for_decide ? "decide" : "evaluate", witness,
                     to_string(for_decide ? decided : evaluated));
}

/// A filter around the harness can only make an answer stricter: the kernel takes the strictest (seccomp(2)).
bool outer_filter_explains(const Host& host, const std::vector<Candidate>& kernel, Action decided) {
  return host.outer_filters != 0 &&
         std::ranges::any_of(kernel, [decided](const Candidate& candidate) { return candidate.action.kind < decided.kind; });
}

void judge_kernel(Verdict& verdict, const Trial& trial, const std::vector<Candidate>& kernel) {
  const Action decided = *trial.answers.decided;
  const std::string did = kernel.empty() ? fmt::format("what the kernel did fits no action: {}", explain_end(trial.outcome))
                                         : fmt::format("the kernel did {}", to_string(kernel));
  verdict.status = Status::fail;
  verdict.cause = Cause::disagreement;
  verdict.reason = fmt::format("decide and evaluate say {}, {}", to_string(decided), did);
  if (!outer_filter_explains(trial.host, kernel, decided)) return;
  verdict.status = Status::broken;
  verdict.cause = Cause::outer_filter;
  verdict.reason += "; a filter that the harness itself runs under may have answered first";
}

void judge_checks(Verdict& verdict) {
  const auto unmet_one = std::ranges::find(verdict.checks, false, &Check::met);
  if (unmet_one == verdict.checks.end()) return;
  const auto unmet_count = std::ranges::count(verdict.checks, false, &Check::met);
  verdict.status = Status::fail;
  verdict.cause = Cause::expectation;
  verdict.reason = fmt::format("{}: expected {}, observed {}", unmet_one->what, unmet_one->expected, unmet_one->observed);
  if (unmet_count > 1) verdict.reason += fmt::format(" (and {} more)", unmet_count - 1);
}

std::string list_of(const std::vector<Abi>& abis) {
  std::vector<std::string> names;
  for (const Abi abi : abis) names.emplace_back(abi_name(abi));
  return join(names, "or");
}

bool machine_enters(Abi abi) { return (abi == Abi::aarch64) == (native_abi() == Abi::aarch64); }

}  // namespace

Verdict skipped(std::string reason) { return {Status::skip, Cause::requirement, std::move(reason), {}}; }

std::optional<Verdict> unmet(const Case& test, const Host& host) {
  const Requirements& needs = test.needs;
  std::vector<std::string> lacks;
  for (const std::string& capability : needs.capabilities)
    if (!host.capabilities.contains(capability)) lacks.push_back("needs " + capability);
  if (needs.since && host.kernel < *needs.since)
    lacks.push_back(fmt::format("since Linux {}, this is {}", to_string(*needs.since), to_string(host.kernel)));
  if (needs.until && host.kernel > *needs.until)
    lacks.push_back(fmt::format("until Linux {}, this is {}", to_string(*needs.until), to_string(host.kernel)));
  if (!needs.machine.empty() && std::ranges::find(needs.machine, native_abi()) == needs.machine.end())
    lacks.push_back(fmt::format("only on {}, this is {}", list_of(needs.machine), abi_name(native_abi())));
  std::set<Abi> abis(needs.abis.begin(), needs.abis.end());
  if (test.call && (!machine_enters(test.call->abi) || test.call->abi == Abi::i386)) abis.insert(test.call->abi);
  for (const Abi abi : abis)
    if (!host.abis.contains(abi)) lacks.push_back(fmt::format("the kernel runs no {} calls", abi_name(abi)));
  if (needs.core_file && !host.core_to_file)
    lacks.emplace_back("core dumps go to a program here, not to a file (kernel.core_pattern)");
  if (lacks.empty()) return std::nullopt;
  std::string reason;
  for (const std::string& lack : lacks) reason += (reason.empty() ? "" : "; ") + lack;
  return skipped(std::move(reason));
}

Verdict judge(const Trial& trial) {
  if (std::optional<Verdict> verdict = no_trial(trial)) return *verdict;
  const Answers& answers = trial.answers;
  const Seen seen = seen_of(trial.test, trial.outcome);
  const bool identified = identifiable(trial.test);
  const std::vector<Candidate> kernel = candidates(seen, view_of(trial.test, trial.probe, trial.host));
  const bool predicted = trial.test.call && trial.test.mechanism == Mechanism::filter;

  Verdict verdict{Status::pass, Cause::none, {}, checks(trial)};
  if (predicted && answers.decided != answers.evaluated) {
    verdict.status = Status::fail;
    verdict.cause = Cause::disagreement;
    verdict.reason = explain_disagreement(trial, kernel, identified);
  } else if (trial.outcome.end.kind == End::Kind::deadline) {
    verdict.status = Status::fail;
    verdict.cause = Cause::deadline;
    verdict.reason = explain_end(trial.outcome);
  } else if (identified && !contains(kernel, *answers.decided)) {
    judge_kernel(verdict, trial, kernel);
  } else if (verdict.checks.empty() && !(identified && any_evidence(seen))) {
    verdict = broken(Cause::probe, "the case claims nothing that was checked");
  } else {
    judge_checks(verdict);
  }
  return verdict;
}

}  // namespace sandgauge
