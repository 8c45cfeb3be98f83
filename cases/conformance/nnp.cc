// Who may load a filter: a thread with NO_NEW_PRIVS, or with CAP_SYS_ADMIN in its user namespace.
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "conformance/privileges.h"
#include "conformance/proc_files.h"
#include "conformance/scenario.h"
#include "conformance/topics.h"

namespace sandgauge {
namespace {

constexpr CapabilitySet kAdmin = capability(CAP_SYS_ADMIN);

Filter deny_getppid() { return Filter::answer(SYS_getppid, SECCOMP_RET_ERRNO | EXDEV); }

std::int64_t load_by_prctl() {
  const Filter filter = deny_getppid();
  const sock_fprog program{filter.length(), const_cast<sock_filter*>(filter.code())};
  return raw_syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, reinterpret_cast<std::intptr_t>(&program));
}

std::int64_t set_nnp(std::int64_t value, std::int64_t third = 0) {
  return raw_syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, value, third);
}

/// That the load is refused and leaves nothing behind.
void check_refused(Stage& stage) {
  const std::int64_t before = filters_of_this_thread();
  stage.fails_with("the load by seccomp(2)", EACCES, stage.try_load(deny_getppid()));
  stage.fails_with("the load by prctl(2)", EACCES, load_by_prctl());
  stage.equal("filters", before, filters_of_this_thread());
  stage.equal("NO_NEW_PRIVS", 0, no_new_privs());
}

/// That the load succeeds and the filter is in force.
void check_loaded(Stage& stage) {
  stage.equal("the load", 0, stage.try_load(deny_getppid()));
  stage.fails_with("getppid", EXDEV, raw_syscall(SYS_getppid));
}

void without_either_it_is_refused(Stage& stage) {
  require_no_new_privs_unset(stage);
  drop_capabilities(stage);
  check_refused(stage);
}

void with_no_new_privs_it_loads(Stage& stage) {
  drop_capabilities(stage);
  stage.equal("prctl(PR_SET_NO_NEW_PRIVS)", 0, set_nnp(1));
  check_loaded(stage);
  stage.equal("NO_NEW_PRIVS", 1, no_new_privs());
}

void with_the_capability_it_loads(Stage& stage) {
  require_no_new_privs_unset(stage);
  set_capabilities(stage, kAdmin, kAdmin);
  check_loaded(stage);
  stage.equal("NO_NEW_PRIVS, which the load does not set", 0, no_new_privs());
}

void every_other_capability_is_not_enough(Stage& stage) {
  require_no_new_privs_unset(stage);
  const CapabilitySet others = effective_capabilities(stage) & ~kAdmin;
  set_capabilities(stage, others, others);
  check_refused(stage);
}

void a_permitted_capability_is_not_enough(Stage& stage) {
  require_no_new_privs_unset(stage);
  set_capabilities(stage, 0, kAdmin);
  check_refused(stage);
  set_capabilities(stage, kAdmin, kAdmin);
  check_loaded(stage);
}

void the_capability_of_an_own_namespace_counts(Stage& stage) {
  require_no_new_privs_unset(stage);
  drop_capabilities(stage);
  const std::int64_t entered = raw_syscall(SYS_unshare, CLONE_NEWUSER);
  if (entered < 0) stage.skip("this machine grants no user namespaces to ordinary processes");
  stage.holds("CAP_SYS_ADMIN in the new namespace", (effective_capabilities(stage) & kAdmin) != 0);
  check_loaded(stage);
  stage.equal("NO_NEW_PRIVS", 0, no_new_privs());
}

void a_filter_gives_no_right_to_another(Stage& stage) {
  require_no_new_privs_unset(stage);
  check_loaded(stage);
  drop_capabilities(stage);
  check_refused(stage);
}

void strict_mode_needs_neither(Stage& stage) {
  require_strict_mode(stage);
  require_no_new_privs_unset(stage);
  constexpr int kOwnEnd = 7;
  stage.exited("the strict process", kOwnEnd, stage.child([&] {
    drop_capabilities(stage);
    stage.equal("seccomp(2)", 0, raw_syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, 0));
    raw_syscall(SYS_exit, kOwnEnd);
  }));
}

void nobody_takes_it_back(Stage& stage) {
  stage.equal("prctl(PR_SET_NO_NEW_PRIVS, 1)", 0, set_nnp(1));
  stage.fails_with("prctl(PR_SET_NO_NEW_PRIVS, 0)", EINVAL, set_nnp(0));
  stage.equal("NO_NEW_PRIVS", 1, no_new_privs());
}

