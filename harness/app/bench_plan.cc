#include "app/bench_plan.h"

#include <algorithm>
#include <cstdlib>

#include "base/errno_text.h"
#include "confine/seccomp.h"
#include "evaluate/bitmap.h"
#include "evaluate/evaluate.h"
#include "kernel/environment.h"
#include "model/call.h"

namespace sandgauge {
namespace {

// Measured in ten standard reports, quiet and loaded: other rows' medians lay within 1% of each other's
// (BenchRow::resolution).
constexpr double kTwinResolution = 0.001;     // both are in the same run: only the clock's step, and what lies where
constexpr double kProcessResolution = 0.025;  // what others do to the memory that processes are made of
/// A caller takes 2.9 us or 4.2 us, by whether kauditd takes the records off the queue while it puts more on; which of the
/// two, the scheduler decides, for the whole of a run.
constexpr double kAuditResolution = 0.2;

seccomp_data data_of(const TimedCall& call) {
  Call made{.number = static_cast<std::int32_t>(call.number)};
  for (std::size_t i = 0; i < 6; ++i) made.args[i] = static_cast<std::uint64_t>(call.args[i]);
  return to_seccomp_data(made);
}

std::string result_words(long result) {
  return result < 0 && result > -4096 ? errno_name(static_cast<int>(-result)) : fmt::format("{}", result);
}

/// What the first call must come to. ALLOW and LOG let it do what it does without a filter: `plain` is that result.
Result<void> check_outcome(const Sample& sample, Action expected, Supervision supervision,
                           const std::optional<long>& plain) {
  const long got = sample.returned[0];
  const bool failed = got < 0;
  switch (expected.kind) {
    case ActionKind::allow:
    case ActionKind::log:
      if (plain && *plain < 0 && got != *plain)
        return fail("returned {}, expected {}", result_words(got), result_words(*plain));
      if ((!plain || *plain >= 0) && failed) return fail("returned {}, expected success", result_words(got));
      return {};
    case ActionKind::error:
      if (got != -long{expected.data}) return fail("returned {}, expected {}", result_words(got), errno_name(expected.data));
      return {};
    case ActionKind::trap:
      if (sample.traps == 0) return fail("no SIGSYS arrived, expected one for each call");
      return {};
    case ActionKind::trace:
      if (supervision == Supervision::none && got != -ENOSYS)
        return fail("returned {}, expected ENOSYS: there is no tracer", result_words(got));
      if (supervision == Supervision::tracer && sample.trips == 0) return fail("the tracer saw no stop");
      return {};
    case ActionKind::notify:
      if (supervision == Supervision::none && got != -ENOSYS)
        return fail("returned {}, expected ENOSYS: there is no listener", result_words(got));
      if (supervision == Supervision::listener && sample.trips == 0) return fail("the listener got no notification");
      return {};
    case ActionKind::kill_process:
    case ActionKind::kill_thread: return fail("lived on, expected {}", to_string(expected));
  }
  return {};
}

}  // namespace

Result<void> Planner::begin() {
  // In memory where that can be had, and nowhere else is asked for: a disk takes its time whatever the filter.
  auto dir = std::getenv("TMPDIR") == nullptr ? TempDir::make_in("/dev/shm") : TempDir::make();
  if (!dir) dir = TempDir::make();
  if (!dir) return fail(dir.error());
  plan_.scratch = std::make_unique<TempDir>(*std::move(dir));
  return {};
}

const std::string& Planner::text(std::string text) { return plan_.texts.emplace_back(std::move(text)); }

const Confinement* Planner::keep(std::unique_ptr<Confinement> confinement) {
  return plan_.confinements.emplace_back(std::move(confinement)).get();
}

void Planner::block(const BenchCall& call, const std::string& group) {
  call_ = call;
  group_ = group;
  ++block_;
  baseline_ = plan_.rows.size();
  plan_.rows.push_back({.id = call.name + "/none", .group = group, .call = call.name, .condition = "none"});
  plan_.conditions.push_back(
      {.specimen = {.calls = call.calls, .cpu = placement_.cpu, .supervisor_cpu = placement_.cpu}, .block = block_});
  plan_.conditions.back().verify = [plain = call.plain](const Sample& sample) {
    return check_outcome(sample, {}, Supervision::none, plain);
  };
  BenchRow& twin = row("A/A control", {}, {}, {});
  twin.control = true;
  twin.resolution = kTwinResolution;
}

BenchRow& Planner::row(const std::string& condition, std::vector<const Confinement*> confinements,
                       std::vector<Program> filters, Action expected, Supervision supervision, bool other_cpu) {
  BenchRow row{.id = call_.name + "/" + condition,
               .group = group_,
               .call = call_.name,
               .condition = condition,
               .baseline = plan_.rows[baseline_].id,
               .filters = static_cast<int>(filters.size())};
  row.answered = expected.kind != ActionKind::allow && expected.kind != ActionKind::log;
  row.bitmap_hit = !filters.empty();
  for (const TimedCall& call : call_.calls)
    for (const Program& filter : filters) row.bitmap_hit = row.bitmap_hit && predict_bitmap(filter, data_of(call)).hit;
  for (const TimedCall& call : call_.calls)
    for (const Program& filter : filters)
      if (!row.bitmap_hit) row.instructions += evaluate(filter, data_of(call)).steps;
  const int supervisor = other_cpu ? placement_.supervisor_cpu : placement_.cpu;
  if (supervision == Supervision::tracer || supervision == Supervision::listener)
    row.placement = other_cpu ? fmt::format("supervisor on CPU {}, the call on CPU {}", supervisor, placement_.cpu)
                              : fmt::format("both on CPU {}", placement_.cpu);
  Condition one{.specimen = {.calls = call_.calls,
                             .confinements = std::move(confinements),
                             .supervision = supervision,
                             .cpu = placement_.cpu,
                             .supervisor_cpu = supervisor},
                .block = block_,
                .baseline = baseline_};
  one.verify = [expected, supervision, plain = call_.plain](const Sample& sample) {
    return check_outcome(sample, expected, supervision, plain);
  };
  // The wake-up of an idle CPU is most of this row's cost; with other work on it, it would be another row.
  if (other_cpu) one.wanted_now = [] { return running_now() <= 1; };
  constexpr std::uint64_t kAuditQueue = 55;  // of 64: a caller that finds it full is made to wait
  if (expected.kind == ActionKind::log) {
    one.most_calls = kAuditQueue;
    row.resolution = kAuditResolution;
  }
  plan_.rows.push_back(std::move(row));
  plan_.conditions.push_back(std::move(one));
  return plan_.rows.back();
}

BenchRow& Planner::filtered(const std::string& condition, const Program& program, int depth) {
  const Confinement* filter = keep(std::make_unique<SeccompFilter>(program, FilterFlags{}, false));
  const Action expected = evaluate(program, data_of(call_.calls[0])).action;
  return row(condition, std::vector<const Confinement*>(static_cast<std::size_t>(depth), filter),
             std::vector<Program>(static_cast<std::size_t>(depth), program), expected);
}

BenchRow& Planner::process_row(const std::string& group, const std::string& condition, Work work,
                               std::vector<const Confinement*> confinements, std::vector<TimedCall> calls,
                               const std::string& baseline) {
  plan_.rows.push_back(
      {.id = group + "/" + condition, .group = group, .call = group, .condition = condition, .baseline = baseline});
  plan_.rows.back().resolution = kProcessResolution;
  Condition one{.specimen = {.work = work,
                             .calls = std::move(calls),
                             .confinements = std::move(confinements),
                             .cpu = placement_.cpu,
                             .supervisor_cpu = placement_.cpu},
                .block = block_};
  for (std::size_t i = 0; i + 1 < plan_.rows.size(); ++i)
    if (plan_.rows[i].id == baseline) one.baseline = i;
  plan_.conditions.push_back(std::move(one));
  return plan_.rows.back();
}

Policy allow_all() { return {}; }

Policy one_rule(const std::string& syscall, Action action) {
  Policy policy;
  policy.rules = {{.syscalls = {syscall}, .action = action, .when = {}}};
  return policy;
}

Policy long_policy(int rules, const std::vector<std::string>& measured, bool argument_rule) {
  constexpr int kUnused = 1000;  // and above: numbers that no call has
  Policy policy;
  policy.default_action = errno_action(EPERM);
  Rule numbers{.syscalls = {"exit_group"}, .action = {}, .when = {}};
  for (int i = 0; i < rules - 1 - static_cast<int>(measured.size()); ++i)
    numbers.syscalls.push_back(fmt::format("{}", kUnused + i));
  Rule allowed{.syscalls = measured, .action = {}, .when = {}};
  constexpr std::uint64_t kNever = 0x12345678;
  if (argument_rule) allowed.when = {{.index = 5, .compare = Compare::not_equal, .value = kNever}};
  policy.rules = {numbers, allowed};
  return policy;
}

}  // namespace sandgauge
