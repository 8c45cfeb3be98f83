// What the kernel writes to the audit log about a filter's answer (record type 1326).
#include "conformance/log_audit.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <iterator>
#include <utility>

#include "conformance/privileges.h"
#include "conformance/topics.h"
#include "probe/raw_call.h"

namespace sandgauge {

std::string action_slug(ActionKind kind) {
  constexpr std::array kSlugs = {"kill-process", "kill", "trap", "errno", "notify", "trace", "log", "allow"};
  return kSlugs[static_cast<std::size_t>(kind)];
}

std::string_view action_word(ActionKind kind) {
  constexpr std::array<std::string_view, 8> kWords = {"kill_process", "kill_thread", "trap", "errno",
                                                      "user_notif",   "trace",       "log",  "allow"};
  return kWords[static_cast<std::size_t>(kind)];
}

bool is_logged(ActionKind kind, bool flag_log) {
  if (kind == ActionKind::allow) return false;
  const bool always = kind == ActionKind::kill_process || kind == ActionKind::kill_thread || kind == ActionKind::log;
  return always || flag_log;
}

Action answer_for(ActionKind kind) { return {kind, has_data(kind) ? kLoggedData : std::uint16_t{0}}; }

StackedFilter filter_for(ActionKind kind, bool flag_log) {
  unsigned flags = flag_log ? SECCOMP_FILTER_FLAG_LOG : 0;
  if (kind == ActionKind::notify) flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
  return {Filter::answer(SYS_getppid, return_value(answer_for(kind))), flags, true};
}

void check_record(Stage& stage, const Records& records, bool logged, int signal, std::uint32_t code) {
  stage.equal("audit records", logged ? 1 : 0, records.count);
  if (!logged) return;
  stage.equal("sig=", signal, records.last.signal);
  stage.equal_hex("code=", code, records.last.code);
  stage.equal_hex("arch=", audit_arch(native_abi()), records.last.arch);
  stage.equal("syscall=", SYS_getppid, records.last.syscall);
}

void check_record(Stage& stage, const Records& records, bool logged, ActionKind kind) {
  const bool kills = kind == ActionKind::kill_process || kind == ActionKind::kill_thread;
  check_record(stage, records, logged, kills ? SIGSYS : 0, return_value({kind}));
}

namespace {

const Requirements kReadsAudit{.capabilities = {"CAP_AUDIT_READ"}};

/// What the machine's administrator has switched off is no matter of this case.
void skip_unless_listed(Stage& stage, ActionKind kind) {
  const std::string word(action_word(kind));
  if (kind != ActionKind::allow && !stage.host().actions_logged.contains(word))
    stage.skip(fmt::format("actions_logged of this machine lacks '{}'", word));
}

void an_action_is_logged_or_not(Stage& stage) {
  const auto kind = static_cast<ActionKind>(stage.parameter(0));
  const bool flag_log = stage.parameter(1) != 0;
  skip_unless_listed(stage, kind);
  AuditReader audit = open_audit(stage);
  const StackedFilter filters[] = {filter_for(kind, flag_log)};
  const WatchPlan plan{.filters = filters};
  const WatchedCall call = watch_call(stage, plan);
  check_action(stage, plan, call, answer_for(kind));
  check_record(stage, records_of(stage, audit, call.pid), is_logged(kind, flag_log), kind);
}

Scenario logged_or_not(ActionKind kind, bool flag_log) {
  const bool logged = is_logged(kind, flag_log);
  return {.name = action_slug(kind) + (flag_log ? "-flag-log" : ""),
          .title = fmt::format("{} {} SECCOMP_FILTER_FLAG_LOG is {}", kind_name(kind), flag_log ? "with" : "without",
                               logged ? "logged: signal, code without its data, arch and syscall" : "not logged"),
          .why = logged ? "Whoever looks for what a sandbox denied finds it in the audit log, or nowhere."
                        : "A log that fills with what nobody asked for hides what matters.",
          .source = "seccomp(2), \"Audit logging of seccomp actions\"; kernel/seccomp.c, seccomp_log",
          .run = an_action_is_logged_or_not,
          .needs = kReadsAudit,
          .parameters = {static_cast<std::int64_t>(kind), flag_log ? 1 : 0}};
}

/// For an answer whose data means nothing, or that is no action at all.
void code_of_a_return_value(Stage& stage) {
  const auto value = static_cast<std::uint32_t>(stage.parameter(0));
  const auto code = static_cast<std::uint32_t>(stage.parameter(1));
  const Action action = action_of_return_value(value);
  skip_unless_listed(stage, action.kind);
  AuditReader audit = open_audit(stage);
  StackedFilter filters[] = {filter_for(action.kind, true)};
  filters[0].filter = Filter::answer(SYS_getppid, value);
  filters[0].changeable = false;
  const WatchPlan plan{.filters = filters};
  const WatchedCall call = watch_call(stage, plan);
  check_action(stage, plan, call, action);
  const int signal = action.kind == ActionKind::kill_process || action.kind == ActionKind::kill_thread ? SIGSYS : 0;
  check_record(stage, records_of(stage, audit, call.pid), true, signal, code);
}

Scenario code_without_data(ActionKind kind) {
  return {.name = fmt::format("{}-code-without-data", action_slug(kind)),
          .title = fmt::format("code= of {} leaves out data that means nothing to it", kind_name(kind)),
          .why = "A reader of the log compares code= with the actions' numbers.",
          .source = "kernel/seccomp.c, __seccomp_filter (SECCOMP_RET_ACTION_FULL)",
          .run = code_of_a_return_value,
          .needs = kReadsAudit,
          .parameters = {return_value({kind}) | kLoggedData, return_value({kind})}};
}

void the_deciding_filter_asks_for_the_record(Stage& stage) {
  const bool decider_asks = stage.parameter(0) != 0;
  skip_unless_listed(stage, ActionKind::error);
  AuditReader audit = open_audit(stage);
  StackedFilter filters[] = {filter_for(ActionKind::error, decider_asks), filter_for(ActionKind::trace, !decider_asks)};
  filters[1].changeable = false;
  const WatchPlan plan{.filters = filters};
  const WatchedCall call = watch_call(stage, plan);
  check_action(stage, plan, call, answer_for(ActionKind::error));
  check_record(stage, records_of(stage, audit, call.pid), decider_asks, ActionKind::error);
}

void a_traced_call_that_goes_on_is_not_logged(Stage& stage) {
  skip_unless_listed(stage, ActionKind::trace);
  AuditReader audit = open_audit(stage);
  const StackedFilter filters[] = {filter_for(ActionKind::trace, true)};
  const WatchPlan plan{.filters = filters, .tracer = true};
  const WatchedCall call = watch_call(stage, plan);
  check_action(stage, plan, call, answer_for(ActionKind::trace));
  check_record(stage, records_of(stage, audit, call.pid), false, ActionKind::trace);
}

void a_notified_call_that_goes_on_is_not_logged(Stage& stage) {
  skip_unless_listed(stage, ActionKind::notify);
  AuditReader audit = open_audit(stage);
  const StackedFilter filters[] = {filter_for(ActionKind::notify, true)};
  const WatchPlan plan{.filters = filters, .reply = ListenerReply::go_on};
  const WatchedCall call = watch_call(stage, plan);
  check_action(stage, plan, call, answer_for(ActionKind::notify));
  check_record(stage, records_of(stage, audit, call.pid), false, ActionKind::notify);
}

void the_record_says_where_the_call_was(Stage& stage) {
  skip_unless_listed(stage, ActionKind::trap);
  AuditReader audit = open_audit(stage);
  const StackedFilter filters[] = {filter_for(ActionKind::trap, true)};
  const WatchPlan plan{.filters = filters};
  const WatchedCall call = watch_call(stage, plan);
  check_action(stage, plan, call, answer_for(ActionKind::trap));
  const Records records = records_of(stage, audit, call.pid);
  stage.equal("audit records", 1, records.count);
  stage.equal_hex("ip= is the trap's si_call_addr", call.call_address, records.last.instruction_pointer);
}

void strict_mode_is_logged(Stage& stage) {
  require_strict_mode(stage);
  skip_unless_listed(stage, ActionKind::kill_thread);
  AuditReader audit = open_audit(stage);
  const pid_t pid = stage.start_child([&stage] {
    stage.must("prctl(PR_SET_SECCOMP)", raw_syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
    raw_syscall(SYS_getppid);
    stage.never("the call came back");
  });
  stage.killed("the process", SIGKILL, stage.wait_for(pid));
  check_record(stage, records_of(stage, audit, pid), true, SIGKILL, SECCOMP_RET_KILL_THREAD);
}

/// The record of a call of another kind than getppid(2) by the machine's own ABI.
void log_of_an_odd_call(Stage& stage, std::uint32_t nr, Abi abi, std::int32_t number) {
  skip_unless_listed(stage, ActionKind::log);
  AuditReader audit = open_audit(stage);
  const pid_t pid = stage.start_child([&] {
    stage.load(Filter::answer(nr, SECCOMP_RET_LOG));
    const std::uint64_t no_args[6] = {};
    raw_call(abi, number, no_args);
  });
  stage.exited("the process", 0, stage.wait_for(pid));
  const Records records = records_of(stage, audit, pid);
  stage.equal("audit records", 1, records.count);
  stage.equal_hex("code=", SECCOMP_RET_LOG, records.last.code);
  stage.equal_hex("arch=", audit_arch(abi), records.last.arch);
  stage.equal("syscall=", static_cast<std::int32_t>(nr), records.last.syscall);
  if (abi == Abi::i386) stage.holds("compat=1", records.last.compat);
}

void log_of_an_i386_call(Stage& stage) {
  constexpr std::int32_t kGetppid = 64;  // arch/x86/entry/syscalls/syscall_32.tbl
  log_of_an_odd_call(stage, kGetppid, Abi::i386, kGetppid);
}

void log_of_an_x32_call(Stage& stage) {
  constexpr std::int32_t kGetppid = 110;  // syscall_64.tbl; x32 adds bit 30
  log_of_an_odd_call(stage, kX32Bit | kGetppid, Abi::x32, kGetppid);
}

void log_of_call_minus_one(Stage& stage) { log_of_an_odd_call(stage, ~0U, native_abi(), -1); }

constexpr char kLogSource[] = "seccomp(2), \"Audit logging of seccomp actions\"; kernel/seccomp.c, seccomp_log";
constexpr char kRecordSource[] = "kernel/auditsc.c, audit_seccomp";

std::vector<Scenario> other_scenarios() {
  return {
      {.name = "unknown-action-code",
       .title = "An unknown action is logged as the kill that it is, under its own code",
       .why = "The log must show what the filter said, or a wrong filter looks like one that kills on purpose.",
       .source = "kernel/seccomp.c, __seccomp_filter and seccomp_log (default)",
       .run = code_of_a_return_value,
       .needs = kReadsAudit,
       .parameters = {0x10000000 | kLoggedData, 0x10000000}},
      {.name = "flag-log-of-the-decider",
       .title = "SECCOMP_FILTER_FLAG_LOG of the filter that decides makes the record",
       .why = "The filter that denied the call has asked for the record.",
       .source = "kernel/seccomp.c, __seccomp_filter (match->log)",
       .run = the_deciding_filter_asks_for_the_record,
       .needs = kReadsAudit,
       .parameters = {1}},
      {.name = "flag-log-of-another",
       .title = "SECCOMP_FILTER_FLAG_LOG of a filter that does not decide makes no record",
       .why = "One noisy filter of a stack must not make the others noisy.",
       .source = "kernel/seccomp.c, __seccomp_filter (match->log)",
       .run = the_deciding_filter_asks_for_the_record,
       .needs = kReadsAudit,
       .parameters = {0}},
      {.name = "trace-goes-on-flag-log",
       .title = "TRACE with SECCOMP_FILTER_FLAG_LOG is not logged when a tracer lets the call run",
       .why = "Who counts on the flag to see every traced call will see none.",
       .source = kLogSource,
       .run = a_traced_call_that_goes_on_is_not_logged,
       .needs = kReadsAudit,
       .difference = "seccomp(2) says that the flag logs all actions but ALLOW. The kernel logs TRACE only where the call "
                     "does not run (kernel/seccomp.c, __seccomp_filter: seccomp_log is after the label skip), since 4.14."},
      {.name = "notify-goes-on-flag-log",
       .title = "NOTIFY with SECCOMP_FILTER_FLAG_LOG is not logged when the listener answers CONTINUE",
       .why = "Who counts on the flag to see every notified call will miss those that were let through.",
       .source = kLogSource,
       .run = a_notified_call_that_goes_on_is_not_logged,
       .needs = kReadsAudit,
       .difference = "seccomp(2) says that the flag logs all actions but ALLOW. The kernel logs NOTIFY only where the call "
                     "does not run (kernel/seccomp.c, __seccomp_filter: seccomp_log is after the label skip), since 5.5."},
      {.name = "ip",
       .title = "ip= is where the call was made",
       .why = "It is all that tells which of many calls of a number was denied.",
       .source = kRecordSource,
       .run = the_record_says_where_the_call_was,
       .needs = kReadsAudit},
      {.name = "strict",
       .title = "A violation of strict mode is logged with sig=9 and the code of KILL",
       .why = "A SIGKILL without a word is laid to the OOM killer.",
       .source = "kernel/seccomp.c, __secure_computing_strict",
       .run = strict_mode_is_logged,
       .needs = kReadsAudit},
      {.name = "i386",
       .title = "An i386 call is logged with its own arch, number and compat=1",
       .why = "The number alone names another call: i386's 64 is getppid, x86_64's is semget.",
       .source = kRecordSource,
       .run = log_of_an_i386_call,
       .needs = {.capabilities = {"CAP_AUDIT_READ"}, .machine = {Abi::x86_64}, .abis = {Abi::i386}}},
      {.name = "x32",
       .title = "An x32 call is logged under x86_64's arch with bit 30 in its number, even if the kernel has no x32",
       .why = "The bit is all that tells the way around a filter from the call itself.",
       .source = kRecordSource,
       .run = log_of_an_x32_call,
       .needs = {.capabilities = {"CAP_AUDIT_READ"}, .machine = {Abi::x86_64}}},
      {.name = "minus-one",
       .title = "Call -1 is logged as syscall=-1",
       .why = "It is no call, but a filter sees it; a log that called it 4294967295 would name none either.",
       .source = kRecordSource,
       .run = log_of_call_minus_one,
       .needs = kReadsAudit},
  };
}

}  // namespace

std::vector<Case> log_audit_cases() {
  std::vector<Scenario> scenarios;
  for (const ActionKind kind : kEveryActionKind)
    for (const bool flag_log : {false, true}) scenarios.push_back(logged_or_not(kind, flag_log));
  for (const ActionKind kind : {ActionKind::kill_process, ActionKind::kill_thread, ActionKind::notify, ActionKind::log})
    scenarios.push_back(code_without_data(kind));
  for (auto part : {other_scenarios(), actions_logged_scenarios()}) std::ranges::move(part, std::back_inserter(scenarios));
  return topic("log-audit", std::move(scenarios));
}

}  // namespace sandgauge
