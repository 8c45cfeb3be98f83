// Which action counts when stacked filters give different ones: every ordered pair.
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "conformance/audit_records.h"
#include "conformance/scenario.h"
#include "conformance/topics.h"
#include "conformance/watched_call.h"
#include "model/action.h"

namespace sandgauge {
namespace {

// The data of the filter that is loaded first and of the one that is loaded second, so that two of a kind can be told apart.
constexpr std::array<std::uint16_t, 2> kData = {101, 102};

/// Two equal actions without data or listener: it makes no difference which of them counts, or whether there is a second.
bool same_for_everyone(ActionKind first, ActionKind second) {
  return first == second && !has_data(first) && first != ActionKind::notify;
}

/// The filter whose action must count: the stricter one; of two alike the one that was loaded last.
std::size_t winner_of(ActionKind first, ActionKind second) { return first < second ? 0 : 1; }

void check_records(Stage& stage, const Records& records, ActionKind kind) {
  stage.equal("audit records", kind == ActionKind::log ? 1 : 0, records.count);
  if (kind == ActionKind::log) stage.equal_hex("code= of the record", SECCOMP_RET_LOG, records.last.code);
}

void the_stricter_action_counts(Stage& stage) {
  const std::array kinds = {static_cast<ActionKind>(stage.parameter(0)), static_cast<ActionKind>(stage.parameter(1))};
  const std::size_t winner = winner_of(kinds[0], kinds[1]);
  const ActionKind kind = kinds[winner];

  const auto data_of = [&kinds](std::size_t i) { return has_data(kinds[i]) ? kData[i] : std::uint16_t{0}; };
  std::array<StackedFilter, 2> filters;
  bool has_listener = false;
  for (const std::size_t i : {winner, 1 - winner}) {  // there can be one listener; if both ask for it, the winner has it
    filters[i].filter = Filter::answer(SYS_getppid, return_value({kinds[i], data_of(i)}));
    filters[i].changeable = i == winner && !same_for_everyone(kinds[0], kinds[1]);
    if (kinds[i] == ActionKind::notify && !has_listener) {
      filters[i].flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
      has_listener = true;
    }
  }
  const bool needs_audit = kind == ActionKind::log || kind == ActionKind::allow;
  std::optional<AuditReader> audit;
  if (needs_audit) audit = open_audit(stage);
  const bool has_trace = kinds[0] == ActionKind::trace || kinds[1] == ActionKind::trace;
  const WatchPlan plan{.filters = filters, .tracer = has_trace};
  const WatchedCall call = watch_call(stage, plan);

  check_action(stage, plan, call, {kind, data_of(winner)});
  if (audit) check_records(stage, records_of(stage, *audit, call.pid), kind);
}

std::string slug(ActionKind kind) {
  constexpr std::array kSlugs = {"kill-process", "kill", "trap", "errno", "notify", "trace", "log", "allow"};
  return kSlugs[static_cast<std::size_t>(kind)];
}

std::string title_of(ActionKind first, ActionKind second) {
  if (first != second)
    return fmt::format("{}, then {}: {} counts", kind_name(first), kind_name(second), kind_name(std::min(first, second)));
  if (same_for_everyone(first, second)) return fmt::format("{} twice is {}", kind_name(first), kind_name(first));
  return fmt::format("{} twice: the {} of the filter that was loaded last counts", kind_name(first),
                     first == ActionKind::notify ? "listener" : "data");
}

Scenario scenario_of(ActionKind first, ActionKind second) {
  Scenario scenario{
      .name = fmt::format("{}-then-{}", slug(first), slug(second)),
      .title = title_of(first, second),
      .why =
          "A sandbox inside a sandbox may add to what is denied and take nothing of it back, in whatever order they load.",
      .source =
          "seccomp(2), \"SECCOMP_SET_MODE_FILTER\": the first-seen action of highest precedence; kernel/seccomp.c, "
          "seccomp_run_filters",
      .also = "kselftest: precedence.* (a stack of all the laxer actions, in two orders)",
      .run = the_stricter_action_counts,
      .parameters = {static_cast<std::int64_t>(first), static_cast<std::int64_t>(second)}};
  // Only the audit record tells LOG from ALLOW.
  if (std::min(first, second) >= ActionKind::log) scenario.needs.capabilities = {"CAP_AUDIT_READ"};
  return scenario;
}

}  // namespace

std::vector<Case> precedence_cases() {
  std::vector<Scenario> scenarios;
  for (const ActionKind first : kEveryActionKind)
    for (const ActionKind second : kEveryActionKind) scenarios.push_back(scenario_of(first, second));
  return topic("precedence", std::move(scenarios));
}

}  // namespace sandgauge
