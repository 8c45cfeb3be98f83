#include "app/case_runner.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include <filesystem>
#include <utility>

#include "app/delivery.h"
#include "app/reproducer.h"
#include "app/witness.h"
#include "base/errno_text.h"
#include "base/machine_lock.h"
#include "compile/compile.h"
#include "confine/seccomp.h"
#include "evaluate/agree.h"
#include "evaluate/decide.h"
#include "evaluate/evaluate.h"
#include "judge/distinguish.h"
#include "judge/explain.h"
#include "judge/identify.h"
#include "model/syscalls.h"

namespace sandgauge {
namespace {

Verdict broken(std::string reason) { return {Status::broken, Cause::setup, std::move(reason), {}}; }

std::string first_disagreement(const Policy& policy, const Rules& rules, const Program& program, const Backend& backend) {
  const std::vector<Disagreement> found = disagreements(policy, rules, program, 1);
  if (found.empty()) return {};
  Call call;
  const bool known = from_seccomp_data(found[0].data, call);
  return fmt::format("decide says {}, evaluate says {} on {}: the program that {} made differs from the policy's rules",
                     to_string(found[0].decided), to_string(found[0].evaluated.action),
                     known ? describe_call(call) : fmt::format("architecture {:#x}", found[0].data.arch),
                     to_string(backend));
}

/// What an unconfined control shows of the call: does something answer it before the case's own filter could?
bool shows_interference(const Case& test, const Outcome& control) {
  if (control.setup) return true;
  if (test.attach == Attach::exec) return control.end.kind != End::Kind::exited || control.end.exit_code != 0;
  return !control.call || control.call->returned == 0 || control.call->handler_runs > 0 || control.call->result < 0;
}

std::string describe_control(const Outcome& control) {
  if (control.setup) return fmt::format("{} fails", control.setup->step);
  if (control.call && control.call->returned != 0 && control.call->result < 0)
    return fmt::format("the call fails with {}", errno_text(static_cast<int>(-control.call->result)));
  return fmt::format("it is {}", explain_end(control));
}

/// What keeps the program from being executed at all, if it is the policy.
std::string answer_to_execve(const Policy& policy) {
  const auto rules = Rules::of(policy);
  const auto number = syscall_number(native_abi(), "execve");
  if (!rules || !number) return {};
  const Action action = rules->decide({.abi = native_abi(), .number = *number});
  if (action.kind == ActionKind::allow || action.kind == ActionKind::log) return {};
  return fmt::format("; the policy answers execve with {}, so the program cannot start under it", to_string(action));
}

constexpr char kNoLock[] = "another run of sandgauge on this machine keeps its audit records or settings to itself";

std::string outer_filters(const Host& host) {
  return host.outer_filters > 0 ? fmt::format("{} filter(s)", host.outer_filters) : std::string("seccomp filters");
}

}  // namespace

/// A case that is compiled and whose program is found.
struct CaseRunner::Ready {
  std::string path;                  // attach exec
  const Program* program = nullptr;  // mechanism filter
  std::string disagreement;
  Answers answers;
};

CaseResult blank_result(const Case& test) {
  CaseResult result{
      .id = test.id, .suite = test.suite, .title = test.title, .action = "-", .backend = "-", .place = test.place};
  result.subject = test.attach == Attach::call && test.call ? test.call->syscall
                   : test.program.empty()                   ? "-"
                                                            : std::filesystem::path(test.program[0]).filename().string();
  if (test.mechanism == Mechanism::filter) result.backend = to_string(test.backend);
  if (test.mechanism == Mechanism::strict) result.action = "strict";
  return result;
}

Result<CaseRunner> CaseRunner::make(const RunContext& context) {
  if (auto prepared = prepare_executor(); !prepared) return fail(prepared.error());
  std::optional<AuditReader> audit;
  if (context.host.capabilities.contains("CAP_AUDIT_READ")) {
    MachineLock lock;
    static_cast<void>(lock.take(MachineLock::Kind::shared, kLockPatience, context.interrupt_fd));
    auto reader = AuditReader::open();
    if (!reader) return fail(reader.error());
    audit = std::move(*reader);
  }
  return CaseRunner(context, TempDir::adopt(context.scratch), std::move(audit));
}

CaseResult CaseRunner::run(const Case& test) { return run_with_filter_of(test, test, {}); }

CaseResult CaseRunner::run_mutant(const Case& test, const Mutant& mutant) {
  return run_with_filter_of(test, mutant.test, mutant.stage);
}

CaseResult CaseRunner::run_with_filter_of(const Case& test, const Case& filtered, const StageMutation& mutation) {
  const auto start = std::chrono::steady_clock::now();
  CaseResult result = blank_result(test);
  result.verdict = test.attach == Attach::scenario ? try_scenario(test, mutation, result) : try_case(test, filtered, result);
  if (result.verdict.status == Status::skip) result.reproducer.clear();
  dir_.clear();
  result.duration = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
  return result;
}

Result<const CaseRunner::Compiled*> CaseRunner::compiled(const Case& test) {
  if (const auto found = cache_.find(test.id); found != cache_.end()) return &found->second;
  auto program = compile(test.policy, test.backend);
  if (!program) return fail("{}: {}", to_string(test.backend), program.error().message);
  auto rules = Rules::of(test.policy);
  if (!rules) return fail(rules.error());
  std::string disagreement = first_disagreement(test.policy, *rules, *program, test.backend);
  return &cache_.emplace(test.id, Compiled{std::move(*program), std::move(disagreement)}).first->second;
}

Verdict CaseRunner::try_case(const Case& test, const Case& filtered, CaseResult& result) {
  if (auto skip = unmet(test, context_.host)) return *skip;
  if (std::string lacking = lacking_for(test.delivery); !lacking.empty()) return skipped(std::move(lacking));
  Ready ready;
  if (test.attach == Attach::exec && !test.executable.empty()) {
    ready.path = test.executable;
  } else if (test.attach == Attach::exec) {
    auto path =
        find_program(context_.installation, test.program.at(0), std::filesystem::path(test.place.file).parent_path());
    if (!path) return broken(path.error().message);
    ready.path = *path;
  }
  Program mutated;
  if (test.mechanism == Mechanism::filter) {
    auto own = compiled(test);
    if (!own) return broken(own.error().message);
    ready.program = &(*own)->program;
    ready.disagreement = (*own)->disagreement;
    if (const auto call = subject(test)) {
      auto rules = Rules::of(test.policy);
      if (!rules) return broken(rules.error().message);
      ready.answers.decided = rules->decide(*call);
      ready.answers.evaluated = evaluate(*ready.program, to_seccomp_data(*call)).action;
    }
    if (&filtered != &test && filtered.mechanism == Mechanism::filter) {
      auto program = compile(filtered.policy, filtered.backend);
      if (!program)
        return skipped(fmt::format("{} cannot make the mutant: {}", to_string(filtered.backend), program.error().message));
      mutated = std::move(*program);
      ready.program = &mutated;
    }
  }
  if (const auto expected = test.expect.action ? test.expect.action : ready.answers.decided)
    result.action = to_string(*expected);

  const ProbeChoice choice = choose_probe(test, ready.answers.decided, context_.host);
  result.probe = to_string(choice.probe);
  if (!choice.unmet.empty()) return skipped(choice.unmet);
  MachineLock lock;
  const bool reads_audit = choice.probe.audit || (audit_ && may_kill(filtered));
  if (reads_audit && !lock.take(MachineLock::Kind::shared, kLockPatience, context_.interrupt_fd) && choice.probe.audit)
    return broken(kNoLock);
  lacking_.clear();
  const Outcome outcome = execute_case(test, filtered, choice.probe, ready.program, ready.path);
  if (!lacking_.empty()) return skipped(std::exchange(lacking_, {}));
  const Trial trial{test, choice.probe, ready.answers, outcome, context_.host, directory_of(test)};
  result.facts = facts(trial);
  Verdict verdict = judge(trial);
  if (choice.probe.audit && !session_ && verdict.cause == Cause::disagreement && !any_evidence(seen_of(test, outcome)))
    verdict = {Status::broken,
               Cause::probe,
               "the call may have been made by a process that the program started: whose records are its own cannot be told "
               "without CAP_AUDIT_CONTROL",
               {}};
  if (&filtered == &test && needs_witness(test, outcome, verdict) && !makes_its_call(test, ready.path))
    verdict = {Status::broken,
               Cause::probe,
               fmt::format("the program did not make the call {}: it was run again with a listener for it, which saw none",
                           test.call->syscall),
               {}};
  if (outcome.setup && outcome.setup->step.starts_with("execve")) {
    verdict.reason += fmt::format(" ({})", ready.path);
    if (outcome.setup->error == ENOENT) verdict.reason += "; the interpreter that it names is not there";
    if (test.mechanism == Mechanism::filter) verdict.reason += answer_to_execve(test.policy);
  }
  if (verdict.status == Status::pass && !ready.disagreement.empty())
    verdict = {Status::fail, Cause::disagreement, ready.disagreement, std::move(verdict.checks)};
  if (verdict.status != Status::pass) result.reproducer = reproducer(test, ready.program);
  const bool bad = verdict.status == Status::fail || verdict.status == Status::broken;
  if (bad && context_.host.outer_filters != 0 && verdict.cause != Cause::interrupted)
    return blame_outer_filter(test, outcome, ready.path, std::move(verdict));
  return verdict;
}

bool CaseRunner::makes_its_call(const Case& test, const std::string& path) {
  if (const auto known = makes_call_.find(test.id); known != makes_call_.end()) return known->second;
  return makes_call_[test.id] = look_for_call(test, path);
}

bool CaseRunner::look_for_call(const Case& test, const std::string& path) {
  const std::optional<Call> call = subject(test);
  if (!call || std::ranges::find(test.policy.architectures, call->abi) == test.policy.architectures.end()) return true;
  Case watched = test;
  watched.policy = with_listener_for(test.policy, *test.call, *call);
  watched.listener = {};
  // That it makes the call is enough: in the caller's own directory the call must not do its work after all.
  if (!test.directory.empty()) watched.listener = {.answer = ListenerPlan::Answer::reply, .error = -EPERM};
  const auto program = compile(watched.policy, {});
  if (!program) return true;
  dir_.clear();
  const Outcome outcome = execute_case(watched, watched, {.listener = true}, &*program, path);
  // A kernel without listeners, or a listener around this run, leaves it unknown.
  if (outcome.setup) return true;
  return std::ranges::any_of(outcome.notifications, [&](const Notification& seen) {
    return seen.call.abi == call->abi && seen.call.number == call->number;
  });
}

Verdict CaseRunner::try_scenario(const Case& test, const StageMutation& mutation, CaseResult& result) {
  if (auto skip = unmet(test, context_.host)) return *skip;
  MachineLock lock;
  const bool reads_audit = std::ranges::find(test.needs.capabilities, "CAP_AUDIT_READ") != test.needs.capabilities.end();
  if (test.exclusive && !lock.take(MachineLock::Kind::alone, kLockPatience, context_.interrupt_fd)) return broken(kNoLock);
  if (!test.exclusive && reads_audit && !lock.take(MachineLock::Kind::shared, kLockPatience, context_.interrupt_fd))
    return broken(kNoLock);
  ExecuteRequest request;
  request.attach = Attach::scenario;
  request.scenario = test.scenario;
  request.parameters = test.parameters;
  request.mutation = mutation;
  request.host = &context_.host;
  request.core_unlimited = test.core_unlimited;
  request.timeout = test.timeout.count() > 0 ? test.timeout : context_.timeout;
  request.working_directory = dir_.path();
  request.interrupt_fd = context_.interrupt_fd;
  const Outcome outcome = execute(request);
  result.stage_checks = outcome.stage ? outcome.stage->checks.size() : 0;
  result.stage_filters = outcome.stage ? outcome.stage->filters : 0;
  const Probe none;
  const Answers unanswered;
  const Trial trial{test, none, unanswered, outcome, context_.host, directory_of(test)};
  result.facts = facts(trial);
  Verdict verdict = judge(trial);
  if (verdict.status != Status::pass) result.reproducer = reproducer(test, outcome.stage.value_or(StageOutcome{}));
  // Unlike a case of a file it cannot be tried without its own filters, so that nothing tells whose answer it was.
  const bool bad = verdict.status == Status::fail || verdict.status == Status::broken;
  if (bad && context_.host.outer_filters != 0 && verdict.cause != Cause::interrupted)
    return {Status::skip,
            Cause::outer_filter,
            fmt::format("sandgauge itself runs under {}, which may answer first: {}", outer_filters(context_.host),
                        verdict.reason),
            {}};
  return verdict;
}

/// Under a filter of somebody else's, a case that went wrong is tried again with that filter alone.
Verdict CaseRunner::blame_outer_filter(const Case& test, const Outcome& outcome, const std::string& path, Verdict verdict) {
  const std::string outer = outer_filters(context_.host);
  if (outcome.setup)
    return {
        Status::skip,
        Cause::outer_filter,
        fmt::format("sandgauge itself runs under {}: {}: {}", outer, outcome.setup->step, errno_text(outcome.setup->error)),
        {}};
  // By this call the probe sees that a thread has died, and without its filter no thread of the case does.
  if (test.attach == Attach::call && ::syscall(SYS_tgkill, ::getpid(), ::gettid(), 0) != 0)
    return {Status::skip,
            Cause::outer_filter,
            fmt::format("sandgauge itself runs under {}, which deny tgkill(2): the probe cannot see a thread die", outer),
            {}};
  dir_.clear();
  Case control = test;
  control.mechanism = Mechanism::none;
  const Probe probe{.handler = test.attach == Attach::call, .threads = test.attach == Attach::call};
  const Outcome alone = execute_case(test, control, probe, nullptr, path);
  if (!shows_interference(test, alone)) return verdict;
  return {Status::skip,
          Cause::outer_filter,
          fmt::format("sandgauge itself runs under {}, which answer first: without the case's own filter {}", outer,
                      describe_control(alone)),
          {}};
}

}  // namespace sandgauge
