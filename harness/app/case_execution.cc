// The part of CaseRunner that runs a program or a call, and reads which records it left.
#include <algorithm>
#include <csignal>
#include <set>

#include "app/case_runner.h"
#include "app/delivery.h"
#include "confine/seccomp.h"
#include "observe/audit_session.h"

namespace sandgauge {
namespace {

constexpr std::chrono::seconds kAuditTime{20};  // the record comes, however loaded the machine is

/// This process's. In a directory of the case's own with a PWD that is true: a shell that finds a false one makes calls that
/// it does not make elsewhere.
std::vector<std::string> environment_words(const Case& test, const std::string& working_directory) {
  std::vector<std::string> words;
  for (char** word = environ; word != nullptr && *word != nullptr; ++word)
    words.push_back(test.directory.empty() && std::string_view(*word).starts_with("PWD=") ? "PWD=" + working_directory
                                                                                          : *word);
  return words;
}

}  // namespace

bool may_kill(const Case& test) {
  const auto kills = [](Action action) {
    return action.kind == ActionKind::kill_process || action.kind == ActionKind::kill_thread ||
           action.kind == ActionKind::trap;
  };
  return test.mechanism == Mechanism::filter &&
         (kills(test.policy.default_action) ||
          std::ranges::any_of(test.policy.rules, [&kills](const Rule& rule) { return kills(rule.action); }));
}

Outcome CaseRunner::execute_case(const Case& test, const Case& filtered, const Probe& probe, const Program* program,
                                 const std::string& path) {
  ExecuteRequest request;
  request.attach = test.attach;
  if (test.attach == Attach::exec) {
    request.program = test.program;
    request.path = path;
    request.environment = environment_words(test, directory_of(test));
  }
  request.call = test.call;
  request.probe = probe;
  request.tracer = test.tracer;
  request.listener = test.listener;
  request.core_unlimited = test.core_unlimited;
  request.timeout = test.timeout.count() > 0 ? test.timeout : context_.timeout;
  request.working_directory = directory_of(test);
  request.asked_paths = test.expect.absent;
  request.asked_paths.insert(request.asked_paths.end(), test.expect.present.begin(), test.expect.present.end());
  request.interrupt_fd = context_.interrupt_fd;

  std::optional<SeccompFilter> filter;
  const SeccompStrict strict;
  const bool delivered =
      filtered.delivery != Delivery::direct && filtered.mechanism == Mechanism::filter && program != nullptr;
  if (delivered) {
    // The program gets it from someone else.
  } else if (filtered.mechanism == Mechanism::filter && program != nullptr) {
    FilterFlags flags = filtered.policy.flags;
    flags.log = flags.log || probe.audit;
    request.confinement = &filter.emplace(*program, flags, probe.listener);
  } else if (filtered.mechanism == Mechanism::strict) {
    request.confinement = &strict;
  }

  const bool looks_at_tree = audit_ && test.attach == Attach::exec && (probe.audit || may_kill(filtered));
  // Without a session of its own, only the program itself is known by its number.
  if (looks_at_tree)
    if (const auto session = begin_audit_session()) session_ = *session;
  if (audit_) {
    if (auto ready = audit_->start_over(); !ready) {
      Outcome outcome;
      outcome.setup = SetupFailure{ready.error().message, 0};
      return outcome;
    }
  }
  Outcome outcome = delivered ? execute_delivered(filtered, probe, *program, request) : execute(request);
  // Whoever reads the report wants to know which call a death by SIGSYS was for, whatever the probe.
  const bool died_of_it = outcome.end.kind == End::Kind::signaled && outcome.end.signal == SIGSYS;
  if (audit_ && (probe.audit || looks_at_tree || died_of_it)) read_audit(outcome, looks_at_tree);
  return outcome;
}

Outcome CaseRunner::execute_delivered(const Case& filtered, const Probe& probe, const Program& program,
                                      ExecuteRequest& request) {
  Outcome outcome;
  if (probe.listener || (probe.tracer && is_runtime(filtered.delivery))) {
    outcome.setup = SetupFailure{fmt::format("attach {} has no {}: name no call, or use attach exec",
                                             delivery_name(filtered.delivery), probe.listener ? "listener" : "tracer"),
                                 0};
    return outcome;
  }
  if (is_runtime(filtered.delivery)) {
    // The runtime looks for the program itself; what it would not find by this name, it gets by its path.
    const auto found = find_command(request.program[0]);
    if (!found || *found != request.path || filtered.directory.empty()) request.program[0] = request.path;
    auto run = run_in_container(filtered, request);
    if (!run) {
      outcome.setup = SetupFailure{run.error().message, 0};
      return outcome;
    }
    lacking_ = std::move(run->lacking);
    return std::move(run->outcome);
  }
  FilterFlags flags = filtered.policy.flags;
  flags.log = flags.log || probe.audit;
  const auto delivered = deliver(filtered, program, seccomp_flags(flags, false), request);
  if (!delivered) {
    outcome.setup = SetupFailure{delivered.error().message, 0};
    return outcome;
  }
  outcome = execute(request);
  delivered->complete(outcome);
  return outcome;
}

void CaseRunner::read_audit(Outcome& outcome, bool of_tree) {
  std::vector<AuditRecord> records;
  const Result<bool> complete = audit_->catch_up(records, kAuditTime);
  outcome.audit_complete = complete && *complete;
  std::set<int> pids{outcome.pid};
  for (const TraceEvent& event : outcome.traces) pids.insert(event.pid);
  for (AuditRecord& record : records)
    if (pids.contains(record.pid) || (of_tree && session_ && record.session == *session_))
      outcome.audit.push_back(std::move(record));
}

}  // namespace sandgauge
