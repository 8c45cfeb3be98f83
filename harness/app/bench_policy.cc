#include "app/bench_policy.h"

#include <algorithm>
#include <limits>

#include "app/bench_calls.h"
#include "app/explanation.h"
#include "app/profile_input.h"
#include "base/errno_text.h"
#include "compile/compile.h"
#include "compile/libseccomp.h"
#include "confine/seccomp.h"
#include "evaluate/evaluate.h"
#include "measure/summary.h"
#include "model/syscalls.h"
#include "policy/yaml_reader.h"

namespace sandgauge {
namespace {

constexpr std::size_t kMeasured = 16;  // calls, unless they are named

const ExplainedCall* native_call(const Explanation& explanation, std::string_view name) {
  const auto call = std::ranges::find_if(
      explanation.calls, [name](const ExplainedCall& each) { return each.abi == native_abi() && each.name == name; });
  return call != explanation.calls.end() ? &*call : nullptr;
}

bool can_give(const CallCost& cost, ActionKind kind) {
  return std::ranges::any_of(cost.actions, [kind](Action action) { return action.kind == kind; });
}

/// Whatever its arguments, it ends the program or the thread.
bool is_deadly(const CallCost& cost) {
  return std::ranges::all_of(cost.actions, [](Action action) {
    return action.kind == ActionKind::kill_process || action.kind == ActionKind::kill_thread;
  });
}

/// Those that a workload makes most; else the allowed ones that run the filter the longest, and a few that nearly every
/// program makes.
std::vector<std::string> chosen_calls(const PolicyReport& report) {
  std::vector<std::string> names;
  const auto add = [&names](const std::string& name) {
    if (names.size() < kMeasured && harmless_call(name) && std::ranges::find(names, name) == names.end())
      names.push_back(name);
  };
  std::vector<CallCount> counts = report.counts;
  std::ranges::stable_sort(counts, std::ranges::greater{}, &CallCount::count);
  for (const CallCount& each : counts) add(each.name);
  if (!names.empty()) return names;
  std::vector<const ExplainedCall*> misses;
  for (const ExplainedCall& call : report.explanation.calls)
    if (call.abi == native_abi() && !call.costs[0].bitmap_hit && can_give(call.costs[0], ActionKind::allow))
      misses.push_back(&call);
  std::ranges::stable_sort(misses, std::ranges::greater{}, [](const ExplainedCall* call) { return call->costs[0].most; });
  for (const ExplainedCall* call : misses) add(call->name);
  for (const char* usual : {"read", "write", "openat", "close", "fstat", "mmap", "futex", "getpid"}) add(usual);
  return names;
}

Result<Program> program_of(const Profile& profile, const BenchOptions& options, std::vector<std::string>& notes) {
  if (profile.program) {
    if (const auto valid = validate(*profile.program); !valid) return fail("{}: {}", options.policy, valid.error().message);
    return *profile.program;
  }
  const auto backend = parse_backend(options.backend);
  if (!backend) return fail("--backend: {}", backend.error().message);
  const std::vector<std::string> unknown = backend->compiler == Backend::Compiler::libseccomp
                                               ? unknown_to_libseccomp(profile.policy)
                                               : std::vector<std::string>{};
  if (!unknown.empty())
    notes.push_back(fmt::format("left out, as libseccomp {} does not know them on every ABI of the profile: {}",
                                libseccomp_version(), fmt::join(unknown, ", ")));
  auto program = compile(without_calls(profile.policy, unknown), *backend);
  if (!program) return fail("{}: {}", options.policy, program.error().message);
  return program;
}

/// The handler or supervisor that a call under the policy needs.
Supervision supervision_of(Action action) {
  switch (action.kind) {
    case ActionKind::trap: return Supervision::handler;
    case ActionKind::trace: return Supervision::tracer;
    case ActionKind::notify: return Supervision::listener;
    default: return Supervision::none;
  }
}

Result<void> add_call(Planner& planner, const PolicyReport& report, const std::string& name, Sampler& sampler) {
  const auto number = syscall_number(native_abi(), name);
  auto call = harmless_call(name);
  const bool known = call.has_value();
  if (!call) call = TimedCall{.number = *number};
  const seccomp_data data =
      to_seccomp_data({.number = *number,
                       .args = {static_cast<std::uint64_t>(call->args[0]), 0, static_cast<std::uint64_t>(call->args[2])}});
  const Action action = evaluate(report.program, data).action;
  if (!known && action.kind != ActionKind::error)
    return fail("--calls: no harmless way to make {} is known, expected a profile that answers it with ERRNO: here it is {}",
                name, to_string(action));
  // What the call comes to without a filter is what it must come to where it is allowed.
  std::optional<long> plain;
  if (known) {
    const auto sample = sampler.take({.calls = {*call}, .cpu = planner.placement().cpu}, {.batch = 1, .stretches = 1});
    if (!sample) return fail(sample.error());
    if (!sample->problem.empty()) return fail("{}: {}", words_of(name, *call), sample->problem);
    plain = sample->returned[0];
  }
  // The cost model is measured with getppid too; rows are told apart by the name of the call.
  BenchCall made{.name = name == "getppid" ? "getppid, once more" : name, .calls = {*call}, .plain = plain};
  if (!known) {  // never made without the filter: getppid is the call to hold it against
    made.calls = {{.number = *syscall_number(native_abi(), "getppid")}};
    made.plain.reset();
  }
  planner.block(made, "policy");
  planner.replace_calls({*call});
  const Supervision supervision = supervision_of(action);
  const Confinement* filter =
      planner.keep(std::make_unique<SeccompFilter>(report.program, FilterFlags{}, supervision == Supervision::listener));
  BenchRow& row = planner.row("under the profile", {filter}, {report.program}, action, supervision);
  row.note = fmt::format("{}, made as {}", to_string(action), words_of(name, *call));
  if (plain && *plain < 0)
    row.note += fmt::format(", which fails with {} unfiltered", errno_name(static_cast<int>(-*plain)));
  if (!known) row.note += "; held against getppid";
  planner.last_condition().specimen.continue_calls = known;
  return {};
}

}  // namespace

Result<PolicyReport> read_policy_report(const BenchOptions& options) {
  PolicyReport report;
  if (!options.weights.empty()) {
    const auto text = read_text(options.weights);
    if (!text) return fail(text.error());
    auto counts = parse_strace_table(*text);
    if (!counts) return fail("{}: {}", shown_name(options.weights), counts.error().message);
    if (std::ranges::none_of(*counts,
                             [](const CallCount& each) { return syscall_number(native_abi(), each.name).has_value(); }))
      return fail("{}: none of its names is a syscall of this machine, expected the table of strace -c",
                  shown_name(options.weights));
    report.weights = options.weights;
    report.counts = *std::move(counts);
  }
  const auto profile = read_profile_aloud(options.policy);
  if (!profile) return fail(profile.error());
  auto program = program_of(*profile, options, report.notes);
  if (!program) return fail(program.error());
  report.program = *std::move(program);
  const NamedProgram named{profile->program ? "cbpf" : options.backend, report.program, ""};
  report.explanation = explain({&named, 1}, profile->program ? nullptr : &profile->policy, {});
  report.calls = options.calls.empty() ? chosen_calls(report) : options.calls;
  std::vector<std::string> once;
  for (const std::string& name : report.calls)
    if (std::ranges::find(once, name) == once.end()) once.push_back(name);
  report.calls = std::move(once);
  for (const std::string& name : report.calls) {
    if (syscall_number(native_abi(), name)) continue;
    const std::string_view near = closest_syscall(name);
    return near.empty() ? fail("--calls: unknown syscall '{}' of this machine", name)
                        : fail("--calls: unknown syscall '{}' of this machine, did you mean '{}'?", name, near);
  }
  return report;
}

Result<Plan> policy_plan(const PolicyReport& report, Placement placement) {
  Planner planner(placement);
  if (auto begun = planner.begin(); !begun) return fail(begun.error());
  if (auto added = add_model_rows(planner); !added) return fail(added.error());
  const bool trips = std::ranges::any_of(report.explanation.calls, [](const ExplainedCall& call) {
    return can_give(call.costs[0], ActionKind::trap) || can_give(call.costs[0], ActionKind::trace) ||
           can_give(call.costs[0], ActionKind::notify) || can_give(call.costs[0], ActionKind::log);
  });
  if (trips) add_trip_rows(planner);
  auto sampler = Sampler::make();
  if (!sampler) return fail(sampler.error());
  for (const std::string& name : report.calls)
    if (auto added = add_call(planner, report, name, *sampler); !added) return fail(added.error());
  return planner.take();
}

WorkloadCost workload_cost(const Explanation& explanation, const std::vector<CallCount>& counts,
                           const Measurement& measurement) {
  WorkloadCost cost;
  const CostModel& model = measurement.model;
  const auto trip = [&](std::string_view condition) -> Interval {
    const auto row = std::ranges::find_if(measurement.rows, [condition](const BenchRow& each) {
      return each.call == "getppid" && each.condition == condition && each.problem.empty();
    });
    if (row == measurement.rows.end()) {
      const std::string missing = fmt::format("getppid/{}", condition);
      if (std::ranges::find(cost.unpriced, missing) == cost.unpriced.end()) cost.unpriced.push_back(missing);
      return {};
    }
    const double filter = modelled(model, false, 1, row->instructions);
    return {std::max(0.0, row->extra.median - filter), std::max(0.0, row->extra.low - filter),
            std::max(0.0, row->extra.high - filter)};
  };
  constexpr double kNanosecond = 1e-9;
  for (const CallCount& each : counts) {
    const ExplainedCall* call = native_call(explanation, each.name);
    if (call == nullptr) {
      cost.unknown.push_back(each.name);
      continue;
    }
    const CallCost& path = call->costs[0];
    if (is_deadly(path)) {
      cost.deadly.push_back(each.name);
      continue;
    }
    const double count = static_cast<double>(each.count) * kNanosecond;
    const auto instructions = static_cast<double>(path.bitmap_hit ? 0 : path.most);
    const double filters = path.bitmap_hit ? 0 : 1;
    // What a supervisor costs is the worst that the call can come to.
    Interval trips;
    std::string supervisor;
    for (const auto& [kind, condition] : {std::pair{ActionKind::trap, "TRAP with a handler"},
                                          {ActionKind::log, "LOG"},
                                          {ActionKind::trace, "TRACE, same CPU"},
                                          {ActionKind::notify, "NOTIFY, same CPU"}})
      if (can_give(path, kind)) {
        if (const Interval one = trip(condition); one.median > trips.median) trips = one;
        if (kind == ActionKind::trace || kind == ActionKind::notify) supervisor = "; supervisor on the same CPU";
      }
    const double parts[] = {count * model.entry.median, count * filters * model.per_filter.median,
                            count * instructions * model.per_instruction.median, count * trips.median};
    cost.calls += each.count;
    cost.entry += parts[0];
    cost.misses += parts[1];
    cost.instructions += parts[2];
    cost.trips += parts[3];
    cost.low +=
        count * (model.entry.low + filters * model.per_filter.low + instructions * model.per_instruction.low + trips.low);
    cost.high += count * (model.entry.high + filters * model.per_filter.high + instructions * model.per_instruction.high +
                          trips.high);
    cost.by_call.push_back({each.name, each.count,
                            path.bitmap_hit ? std::string("bitmap hit")
                                            : fmt::format("{}: {}, {} instructions{}", call->decision, path.bitmap_reason,
                                                          path.most, supervisor),
                            parts[0] + parts[1] + parts[2] + parts[3]});
  }
  std::ranges::stable_sort(cost.by_call, std::ranges::greater{}, &WorkloadCost::Call::seconds);
  return cost;
}

void finish_policy_report(const PolicyReport& report, Measurement& measurement) {
  for (const std::string& note : report.notes) measurement.notes.push_back(note);
  for (const ExplainedCall& call : report.explanation.calls) {
    if (call.abi != native_abi()) continue;
    const CallCost& cost = call.costs[0];
    measurement.strip.push_back({call.name, call.number, call.decision, cost.bitmap_hit, can_give(cost, ActionKind::allow),
                                 cost.most,
                                 is_deadly(cost) ? std::numeric_limits<double>::quiet_NaN()
                                                 : modelled(measurement.model, cost.bitmap_hit, 1, cost.most)});
  }
  if (report.counts.empty()) return;
  if (!measurement.model.fitted) {
    measurement.notes.emplace_back("no cost model could be fitted, so the workload has no total");
    return;
  }
  measurement.workload.push_back(workload_cost(report.explanation, report.counts, measurement));
  measurement.workload.back().source = report.weights;
}

}  // namespace sandgauge
