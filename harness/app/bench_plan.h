// What `sandgauge bench` measures: rows, and what each of their samples does.
//
//   Result<Plan> plan = standard_plan({.cpu = 1, .supervisor_cpu = 0});
//   run_rounds(plan->conditions, ...);          // plan->rows[i] is about plan->conditions[i]
//
// A plan owns what its conditions point to: filters, paths, buffers. Fails where a filter cannot be compiled or a directory
// cannot be made.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/temp_dir.h"
#include "measure/rounds.h"
#include "model/measurement.h"
#include "model/policy.h"
#include "model/program.h"

namespace sandgauge {

struct Placement {
  int cpu = 0;
  int supervisor_cpu = 0;  // the same: there is only one
};

struct Plan {
  std::vector<BenchRow> rows;
  std::vector<Condition> conditions;
  std::vector<std::size_t> fitted;  // rows that the cost model is fitted to

  std::deque<std::unique_ptr<Confinement>> confinements;
  std::deque<std::string> texts;
  std::unique_ptr<TempDir> scratch;
};

/// One kind of call, as the standard report and the policy report make it.
struct BenchCall {
  std::string name;  // "open+close"
  std::vector<TimedCall> calls;
  bool on_files = false;
  std::optional<long> plain;  // what the first call returns without a filter; unset: it succeeds
};

/// What adds rows to a plan.
class Planner {
 public:
  explicit Planner(Placement placement) : placement_(placement) {}

  Result<void> begin();  // makes the scratch directory
  const std::string& text(std::string text);
  const Confinement* keep(std::unique_ptr<Confinement> confinement);
  [[nodiscard]] const std::string& scratch() const { return plan_.scratch->path(); }
  [[nodiscard]] Placement placement() const { return placement_; }

  /// Starts a block: the call without a filter, and its control. Rows that follow are held against it.
  void block(const BenchCall& call, const std::string& group);
  /// One row of the block's call. `filters` are those that seccomp runs, for what is said of instructions and of the bitmap;
  /// `expected` is what the first call of BenchCall::calls must come to.
  BenchRow& row(const std::string& condition, std::vector<const Confinement*> confinements, std::vector<Program> filters,
                Action expected, Supervision supervision = Supervision::none, bool other_cpu = false);
  /// The filter, loaded `depth` times.
  BenchRow& filtered(const std::string& condition, const Program& program, int depth = 1);
  /// A row that stands alone.
  BenchRow& process_row(const std::string& group, const std::string& condition, Work work,
                        std::vector<const Confinement*> confinements, std::vector<TimedCall> calls,
                        const std::string& baseline);
  /// From here on the block's rows make these calls, other than its baseline.
  void replace_calls(std::vector<TimedCall> calls) { call_.calls = std::move(calls); }
  void fit_last() { plan_.fitted.push_back(plan_.rows.size() - 1); }
  void next_block() { ++block_; }
  Condition& last_condition() { return plan_.conditions.back(); }

  Plan take() { return std::move(plan_); }

 private:
  Placement placement_;
  Plan plan_;
  BenchCall call_;
  std::string group_;
  int block_ = 0;
  std::size_t baseline_ = 0;
};

Result<Plan> standard_plan(Placement placement);

/// Rows that every cost model needs, for getppid: bitmap hits, misses by depth and by length.
Result<void> add_model_rows(Planner& planner);

/// The policies that the rows are made of.
Policy allow_all();
Policy one_rule(const std::string& syscall, Action action);
/// Numbers that no call has, allowed, and the calls that a sample itself makes; everything else is ERRNO(EPERM).
Policy long_policy(int rules, const std::vector<std::string>& measured, bool argument_rule);

}  // namespace sandgauge
