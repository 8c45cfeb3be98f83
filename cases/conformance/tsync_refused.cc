// SECCOMP_FILTER_FLAG_TSYNC where a sibling cannot take the filter: who is named, and that nothing has changed; and the
// siblings that do not count, because they are dead.
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <linux/futex.h>

#include "conformance/asked_listener.h"
#include "conformance/privileges.h"
#include "conformance/proc_files.h"
#include "conformance/sibling.h"
#include "conformance/strict.h"
#include "conformance/tsync.h"

namespace sandgauge {
namespace {

void load_own_filter(Stage& stage, Sibling& sibling) {
  sibling.run([&] { stage.load_as_it_is(Filter::answer(SYS_getuid, SECCOMP_RET_ERRNO | ENOTNAM)); });
}

/// Tries TSYNC with these flags. Whatever it says, nobody may be confined by it.
std::int64_t try_in_vain(Stage& stage, unsigned flags, Sibling& bystander) {
  const std::int64_t parent = raw_syscall(SYS_getppid);
  const std::int64_t filters = filters_of_this_thread();
  stage.set_no_new_privs();
  const std::int64_t result = stage.try_load(denied_getppid(), kTsync | flags);
  stage.equal("getppid in the caller", parent, raw_syscall(SYS_getppid));
  stage.equal("getppid in a sibling that could have taken it", parent, bystander.call(SYS_getppid));
  stage.equal("Seccomp_filters of the caller", filters, filters_of_this_thread());
  return result;
}

void the_diverged_is_named(Stage& stage) {
  Sibling bystander(stage);
  Sibling diverged(stage);
  load_own_filter(stage, diverged);
  stage.equal("the result", diverged.tid(), try_in_vain(stage, 0, bystander));
}

void the_diverged_is_esrch(Stage& stage) {
  Sibling bystander(stage);
  Sibling diverged(stage);
  load_own_filter(stage, diverged);
  stage.fails_with("the result", ESRCH, try_in_vain(stage, kTsyncEsrch, bystander));
}

void the_diverged_keeps_its_own(Stage& stage) {
  const std::int64_t parent = raw_syscall(SYS_getppid);
  Sibling diverged(stage);
  diverged.run([&] { stage.load(Filter::answer(SYS_getuid, SECCOMP_RET_ERRNO | ENOTNAM)); });
  stage.set_no_new_privs();
  stage.try_load(denied_getppid(), kTsync);
  stage.fails_with("getuid in the sibling, of its own filter", ENOTNAM, diverged.call(SYS_getuid));
  stage.equal("getppid in the sibling", parent, diverged.call(SYS_getppid));
}

void one_of_the_diverged_is_named(Stage& stage) {
  Sibling bystander(stage);
  Sibling first(stage);
  Sibling second(stage);
  load_own_filter(stage, first);
  load_own_filter(stage, second);
  const std::int64_t result = try_in_vain(stage, 0, bystander);
  stage.holds("the result is the TID of one of the two", result == first.tid() || result == second.tid());
}

void more_than_the_ancestor_diverges(Stage& stage) {
  stage.load_as_it_is(Filter::answer(SYS_getgid, SECCOMP_RET_ERRNO | EUSERS));
  Sibling bystander(stage);
  Sibling diverged(stage);
  load_own_filter(stage, diverged);
  stage.equal("the result", diverged.tid(), try_in_vain(stage, 0, bystander));
}

void the_strict_is_named(Stage& stage) {
  Sibling bystander(stage);
  Sibling strict(stage);
  strict.run([&] { enter_strict(stage, StrictBy::seccomp); });
  stage.equal("the result", strict.tid(), try_in_vain(stage, 0, bystander));
}

void the_strict_is_esrch(Stage& stage) {
  Sibling bystander(stage);
  Sibling strict(stage);
  strict.run([&] { enter_strict(stage, StrictBy::seccomp); });
  stage.fails_with("the result", ESRCH, try_in_vain(stage, kTsyncEsrch, bystander));
}

void the_first_thread_is_named(Stage& stage) {
  stage.exited("a process whose first thread has its own filter", 0, stage.child([&] {
    Sibling worker(stage);
    stage.load_as_it_is(Filter::answer(SYS_getuid, SECCOMP_RET_ERRNO | ENOTNAM));
    worker.run([&] {
      stage.set_no_new_privs();
      stage.equal("the worker's result", raw_syscall(SYS_getpid), stage.try_load(denied_getppid(), kTsync));
    });
  }));
}

void the_tid_is_of_the_callers_namespace(Stage& stage) {
  if (::unshare(CLONE_NEWPID) != 0) stage.skip("this machine lets nobody make a PID namespace");
  stage.exited("the first process of a PID namespace", 0, stage.child([&] {
    Sibling diverged(stage);
    load_own_filter(stage, diverged);
    stage.equal("the sibling's TID as it sees itself", 2, diverged.tid());
    stage.set_no_new_privs();
    stage.equal("the result", 2, stage.try_load(denied_getppid(), kTsync));
  }));
}

void nobody_gains_no_new_privs(Stage& stage) {
  require_no_new_privs_unset(stage);
  Sibling bystander(stage);
  Sibling diverged(stage);
  load_own_filter(stage, diverged);
  stage.equal("no_new_privs of the caller, which never set it", 0, no_new_privs());
  stage.equal("the result", diverged.tid(), try_in_vain(stage, 0, bystander));
  stage.equal("no_new_privs of the bystander", 0, bystander.call(SYS_prctl, PR_GET_NO_NEW_PRIVS));
}

void no_listener_is_left(Stage& stage) {
  Sibling bystander(stage);
  Sibling diverged(stage);
  load_own_filter(stage, diverged);
  const std::int64_t free_before = stage.must("dup", raw_syscall(SYS_dup, 0));
  raw_syscall(SYS_close, free_before);
  stage.fails_with("the result", ESRCH, try_in_vain(stage, kTsyncEsrch | SECCOMP_FILTER_FLAG_NEW_LISTENER, bystander));
  stage.equal("the lowest free descriptor", free_before, raw_syscall(SYS_dup, 0));
}

void no_new_privs_is_asked_of_the_caller(Stage& stage) {
  require_no_new_privs_unset(stage);
  drop_capabilities(stage);
  const std::int64_t parent = raw_syscall(SYS_getppid);
  Sibling sibling(stage);
  sibling.run([&] { stage.set_no_new_privs(); });
  stage.fails_with("the load", EACCES, stage.try_load(denied_getppid(), kTsync));
  stage.equal("getppid in the caller", parent, raw_syscall(SYS_getppid));
  stage.equal("getppid in the sibling", parent, sibling.call(SYS_getppid));
}

void a_bad_program_changes_nothing(Stage& stage) {
  require_no_new_privs_unset(stage);
  const std::int64_t parent = raw_syscall(SYS_getppid);
  Sibling sibling(stage);
  stage.set_no_new_privs();
  stage.fails_with("the load", EINVAL, stage.try_load(Filter::of({BPF_STMT(BPF_LD | BPF_IMM, 0)}), kTsync));
  stage.equal("getppid in the sibling", parent, sibling.call(SYS_getppid));
  stage.equal("no_new_privs of the sibling", 0, sibling.call(SYS_prctl, PR_GET_NO_NEW_PRIVS));
}

void it_works_when_the_diverged_is_gone(Stage& stage) {
  Sibling sibling(stage);
  Sibling diverged(stage);
  load_own_filter(stage, diverged);
  stage.set_no_new_privs();
  stage.equal("the first try", diverged.tid(), stage.try_load(denied_getppid(), kTsync));
  diverged.end();
  stage.equal("the second try", 0, stage.load(denied_getppid(), kTsync));
  stage.fails_with("getppid in the sibling", EXDEV, sibling.call(SYS_getppid));
}

/// The kernel zeroes it and wakes its waiters when the first thread goes (set_tid_address(2)).
int leader_lives = 1;

struct AfterLeader {
  Stage& stage;
  std::int64_t leader;
  bool named;  // TSYNC is refused because of the dead leader
};

void* synchronise_after_leader(void* argument) {
  const auto& [stage, leader, named] = *static_cast<const AfterLeader*>(argument);
  while (__atomic_load_n(&leader_lives, __ATOMIC_SEQ_CST) != 0)
    raw_syscall(SYS_futex, reinterpret_cast<std::intptr_t>(&leader_lives), FUTEX_WAIT, 1, 0);
  // The word is cleared before the thread is counted as gone; a zombie is.
  if (!reaches_state(static_cast<pid_t>(leader), 'Z')) stage.broken("the end of the first thread");
  Sibling sibling(stage);
  const std::int64_t parent = raw_syscall(SYS_getppid);
  stage.set_no_new_privs();
  stage.equal("the result", named ? leader : 0, stage.try_load(denied_getppid(), kTsync));
  stage.equal("getppid in another sibling", named ? parent : -EXDEV, sibling.call(SYS_getppid));
  stage.end(0);
}

/// TSYNC in a process whose first thread has ended, under its own filter or none.
void synchronise_without_leader(Stage& stage, bool diverged, bool named) {
  stage.exited("the process", 0, stage.child([&] {
    raw_syscall(SYS_set_tid_address, reinterpret_cast<std::intptr_t>(&leader_lives));
    AfterLeader after{stage, raw_syscall(SYS_getpid), named};
    pthread_t worker{};
    stage.must("pthread_create", -pthread_create(&worker, nullptr, synchronise_after_leader, &after));
    if (diverged) stage.load_as_it_is(Filter::answer(SYS_getuid, SECCOMP_RET_ERRNO | ENOTNAM));
    raw_syscall(SYS_exit, 0);
  }));
}

void a_dead_leader_does_not_count(Stage& stage) { synchronise_without_leader(stage, stage.parameter(0) != 0, false); }
void a_dead_leader_counts(Stage& stage) { synchronise_without_leader(stage, true, true); }

std::vector<Scenario> who_is_named() {
  return {
      {.name = "diverged",
       .title = "A sibling with a filter of its own is named by its TID, and nobody takes the new filter",
       .why = "A program that takes the number for success runs on unconfined; one that looks can say which thread it was.",
       .source = "seccomp(2), RETURN VALUE; kernel/seccomp.c, seccomp_can_sync_threads",
       .also = "kselftest: TSYNC.two_siblings_with_one_divergence",
       .run = the_diverged_is_named},
      {.name = "diverged-esrch",
       .title = "With TSYNC_ESRCH the same is ESRCH, and nobody takes the new filter",
       .why = "The only form of TSYNC that can be told from a listener's descriptor.",
       .source = "seccomp(2), SECCOMP_FILTER_FLAG_TSYNC_ESRCH",
       .also = "kselftest: TSYNC.two_siblings_with_one_divergence_no_tid_in_err",
       .run = the_diverged_is_esrch,
       .needs = {.since = KernelVersion{5, 7}}},
      {.name = "diverged-keeps-own",
       .title = "The sibling that was named still has its own filter, and only that",
       .why = "A refused load that took away a filter would open the thread that confined itself first.",
       .source = "seccomp(2), RETURN VALUE; kernel/seccomp.c, seccomp_attach_filter",
       .run = the_diverged_keeps_its_own},
      {.name = "two-diverged",
       .title = "Of two siblings that diverged one is named",
       .why = "A program that looks for the thread must find one that is to blame.",
       .source = "seccomp(2), RETURN VALUE",
       .also = "kselftest: TSYNC.two_siblings_not_under_filter",
       .run = one_of_the_diverged_is_named},
      {.name = "ancestor-and-more",
       .title = "A sibling that has the caller's filters and one more is named",
       .why = "Its extra filter would be lost: a thread would become less confined by a load.",
       .source = "kernel/seccomp.c, is_ancestor",
       .run = more_than_the_ancestor_diverges},
      {.name = "strict",
       .title = "A sibling in strict mode is named by its TID, and nobody takes the new filter",
       .why = "A filter in place of strict mode could allow what strict mode kills for.",
       .source = "seccomp(2), SECCOMP_FILTER_FLAG_TSYNC",
       .run = the_strict_is_named},
      {.name = "strict-esrch",
       .title = "With TSYNC_ESRCH a sibling in strict mode is ESRCH",
       .why = "A filter in place of strict mode could allow what strict mode kills for.",
       .source = "seccomp(2), SECCOMP_FILTER_FLAG_TSYNC_ESRCH",
       .run = the_strict_is_esrch,
       .needs = {.since = KernelVersion{5, 7}}},
      {.name = "first-thread",
       .title = "The first thread is named by its process ID if it diverged from a worker that loads",
       .why = "It is a thread as any other; left out, it would stay outside of the worker's sandbox.",
       .source = "seccomp(2), RETURN VALUE",
       .run = the_first_thread_is_named},
      {.name = "pid-namespace",
       .title = "The TID is the one of the caller's PID namespace",
       .why = "In a container another number would be nobody, or somebody else.",
       .source = "kernel/seccomp.c, seccomp_can_sync_threads (task_pid_vnr)",
       .run = the_tid_is_of_the_callers_namespace,
       .needs = {.capabilities = {"CAP_SYS_ADMIN"}}},
  };
}

std::vector<Scenario> what_is_left() {
  return {
      {.name = "refused-no-new-privs",
       .title = "A refused TSYNC gives no sibling NO_NEW_PRIVS",
       .why = "A load that fails must leave no trace in threads that have nothing to do with it.",
       .source = "kernel/seccomp.c, seccomp_sync_threads",
       .run = nobody_gains_no_new_privs,
       .needs = {.capabilities = {"CAP_SYS_ADMIN"}}},
      {.name = "refused-listener",
       .title = "A refused TSYNC with a listener leaves no descriptor behind",
       .why = "A daemon that tries again and again would run out of descriptors.",
       .source = "kernel/seccomp.c, seccomp_set_mode_filter (put_unused_fd)",
       .run = no_listener_is_left,
       .needs = {.since = KernelVersion{5, 7}}},
      {.name = "caller-without-no-new-privs",
       .title =
           "NO_NEW_PRIVS is asked of the caller: without it and CAP_SYS_ADMIN, TSYNC is EACCES although a sibling has it",
       .why = "One thread's promise must not let another put filters on threads that promised nothing.",
       .source = "seccomp(2), ERRORS, EACCES",
       .run = no_new_privs_is_asked_of_the_caller},
      {.name = "bad-program",
       .title = "TSYNC of a program that is no filter is EINVAL and changes no sibling",
       .why = "A load that fails must leave no trace in threads that have nothing to do with it.",
       .source = "seccomp(2), ERRORS, EINVAL",
       .run = a_bad_program_changes_nothing},
      {.name = "again",
       .title = "TSYNC that was refused for a sibling succeeds when the sibling is gone",
       .why = "A program may end the thread that was named and try again.",
       .source = "seccomp(2), SECCOMP_FILTER_FLAG_TSYNC",
       .also = "kselftest: TSYNC.two_siblings_not_under_filter",
       .run = it_works_when_the_diverged_is_gone},
      {.name = "dead-leader",
       .title = "A first thread that has ended without a filter does not keep TSYNC from the others",
       .why = "Go programs may end their first thread; their sandbox must still be possible.",
       .source = "kernel/seccomp.c, seccomp_can_sync_threads",
       .run = a_dead_leader_does_not_count,
       .parameters = {0}},
      {.name = "dead-leader-diverged",
       .title = "A first thread that has ended under a filter of its own does not keep TSYNC from the others",
       .why = "A dead thread makes no calls; for its sake the living would stay unconfined.",
       .source = "kernel/seccomp.c, seccomp_can_sync_threads (PF_EXITING)",
       .run = a_dead_leader_does_not_count,
       .needs = {.since = KernelVersion{6, 11}},
       .parameters = {1}},
      {.name = "dead-leader-diverged-before-6.11",
       .title = "A first thread that has ended under a filter of its own is named",
       .why = "A program for these kernels must load its filter before its first thread can end.",
       .source = "kernel/seccomp.c, seccomp_can_sync_threads, before exiting threads were passed over",
       .run = a_dead_leader_counts,
       .needs = {.until = KernelVersion{6, 10}}},
  };
}

}  // namespace

std::vector<Scenario> tsync_refused_scenarios() {
  std::vector<Scenario> scenarios = who_is_named();
  for (Scenario& scenario : what_is_left()) scenarios.push_back(std::move(scenario));
  return scenarios;
}

}  // namespace sandgauge