void only_one_is_taken(Stage& stage) {
  require_no_new_privs_unset(stage);
  stage.fails_with("prctl(PR_SET_NO_NEW_PRIVS, 2)", EINVAL, set_nnp(2));
  stage.fails_with("prctl(PR_SET_NO_NEW_PRIVS, 1, 1)", EINVAL, set_nnp(1, 1));
  stage.fails_with("prctl(PR_GET_NO_NEW_PRIVS, 1)", EINVAL, raw_syscall(SYS_prctl, PR_GET_NO_NEW_PRIVS, 1));
  stage.equal("NO_NEW_PRIVS", 0, no_new_privs());
}

void a_second_time_changes_nothing(Stage& stage) {
  stage.equal("prctl(PR_SET_NO_NEW_PRIVS, 1)", 0, set_nnp(1));
  stage.equal("the same again", 0, set_nnp(1));
  stage.equal("NO_NEW_PRIVS", 1, no_new_privs());
  stage.equal("NoNewPrivs in /proc/self/status", 1, status_field("/proc/self/status", "NoNewPrivs"));
}

void a_child_inherits_it(Stage& stage) {
  stage.set_no_new_privs();
  stage.exited("the child", 0, stage.child([&] {
    stage.equal("NO_NEW_PRIVS of the child", 1, no_new_privs());
    drop_capabilities(stage);
    check_loaded(stage);
  }));
}

void* note_no_new_privs(void* into) {
  *static_cast<std::int64_t*>(into) = no_new_privs();
  return nullptr;
}

void a_new_thread_inherits_it(Stage& stage) {
  stage.set_no_new_privs();
  std::int64_t seen = -1;
  pthread_t thread;
  stage.must("pthread_create", -::pthread_create(&thread, nullptr, note_no_new_privs, &seen));
  ::pthread_join(thread, nullptr);
  stage.equal("NO_NEW_PRIVS of the thread", 1, seen);
}

void* set_for_this_thread(void* into) {
  *static_cast<std::int64_t*>(into) = set_nnp(1);
  return nullptr;
}

void another_thread_is_left_alone(Stage& stage) {
  require_no_new_privs_unset(stage);
  std::int64_t result = -1;
  pthread_t thread;
  stage.must("pthread_create", -::pthread_create(&thread, nullptr, set_for_this_thread, &result));
  ::pthread_join(thread, nullptr);
  stage.equal("prctl(PR_SET_NO_NEW_PRIVS) of the thread", 0, result);
  drop_capabilities(stage);
  check_refused(stage);
}

/// The new program is looked at where a traced execve(2) stops, so that it need not take part.
void a_new_program_keeps_it(Stage& stage) {
  const pid_t pid = stage.start_child([&] {
    stage.set_no_new_privs();
    stage.must("ptrace(PTRACE_TRACEME)", ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0 ? -errno : 0);
    const char* const words[] = {"program", nullptr};
    ::execve("/proc/self/exe", const_cast<char**>(words), nullptr);
    stage.broken("execve", errno);
  });
  const int status = stage.wait_for(pid);
  if (!WIFSTOPPED(status)) stage.broken("the stop after execve");
  const std::string path = fmt::format("/proc/{}/status", pid);
  stage.equal("the signal of the stop after execve", SIGTRAP, WSTOPSIG(status));
  stage.equal("NoNewPrivs of the new program", 1, status_field(path.c_str(), "NoNewPrivs"));
  ::kill(pid, SIGKILL);
  stage.killed("the new program, at last", SIGKILL, stage.wait_for(pid));
}

constexpr char kLoadSource[] = "seccomp(2), EACCES; kernel/seccomp.c, seccomp_prepare_filter";
constexpr char kFlagSource[] = "PR_SET_NO_NEW_PRIVS(2const); kernel/sys.c, prctl";
constexpr char kEscapeWhy[] = "A set-user-ID program under an attacker's filter could be made to keep its privileges.";

}  // namespace

