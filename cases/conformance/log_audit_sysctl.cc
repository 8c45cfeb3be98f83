// kernel.seccomp.actions_logged: what an administrator permits to be logged.
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <iterator>

#include "base/unique_fd.h"
#include "conformance/log_audit.h"
#include "conformance/logged_actions.h"
#include "conformance/privileges.h"
#include "conformance/proc_files.h"
#include "probe/raw_call.h"

namespace sandgauge {
namespace {

const Requirements kReadsAndWrites{.capabilities = {"CAP_AUDIT_READ", "CAP_SYS_ADMIN"}};
constexpr char kSysctlSource[] = "seccomp(2), \"/proc interfaces\"; kernel/seccomp.c, seccomp_actions_logged_handler";
constexpr char kAvail[] = "/proc/sys/kernel/seccomp/actions_avail";
constexpr char kEveryWord[] = "kill_process kill_thread trap errno user_notif trace log allow";

/// "kill_process trap ...": the loggable actions that `wanted` picks, or all the others.
std::string words_with(ActionKind wanted, bool others) {
  std::string words;
  for (const ActionKind kind : kEveryActionKind) {
    if (kind == ActionKind::allow || (kind == wanted) == others) continue;
    if (!words.empty()) words += ' ';
    words += action_word(kind);
  }
  return words;
}

void the_list_permits(Stage& stage) {
  const auto kind = static_cast<ActionKind>(stage.parameter(0));
  const bool flag_log = stage.parameter(1) != 0;
  const bool listed = stage.parameter(2) != 0;
  AuditReader audit = open_audit(stage);
  LoggedActions list(stage);
  list.write(words_with(kind, !listed));
  StackedFilter filters[] = {filter_for(kind, flag_log)};
  if (kind == ActionKind::log && !listed) filters[0].changeable = false;  // then it is ALLOW
  const WatchPlan plan{.filters = filters};
  const WatchedCall call = watch_call(stage, plan);
  list.restore();
  check_action(stage, plan, call, answer_for(kind));
  check_record(stage, records_of(stage, audit, call.pid), listed && is_logged(kind, flag_log), kind);
}

Scenario list_permits(ActionKind kind, bool flag_log, bool listed) {
  const bool logged = listed && is_logged(kind, flag_log);
  return {
      .name = fmt::format("{}{}-{}", action_slug(kind), flag_log ? "-flag-log" : "", listed ? "listed-alone" : "unlisted"),
      .title = fmt::format("{} {} SECCOMP_FILTER_FLAG_LOG is {} if actions_logged has {}", kind_name(kind),
                           flag_log ? "with" : "without", logged ? "logged" : "not logged",
                           listed ? "nothing else" : "everything else"),
      .why = logged ? "The administrator has asked for these records." : "The administrator's word is the last.",
      .source = kSysctlSource,
      .run = the_list_permits,
      .needs = kReadsAndWrites,
      .parameters = {static_cast<std::int64_t>(kind), flag_log ? 1 : 0, listed ? 1 : 0},
      .exclusive = true};
}

/// The parameter: whether kill_thread is listed.
void the_list_permits_strict(Stage& stage) {
  require_strict_mode(stage);
  const bool listed = stage.parameter(0) != 0;
  AuditReader audit = open_audit(stage);
  LoggedActions list(stage);
  list.write(words_with(ActionKind::kill_thread, !listed));
  const pid_t pid = stage.start_child([&stage] {
    stage.must("prctl(PR_SET_SECCOMP)", raw_syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
    raw_syscall(SYS_getppid);
    stage.never("the call came back");
  });
  stage.killed("the process", SIGKILL, stage.wait_for(pid));
  list.restore();
  check_record(stage, records_of(stage, audit, pid), listed, SIGKILL, SECCOMP_RET_KILL_THREAD);
}

void an_empty_list_logs_nothing(Stage& stage) {
  AuditReader audit = open_audit(stage);
  LoggedActions list(stage);
  list.write("\n");
  stage.holds("the list is empty", text_of_file(kActionsLogged).empty());
  const StackedFilter filters[] = {filter_for(ActionKind::kill_process, true)};
  const WatchPlan plan{.filters = filters};
  const WatchedCall call = watch_call(stage, plan);
  list.restore();
  check_action(stage, plan, call, answer_for(ActionKind::kill_process));
  check_record(stage, records_of(stage, audit, call.pid), false, ActionKind::kill_process);
}

struct BadWords {
  const char* name;
  const char* words;
  const char* title;
};
constexpr std::array kBadWords = {
    BadWords{"refuses-allow", "allow", "'allow' cannot be logged: EINVAL"},
    BadWords{"refuses-allow-among-others", "kill_process allow", "'allow' among other words is EINVAL too"},
    BadWords{"refuses-bogus", "bogus", "An unknown word is EINVAL"},
    BadWords{"refuses-bogus-among-others", "kill_process bogus", "An unknown word among others is EINVAL too"},
    BadWords{"refuses-capitals", "KILL_PROCESS", "A word in capitals is EINVAL"},
    BadWords{"refuses-prefix", "kill", "The beginning of a word is EINVAL"},
    BadWords{"refuses-commas", "kill_process,log", "Words divided by a comma are EINVAL"},
};

void bad_words_are_refused(Stage& stage) {
  LoggedActions list(stage);
  stage.fails_with("write(2)", EINVAL, list.try_write(kBadWords.at(static_cast<std::size_t>(stage.parameter(0))).words));
  stage.holds("the list is what it was", text_of_file(kActionsLogged) == list.found());
}

void the_list_is_read_in_order(Stage& stage) {
  LoggedActions list(stage);
  list.write("log trap kill_process");
  stage.holds("it reads 'kill_process trap log'", text_of_file(kActionsLogged) == "kill_process trap log");
}

/// Writes what is there already, so that a kernel that permits it does no harm.
void root_without_the_capability_is_refused(Stage& stage) {
  stage.exited("the process without capabilities", 0, stage.child([&stage] {
    const std::string found = text_of_file(kActionsLogged);
    drop_capabilities(stage);
    const UniqueFd fd(::open(kActionsLogged, O_WRONLY | O_CLOEXEC));
    if (!fd) stage.skip("actions_logged cannot be opened for writing: /proc/sys is read-only, or root is not the machine's");
    stage.fails_with("write(2)", EPERM, ::write(fd.get(), found.data(), found.size()) < 0 ? -errno : 0);
    stage.holds("the list is what it was", text_of_file(kActionsLogged) == found);
  }));
}

std::int64_t open_for_writing(const char* path) {
  const UniqueFd fd(::open(path, O_WRONLY | O_CLOEXEC));
  return fd ? fd.get() : -errno;
}

void an_ordinary_user_is_refused(Stage& stage) {
  stage.exited("the process of an ordinary user", 0, stage.child([&stage] {
    constexpr std::int64_t kNobody = 65534;
    if (::geteuid() == 0 && raw_syscall(SYS_setresuid, kNobody, kNobody, kNobody) < 0)
      stage.skip("root cannot become an ordinary user here");
    stage.fails_with("open(2) for writing", EACCES, open_for_writing(kActionsLogged));
    stage.holds("it can be read", ::access(kActionsLogged, R_OK) == 0);
  }));
}

void the_list_of_all_is_read_only(Stage& stage) {
  stage.fails_with("open(2) for writing", EACCES, open_for_writing(kAvail));
}

void the_list_of_all_is_ordered(Stage& stage) {
  stage.holds("it reads 'kill_process kill_thread ... allow'", text_of_file(kAvail) == kEveryWord);
}

std::vector<Scenario> scenarios_of_the_file() {
  std::vector<Scenario> scenarios = {
      {.name = "strict-listed-alone",
       .title = "A violation of strict mode is logged if actions_logged has only kill_thread",
       .why = "Strict mode kills the thread, so the administrator looks for that word.",
       .source = "kernel/seccomp.c, __secure_computing_strict",
       .run = the_list_permits_strict,
       .needs = kReadsAndWrites,
       .parameters = {1},
       .exclusive = true},
      {.name = "strict-unlisted",
       .title = "A violation of strict mode is not logged if actions_logged lacks kill_thread",
       .why = "The administrator's word is the last.",
       .source = "kernel/seccomp.c, __secure_computing_strict",
       .run = the_list_permits_strict,
       .needs = kReadsAndWrites,
       .parameters = {0},
       .exclusive = true},
      {.name = "list-empty",
       .title = "An empty actions_logged logs not even KILL_PROCESS",
       .why = "It is the way to silence a machine that floods its log.",
       .source = kSysctlSource,
       .run = an_empty_list_logs_nothing,
       .needs = kReadsAndWrites,
       .exclusive = true},
      {.name = "list-order",
       .title = "actions_logged reads in the order of precedence, whatever order was written",
       .why = "Tools that compare the text would see a change where there is none.",
       .source = kSysctlSource,
       .run = the_list_is_read_in_order,
       .needs = {.capabilities = {"CAP_SYS_ADMIN"}},
       .exclusive = true},
      {.name = "list-without-capability",
       .title = "Root without CAP_SYS_ADMIN cannot write actions_logged: EPERM",
       .why = "A container's root must not be able to hide what it does from the host's log.",
       .source = kSysctlSource,
       .run = root_without_the_capability_is_refused,
       .needs = {.capabilities = {"CAP_SYS_ADMIN"}}},
      {.name = "list-ordinary-user",
       .title = "An ordinary user cannot open actions_logged for writing: EACCES",
       .why = "Nobody may hide what he does from the log.",
       .source = "kernel/seccomp.c, seccomp_sysctl_table (mode 0644)",
       .run = an_ordinary_user_is_refused},
      {.name = "avail-read-only",
       .title = "Not even root can open actions_avail for writing: EACCES",
       .why = "It is what a program asks to learn what the kernel supports.",
       .source = "kernel/seccomp.c, seccomp_sysctl_table (mode 0444)",
       .run = the_list_of_all_is_read_only},
      {.name = "avail",
       .title = "actions_avail reads 'kill_process kill_thread trap errno user_notif trace log allow'",
       .why = "Its order is the order of precedence, which programs take from it.",
       .source = "seccomp(2), \"/proc interfaces\"; kernel/seccomp.c, seccomp_actions_avail",
       .run = the_list_of_all_is_ordered},
  };
  for (std::size_t i = 0; i < kBadWords.size(); ++i)
    scenarios.push_back({.name = fmt::format("list-{}", kBadWords[i].name),
                         .title = fmt::format("actions_logged: {}", kBadWords[i].title),
                         .why = "A slip of the administrator must not change what is logged.",
                         .source = kSysctlSource,
                         .run = bad_words_are_refused,
                         .needs = {.capabilities = {"CAP_SYS_ADMIN"}},
                         .parameters = {static_cast<std::int64_t>(i)},
                         .exclusive = true});
  return scenarios;
}

}  // namespace

std::vector<Scenario> actions_logged_scenarios() {
  std::vector<Scenario> scenarios;
  for (const ActionKind kind : kEveryActionKind)
    for (const bool flag_log : {false, true})
      for (const bool listed : {true, false})
        if (kind != ActionKind::allow) scenarios.push_back(list_permits(kind, flag_log, listed));
  std::ranges::move(scenarios_of_the_file(), std::back_inserter(scenarios));
  return scenarios;
}

}  // namespace sandgauge
