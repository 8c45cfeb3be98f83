// CaseRunner: one case from policy to verdict. The composer of every verb; runs in a worker process.
//
//   auto runner = CaseRunner::make(context);
//   CaseResult result = runner->run(test);                   // PASS, FAIL, BROKEN or SKIP
//   CaseResult seen = runner->run_mutant(test, mutant);      // the mutant's filter, judged as the case
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "app/installation.h"
#include "app/mutate.h"
#include "base/result.h"
#include "base/temp_dir.h"
#include "execute/execute.h"
#include "judge/judge.h"
#include "model/host.h"
#include "model/verdict.h"
#include "observe/audit.h"

namespace sandgauge {

/// What all cases of a run share.
struct RunContext {
  Host host;
  Installation installation;
  std::chrono::milliseconds timeout{10'000};  // of a case that names none
  int interrupt_fd = -1;                      // readable or hung up: end the case now
  std::string scratch;                        // an empty directory of the worker's own, removed at its end
};

class CaseRunner {
 public:
  /// Fails if the process cannot be made fit for execute(), or audit records cannot be read although the host has
  /// CAP_AUDIT_READ.
  static Result<CaseRunner> make(const RunContext& context);

  CaseResult run(const Case& test);
  CaseResult run_mutant(const Case& test, const Mutant& mutant);

 private:
  struct Compiled {
    Program program;
    std::string disagreement;  // decide against evaluate, over all calls; empty if they agree
  };
  struct Ready;

  CaseRunner(const RunContext& context, TempDir dir, std::optional<AuditReader> audit)
      : context_(context), dir_(std::move(dir)), audit_(std::move(audit)) {}

  CaseResult run_with_filter_of(const Case& test, const Case& filtered, const StageMutation& mutation);
  Result<const Compiled*> compiled(const Case& test);
  Verdict try_case(const Case& test, const Case& filtered, CaseResult& result);
  /// Whether the program makes the case's call: run again, with a listener for it. True too if that cannot be told.
  bool makes_its_call(const Case& test, const std::string& path);
  bool look_for_call(const Case& test, const std::string& path);
  Verdict try_scenario(const Case& test, const StageMutation& mutation, CaseResult& result);
  Outcome execute_case(const Case& test, const Case& filtered, const Probe& probe, const Program* program,
                       const std::string& path);
  Outcome execute_delivered(const Case& filtered, const Probe& probe, const Program& program, ExecuteRequest& request);
  /// `of_tree`: also the records of what came of the program.
  void read_audit(Outcome& outcome, bool of_tree);
  [[nodiscard]] const std::string& directory_of(const Case& test) const {
    return test.directory.empty() ? dir_.path() : test.directory;
  }
  Verdict blame_outer_filter(const Case& test, const Outcome& outcome, const std::string& path, Verdict verdict);

  RunContext context_;
  TempDir dir_;
  std::optional<AuditReader> audit_;
  std::optional<std::uint32_t> session_;    // of audit records: what the last program and all that came of it had
  std::string lacking_;                     // what the last case turned out to need
  std::map<std::string, Compiled> cache_;   // by case id; a run may repeat its cases
  std::map<std::string, bool> makes_call_;  // by case id
};

/// The case's filter has an action that kills, or may.
bool may_kill(const Case& test);

/// The case's table cell and names; no verdict yet.
CaseResult blank_result(const Case& test);

}  // namespace sandgauge