std::vector<Case> nnp_cases() {
  return topic("nnp",
               {
                   {.name = "neither",
                    .title = "Without NO_NEW_PRIVS and without CAP_SYS_ADMIN the load is EACCES",
                    .why = kEscapeWhy,
                    .source = kLoadSource,
                    .also = "kselftest: mode_filter_without_nnp; LTP: prctl02",
                    .run = without_either_it_is_refused},
                   {.name = "no-new-privs",
                    .title = "With NO_NEW_PRIVS a process without capabilities loads a filter",
                    .why = "Sandboxes of ordinary users have no other way.",
                    .source = kLoadSource,
                    .also = "kselftest: ALLOW_all",
                    .run = with_no_new_privs_it_loads},
                   {.name = "capability",
                    .title = "With CAP_SYS_ADMIN and no other capability the load needs no NO_NEW_PRIVS and does not set it",
                    .why = "A container runtime loads the filter of programs that are to keep their set-user-ID bits.",
                    .source = kLoadSource,
                    .also = "kselftest: mode_filter_without_nnp",
                    .run = with_the_capability_it_loads,
                    .needs = {.capabilities = {"CAP_SYS_ADMIN"}}},
                   {.name = "other-capabilities",
                    .title = "All other capabilities together are not enough: EACCES",
                    .why = "A process that gave up CAP_SYS_ADMIN must be held to it.",
                    .source = kLoadSource,
                    .run = every_other_capability_is_not_enough},
                   {.name = "permitted-capability",
                    .title = "CAP_SYS_ADMIN that is permitted and not effective is not enough: EACCES",
                    .why = "Programs lower a capability so as not to use it by mistake.",
                    .source = "capabilities(7); kernel/seccomp.c, seccomp_prepare_filter",
                    .run = a_permitted_capability_is_not_enough,
                    .needs = {.capabilities = {"CAP_SYS_ADMIN"}}},
                   {.name = "own-user-namespace",
                    .title = "CAP_SYS_ADMIN in the process's own user namespace is enough",
                    .why = "Rootless containers load their filters so.",
                    .source = "seccomp(2), EACCES: \"in its user namespace\"; kernel/seccomp.c, seccomp_prepare_filter",
                    .run = the_capability_of_an_own_namespace_counts},
                   {.name = "second-filter",
                    .title = "A filter that was loaded with CAP_SYS_ADMIN gives no right to a second one: EACCES",
                    .why = kEscapeWhy,
                    .source = kLoadSource,
                    .run = a_filter_gives_no_right_to_another,
                    .needs = {.capabilities = {"CAP_SYS_ADMIN"}}},
                   {.name = "strict",
                    .title = "Strict mode needs neither",
                    .why = "Its four calls give a set-user-ID program nothing to be misled by, and it cannot be executed.",
                    .source = "seccomp(2), SECCOMP_SET_MODE_STRICT; kernel/seccomp.c, seccomp_set_mode_strict",
                    .also = "kselftest: mode_strict_support",
                    .run = strict_mode_needs_neither},
                   {.name = "never-taken-back",
                    .title = "NO_NEW_PRIVS cannot be unset: EINVAL",
                    .why = kEscapeWhy,
                    .source = kFlagSource,
                    .also = "LTP: prctl06",
                    .run = nobody_takes_it_back},
                   {.name = "arguments",
                    .title = "PR_SET_NO_NEW_PRIVS takes only 1 and PR_GET_NO_NEW_PRIVS nothing: EINVAL",
                    .why = "Room for later meanings is kept by refusing them now.",
                    .source = kFlagSource,
                    .also = "LTP: prctl02",
                    .run = only_one_is_taken},
                   {.name = "twice",
                    .title = "Setting NO_NEW_PRIVS twice is fine, and /proc/self/status shows it",
                    .why = "Library and program may both set it.",
                    .source = "proc(5), NoNewPrivs; PR_SET_NO_NEW_PRIVS(2const)",
                    .also = "LTP: prctl06",
                    .run = a_second_time_changes_nothing},
                   {.name = "fork",
                    .title = "A child inherits NO_NEW_PRIVS, and may load a filter by it",
                    .why = kEscapeWhy,
                    .source = kFlagSource,
                    .also = "LTP: prctl06",
                    .run = a_child_inherits_it},
                   {.name = "new-thread",
                    .title = "A new thread inherits NO_NEW_PRIVS",
                    .why = kEscapeWhy,
                    .source = kFlagSource,
                    .run = a_new_thread_inherits_it},
                   {.name = "other-thread",
                    .title = "NO_NEW_PRIVS of one thread is not that of another",
                    .why = "A thread that relies on it must set it before it starts the others.",
                    .source = kFlagSource,
                    .run = another_thread_is_left_alone},
                   {.name = "exec",
                    .title = "A new program keeps NO_NEW_PRIVS over execve(2)",
                    .why = kEscapeWhy,
                    .source = kFlagSource,
                    .also = "LTP: prctl06",
                    .run = a_new_program_keeps_it},
               });
}

}  // namespace sandgauge
