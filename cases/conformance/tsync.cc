// SECCOMP_FILTER_FLAG_TSYNC: one load for all threads of a process. What keeps it from being so is in tsync_refused.cc.
#include "conformance/tsync.h"

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>

#include <algorithm>
#include <iterator>

#include "conformance/asked_listener.h"
#include "conformance/introspection.h"
#include "conformance/privileges.h"
#include "conformance/proc_files.h"
#include "conformance/sibling.h"
#include "conformance/topics.h"
#include "conformance/tracee.h"

namespace sandgauge {
namespace {

constexpr unsigned kLog = SECCOMP_FILTER_FLAG_LOG;
constexpr unsigned kSpecAllow = SECCOMP_FILTER_FLAG_SPEC_ALLOW;

void all_threads_take_it(Stage& stage) {
  const auto flags = static_cast<unsigned>(stage.parameter(0));
  Sibling first(stage);
  Sibling second(stage);
  stage.equal("the load", 0, stage.load(denied_getppid(), flags));
  stage.fails_with("getppid in the caller", EXDEV, raw_syscall(SYS_getppid));
  stage.fails_with("getppid in one sibling", EXDEV, first.call(SYS_getppid));
  stage.fails_with("getppid in the other", EXDEV, second.call(SYS_getppid));
}

void only_the_caller_takes_it(Stage& stage) {
  const auto flags = static_cast<unsigned>(stage.parameter(0));
  const std::int64_t parent = raw_syscall(SYS_getppid);
  Sibling sibling(stage);
  stage.equal("the load", 0, stage.load(denied_getppid(), flags));
  stage.fails_with("getppid in the caller", EXDEV, raw_syscall(SYS_getppid));
  stage.equal("getppid in the sibling", parent, sibling.call(SYS_getppid));
}

void prctl_takes_only_the_caller(Stage& stage) {
  const std::int64_t parent = raw_syscall(SYS_getppid);
  Sibling sibling(stage);
  stage.set_no_new_privs();
  const Filter filter = denied_getppid();
  const sock_fprog program{filter.length(), const_cast<sock_filter*>(filter.code())};
  stage.must("prctl(PR_SET_SECCOMP)",
             raw_syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, reinterpret_cast<std::intptr_t>(&program)));
  stage.fails_with("getppid in the caller", EXDEV, raw_syscall(SYS_getppid));
  stage.equal("getppid in the sibling", parent, sibling.call(SYS_getppid));
}

void one_thread_is_fine(Stage& stage) {
  stage.equal("the load", 0, stage.load(denied_getppid(), kTsync));
  stage.fails_with("getppid", EXDEV, raw_syscall(SYS_getppid));
}

void a_worker_brings_it_to_the_first_thread(Stage& stage) {
  Sibling worker(stage);
  worker.run([&] { stage.equal("the load in the worker", 0, stage.load(denied_getppid(), kTsync)); });
  stage.fails_with("getppid in the first thread", EXDEV, raw_syscall(SYS_getppid));
}

void filters_from_before_stay(Stage& stage) {
  stage.load(Filter::answer(SYS_getuid, SECCOMP_RET_ERRNO | ENOTNAM));
  Sibling sibling(stage);
  stage.equal("the load", 0, stage.load(denied_getppid(), kTsync));
  stage.fails_with("getuid in the sibling, of the filter that it began with", ENOTNAM, sibling.call(SYS_getuid));
  stage.fails_with("getppid in the sibling, of the new one", EXDEV, sibling.call(SYS_getppid));
}

void the_callers_own_filters_come_along(Stage& stage) {
  if (stage.parameter(0) != 0) stage.load_as_it_is(Filter::answer(SYS_getgid, SECCOMP_RET_ERRNO | ENOTNAM));
  Sibling sibling(stage);
  stage.load(Filter::answer(SYS_getuid, SECCOMP_RET_ERRNO | EUSERS));
  stage.equal("the load", 0, stage.load(denied_getppid(), kTsync));
  stage.fails_with("getuid in the sibling, of the caller's earlier filter", EUSERS, sibling.call(SYS_getuid));
  stage.fails_with("getppid in the sibling, of the new one", EXDEV, sibling.call(SYS_getppid));
}

void siblings_are_counted(Stage& stage) {
  const std::int64_t before = filters_of_this_thread();
  Sibling sibling(stage);
  stage.load_as_it_is(Filter::always(SECCOMP_RET_ALLOW));
  stage.load_as_it_is(denied_getppid(), kTsync);
  std::int64_t after = 0;
  sibling.run([&] { after = filters_of_this_thread(); });
  stage.equal("filters of the sibling", before + 2, after);
}

void later_threads_have_it(Stage& stage) {
  Sibling early(stage);
  stage.load(denied_getppid(), kTsync);
  std::int64_t result = 0;
  // A thread of the sibling, which has the filter only because of TSYNC.
  early.run([&] {
    Sibling late(stage);
    result = late.call(SYS_getppid);
    late.end();
  });
  stage.fails_with("getppid in a thread that a sibling started later", EXDEV, result);
}

void another_process_is_left_alone(Stage& stage) {
  Pipe loaded(stage);
  const std::int64_t self = raw_syscall(SYS_getpid);
  const pid_t child = stage.start_child([&] {
    heard(loaded.out.get());
    stage.equal("getppid in a child from before", self, raw_syscall(SYS_getppid));
  });
  stage.load_as_it_is(denied_getppid(), kTsync);
  stage.fails_with("getppid in the caller", EXDEV, raw_syscall(SYS_getppid));
  say(loaded.in.get());
  stage.exited("the child", 0, stage.wait_for(child));
}

void siblings_gain_no_new_privs(Stage& stage) {
  require_no_new_privs_unset(stage);
  Sibling sibling(stage);
  stage.set_no_new_privs();
  stage.equal("no_new_privs of the sibling before", 0, sibling.call(SYS_prctl, PR_GET_NO_NEW_PRIVS));
  stage.equal("the load", 0, stage.try_load(denied_getppid(), kTsync));
  stage.equal("no_new_privs of the sibling after", 1, sibling.call(SYS_prctl, PR_GET_NO_NEW_PRIVS));
}

void the_privileged_gain_none(Stage& stage) {
  require_no_new_privs_unset(stage);
  Sibling sibling(stage);
  stage.equal("the load", 0, stage.try_load(denied_getppid(), kTsync));
  stage.fails_with("getppid in the sibling", EXDEV, sibling.call(SYS_getppid));
  stage.equal("no_new_privs of the sibling", 0, sibling.call(SYS_prctl, PR_GET_NO_NEW_PRIVS));
  stage.equal("no_new_privs of the caller", 0, no_new_privs());
}

void the_log_flag_comes_along(Stage& stage) {
  need_checkpoint(stage);
  Pipe told(stage);
  Pipe seen(stage);
  const pid_t child = stage.start_child([&] {
    Sibling sibling(stage);
    stage.load_as_it_is(denied_getppid(), kTsync | static_cast<unsigned>(stage.parameter(0)));
    const pid_t tid = sibling.tid();
    stage.must("write", ::write(told.in.get(), &tid, sizeof tid));
    heard(seen.out.get());
  });
  told.in.reset();
  pid_t sibling = 0;
  if (::read(told.out.get(), &sibling, sizeof sibling) != sizeof sibling) stage.broken("the child's report");
  seize(stage, sibling, 0);
  stage.must("PTRACE_INTERRUPT", trace_request(PTRACE_INTERRUPT, sibling));
  stage.wait_for(sibling);
  __ptrace_seccomp_metadata metadata{};
  const std::int64_t size =
      trace_request(PTRACE_SECCOMP_GET_METADATA, sibling, sizeof metadata, reinterpret_cast<std::uintptr_t>(&metadata));
  stage.equal("PTRACE_SECCOMP_GET_METADATA of the sibling", sizeof metadata, size);
  stage.equal("its flags", stage.parameter(0), static_cast<std::int64_t>(metadata.flags));
  trace_request(PTRACE_DETACH, sibling);
  say(seen.in.get());
  stage.exited("the child", 0, stage.wait_for(child));
}

void the_listener_hears_siblings(Stage& stage) {
  Sibling sibling(stage);
  stage.set_no_new_privs();
  AskedListener listener(stage, {.flags = kTsync | kTsyncEsrch});
  std::int64_t result = 0;
  auto call = [&result] { result = raw_syscall(SYS_getppid); };
  sibling.start(call);
  if (!listener.pending(sibling.done_fd())) return;
  seccomp_notif request{};
  stage.must("SECCOMP_IOCTL_NOTIF_RECV", listener.receive(request));
  stage.equal("who asked", sibling.tid(), request.pid);
  stage.succeeds("the reply", listener.reply({.id = request.id, .val = 4242, .error = 0, .flags = 0}));
  sibling.finish();
  stage.equal("the sibling's call", 4242, result);
}

void a_listener_needs_esrch(Stage& stage) {
  Sibling sibling(stage);
  const std::int64_t parent = raw_syscall(SYS_getppid);
  stage.set_no_new_privs();
  stage.fails_with("the load", EINVAL, stage.try_load(denied_getppid(), kTsync | SECCOMP_FILTER_FLAG_NEW_LISTENER));
  stage.equal("getppid in the caller", parent, raw_syscall(SYS_getppid));
  stage.equal("getppid in the sibling", parent, sibling.call(SYS_getppid));
}

void esrch_is_unknown(Stage& stage) {
  stage.set_no_new_privs();
  stage.fails_with("the load", EINVAL, stage.try_load(denied_getppid(), kTsync | kTsyncEsrch));
}

struct Flags {
  std::string_view name;
  std::string_view text;
  unsigned value;
  KernelVersion since;
};

constexpr Flags kFlags[] = {
    {"all-threads", "TSYNC", kTsync, {3, 17}},
    {"with-log", "TSYNC|LOG", kTsync | kLog, {4, 14}},
    {"with-spec-allow", "TSYNC|SPEC_ALLOW", kTsync | kSpecAllow, {4, 17}},
    {"with-log-spec-allow", "TSYNC|LOG|SPEC_ALLOW", kTsync | kLog | kSpecAllow, {4, 17}},
    {"with-esrch", "TSYNC|TSYNC_ESRCH", kTsync | kTsyncEsrch, {5, 7}},
    {"with-everything", "TSYNC|TSYNC_ESRCH|LOG|SPEC_ALLOW", kTsync | kTsyncEsrch | kLog | kSpecAllow, {5, 7}},
};

void add_flags(std::vector<Scenario>& scenarios) {
  for (const Flags& flags : kFlags)
    scenarios.push_back(
        {.name = std::string(flags.name),
         .title = fmt::format("{} brings the filter to every thread that has none, and returns 0", flags.text),
         .why = "A runtime starts threads before its program can confine itself; one of them left out is a hole.",
         .source = "seccomp(2), SECCOMP_FILTER_FLAG_TSYNC",
         .also =
             flags.value == kTsync ? "kselftest: TSYNC.two_siblings_with_no_filter; gVisor: TsyncAppliesToAllThreads" : "",
         .run = all_threads_take_it,
         .needs = {.since = flags.since},
         .parameters = {flags.value}});
}

std::vector<Scenario> who_takes_it() {
  return {
      {.name = "without-tsync",
       .title = "Without TSYNC only the calling thread is under the new filter",
       .why = "A program that confines one worker must not find its other threads confined.",
       .source = "seccomp(2), SECCOMP_SET_MODE_FILTER",
       .run = only_the_caller_takes_it,
       .parameters = {0}},
      {.name = "esrch-alone",
       .title = "TSYNC_ESRCH without TSYNC loads the filter for the calling thread only",
       .why = "The flag says how TSYNC fails; taken for TSYNC, a program would trust in a filter that its threads lack.",
       .source = "seccomp(2), SECCOMP_FILTER_FLAG_TSYNC_ESRCH; kernel/seccomp.c, seccomp_attach_filter",
       .run = only_the_caller_takes_it,
       .needs = {.since = KernelVersion{5, 7}},
       .parameters = {kTsyncEsrch}},
      {.name = "prctl",
       .title = "prctl(PR_SET_SECCOMP) never synchronises threads",
       .why = "Programs that moved from prctl to seccomp(2) rely on the difference.",
       .source = "prctl(2), PR_SET_SECCOMP; kernel/seccomp.c, prctl_set_seccomp",
       .run = prctl_takes_only_the_caller},
      {.name = "one-thread",
       .title = "TSYNC of a process with one thread is an ordinary load",
       .why = "Libraries set the flag without knowing how many threads there are.",
       .source = "seccomp(2), SECCOMP_FILTER_FLAG_TSYNC",
       .also = "kselftest: TSYNC_first",
       .run = one_thread_is_fine},
      {.name = "from-a-worker",
       .title = "A worker's TSYNC confines the first thread too",
       .why = "Go programs and JVMs call seccomp(2) from whatever thread runs at the time.",
       .source = "seccomp(2), SECCOMP_FILTER_FLAG_TSYNC",
       .also = "gVisor: TsyncAppliesToAllThreads",
       .run = a_worker_brings_it_to_the_first_thread},
      {.name = "common-ancestor",
       .title = "A sibling with the caller's earlier filters keeps them and takes the new one",
       .why = "Containers give every thread a filter from the start; a program in one must still be able to add its own.",
       .source = "seccomp(2), SECCOMP_FILTER_FLAG_TSYNC; kernel/seccomp.c, seccomp_can_sync_threads",
       .also = "kselftest: TSYNC.two_siblings_with_ancestor",
       .run = filters_from_before_stay},
      {.name = "caller-has-more",
       .title = "A sibling without any filter also takes those that the caller had alone",
       .why = "All threads are to be under the same filters; a part of them would be a policy that nobody wrote.",
       .source = "kernel/seccomp.c, seccomp_sync_threads",
       .run = the_callers_own_filters_come_along,
       .parameters = {0}},
      {.name = "caller-has-more-than-ancestor",
       .title = "A sibling with a part of the caller's filters takes the others as well",
       .why = "All threads are to be under the same filters; a part of them would be a policy that nobody wrote.",
       .source = "kernel/seccomp.c, is_ancestor, seccomp_sync_threads",
       .also = "kselftest: TSYNC.two_siblings_not_under_filter",
       .run = the_callers_own_filters_come_along,
       .parameters = {1}},
      {.name = "counted",
       .title = "Seccomp_filters of a synchronised thread counts all filters that it took",
       .why = "An operator reads from /proc whether every thread of a program is confined.",
       .source = "proc(5), /proc/pid/status; kernel/seccomp.c, seccomp_sync_threads",
       .run = siblings_are_counted,
       .needs = {.since = KernelVersion{5, 9}}},
      {.name = "later-threads",
       .title = "A thread that a synchronised sibling starts is under the filter",
       .why = "A thread pool that grows would grow out of the sandbox.",
       .source = "seccomp(2), SECCOMP_SET_MODE_FILTER; kernel/fork.c, copy_seccomp",
       .run = later_threads_have_it},
      {.name = "other-process",
       .title = "TSYNC leaves a child process from before alone",
       .why = "It is about the threads of one process; a supervisor's helpers have filters of their own.",
       .source = "seccomp(2), SECCOMP_FILTER_FLAG_TSYNC",
       .run = another_process_is_left_alone},
  };
}

std::vector<Scenario> what_comes_along() {
  return {
      {.name = "no-new-privs",
       .title = "Siblings gain NO_NEW_PRIVS from a caller that has it",
       .why = "A sibling without it could run a set-user-ID program under a filter that its user chose.",
       .source = "kernel/seccomp.c, seccomp_sync_threads; Documentation/userspace-api/no_new_privs.rst",
       .also = "kselftest: TSYNC.two_sibling_want_nnp",
       .run = siblings_gain_no_new_privs},
      {.name = "no-new-privs-privileged",
       .title = "Siblings of a caller with CAP_SYS_ADMIN and without NO_NEW_PRIVS do not gain it",
       .why = "A container runtime's other threads would lose the power to start set-user-ID programs.",
       .source = "kernel/seccomp.c, seccomp_sync_threads",
       .run = the_privileged_gain_none,
       .needs = {.capabilities = {"CAP_SYS_ADMIN"}}},
      {.name = "log-flag",
       .title = "The sibling's filter has the LOG flag of the load",
       .why = "Denied calls of the other threads would be missing from the audit log.",
       .source = "ptrace(2), PTRACE_SECCOMP_GET_METADATA; seccomp(2), SECCOMP_FILTER_FLAG_LOG",
       .run = the_log_flag_comes_along,
       .needs = {.capabilities = {"CAP_SYS_ADMIN"}, .since = KernelVersion{4, 16}},
       .parameters = {kLog}},
      {.name = "no-log-flag",
       .title = "The sibling's filter has no LOG flag if the load had none",
       .why = "Denied calls that nobody wants to see would fill the audit log.",
       .source = "ptrace(2), PTRACE_SECCOMP_GET_METADATA; seccomp(2), SECCOMP_FILTER_FLAG_LOG",
       .run = the_log_flag_comes_along,
       .needs = {.capabilities = {"CAP_SYS_ADMIN"}, .since = KernelVersion{4, 16}},
       .parameters = {0}},
      {.name = "listener",
       .title = "TSYNC|TSYNC_ESRCH|NEW_LISTENER returns a listener that siblings' calls are asked from",
       .why = "A supervisor that hears only one thread lets the others' calls hang or fail.",
       .source = "seccomp(2), SECCOMP_FILTER_FLAG_TSYNC_ESRCH",
       .also = "kselftest: user_notification_with_tsync",
       .run = the_listener_hears_siblings,
       .needs = {.since = KernelVersion{5, 7}}},
      {.name = "listener-without-esrch",
       .title = "TSYNC|NEW_LISTENER without TSYNC_ESRCH is EINVAL, and nothing is loaded",
       .why =
           "A positive result could be a thread or a descriptor; a program that guesses wrong closes what is not its own.",
       .source = "seccomp(2), ERRORS, EINVAL; kernel/seccomp.c, seccomp_set_mode_filter",
       .also = "kselftest: user_notification_with_tsync",
       .run = a_listener_needs_esrch},
      {.name = "esrch-unknown",
       .title = "TSYNC_ESRCH is an unknown flag, EINVAL, before Linux 5.7",
       .why = "A program learns from it that it must do without, instead of taking a thread's ID for a listener.",
       .source = "seccomp(2), ERRORS, EINVAL",
       .run = esrch_is_unknown,
       .needs = {.until = KernelVersion{5, 6}}},
  };
}

}  // namespace

std::vector<Case> tsync_cases() {
  std::vector<Scenario> scenarios;
  add_flags(scenarios);
  for (auto part : {who_takes_it(), what_comes_along(), tsync_refused_scenarios()})
    std::ranges::move(part, std::back_inserter(scenarios));
  return topic("tsync", std::move(scenarios));
}

}  // namespace sandgauge
