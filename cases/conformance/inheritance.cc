// Who is under a filter: children and threads of those that are, and nobody else. What execve(2) keeps is in
// inheritance_exec.cc.
#include "conformance/inheritance.h"

#include <linux/sched.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iterator>

#include "conformance/asked_listener.h"
#include "conformance/privileges.h"
#include "conformance/proc_files.h"
#include "conformance/sibling.h"
#include "conformance/topics.h"
#include "conformance/worker.h"

namespace sandgauge {
namespace {

constexpr const char* kStatus = "/proc/thread-self/status";

Filter denied(long number, int error) {
  return Filter::answer(static_cast<std::uint32_t>(number), SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error));
}

void load_denial(Stage& stage) { stage.load(denied(SYS_getppid, EXDEV)); }

void check_denial(Stage& stage, std::string_view who) { stage.fails_with(who, EXDEV, raw_syscall(SYS_getppid)); }

void a_fork_has_it(Stage& stage) {
  load_denial(stage);
  stage.exited("the child", 0, stage.child([&] { check_denial(stage, "getppid in a child"); }));
}

void a_grandchild_has_it(Stage& stage) {
  load_denial(stage);
  stage.exited("the child", 0, stage.child([&] {
    stage.exited("the grandchild", 0, stage.child([&] { check_denial(stage, "getppid in a grandchild"); }));
  }));
}

void a_vfork_has_it(Stage& stage) {
  load_denial(stage);
  volatile std::int64_t result = 0;
  const pid_t child = ::vfork();
  if (child == 0) {
    result = raw_syscall(SYS_getppid);
    raw_syscall(SYS_exit_group, 0);
  }
  stage.must("vfork", child < 0 ? -errno : child);
  stage.exited("the child", 0, stage.wait_for(child));
  stage.fails_with("getppid in it", EXDEV, result);
}

struct CloneResult {
  std::int64_t result;
};

int call_in_clone(void* argument) {
  static_cast<CloneResult*>(argument)->result = raw_syscall(SYS_getppid);
  return 0;
}

/// Parameter 0: flags of clone(2).
void a_clone_has_it(Stage& stage) {
  alignas(16) static char stack[64 * 1024];
  static CloneResult shared;  // with CLONE_VM
  load_denial(stage);
  const pid_t child =
      ::clone(call_in_clone, stack + sizeof stack, static_cast<int>(stage.parameter(0)) | CLONE_VM | SIGCHLD, &shared);
  if (child < 0 && errno == EPERM) stage.skip("this machine lets nobody make the namespace");
  stage.must("clone", child < 0 ? -errno : child);
  stage.exited("the child", 0, stage.wait_for(child));
  stage.fails_with("getppid in it", EXDEV, shared.result);
}

void a_clone3_has_it(Stage& stage) {
  load_denial(stage);
  clone_args arguments{};
  arguments.exit_signal = SIGCHLD;
  const std::int64_t child = raw_syscall(SYS_clone3, reinterpret_cast<std::intptr_t>(&arguments), sizeof arguments);
  if (child == -ENOSYS) stage.skip("a filter around this run, or this kernel, has no clone3(2)");
  if (child == 0) {
    check_denial(stage, "getppid in a child by clone3");
    stage.end(0);
  }
  stage.must("clone3", child);
  stage.exited("the child", 0, stage.wait_for(static_cast<pid_t>(child)));
}

void a_new_thread_has_it(Stage& stage) {
  load_denial(stage);
  Sibling sibling(stage);
  stage.fails_with("getppid in a new thread", EXDEV, sibling.call(SYS_getppid));
}

void a_user_namespace_keeps_it(Stage& stage) {
  load_denial(stage);
  stage.exited("the child", 0, stage.child([&] {
    if (::unshare(CLONE_NEWUSER) != 0) stage.skip("this machine lets nobody make a user namespace here");
    check_denial(stage, "getppid after unshare(CLONE_NEWUSER)");
  }));
}

void an_orphan_has_it(Stage& stage) {
  load_denial(stage);
  Pipe alive(stage);
  Pipe report(stage);
  stage.exited("the child", 0, stage.child([&] {
    stage.start_child([&] {
      report.out.reset();
      alive.in.reset();
      heard(alive.out.get());  // false: the child, which had the other end, is gone
      check_denial(stage, "getppid in an orphan");
      say(report.in.get());
    });
  }));
  alive.in.reset();
  report.in.reset();
  stage.holds("the orphan made its call", heard(report.out.get()));
}

void it_outlives_who_loaded_it(Stage& stage) {
  Pipe alive(stage);
  Pipe report(stage);
  stage.exited("the process that loaded it", 0, stage.child([&] {
    load_denial(stage);
    stage.start_child([&] {
      report.out.reset();
      alive.in.reset();
      heard(alive.out.get());
      check_denial(stage, "getppid when its parent is gone");
      say(report.in.get());
    });
  }));
  alive.in.reset();
  report.in.reset();
  stage.holds("the child made its call", heard(report.out.get()));
}

void a_childs_filter_is_its_own(Stage& stage) {
  const std::int64_t parent = raw_syscall(SYS_getppid);
  stage.exited("the child", 0, stage.child([&] {
    load_denial(stage);
    check_denial(stage, "getppid in the child");
  }));
  stage.equal("getppid in the parent", parent, raw_syscall(SYS_getppid));
}

void a_threads_filter_is_its_own(Stage& stage) {
  const std::int64_t parent = raw_syscall(SYS_getppid);
  Sibling sibling(stage);
  sibling.run([&] {
    load_denial(stage);
    check_denial(stage, "getppid in the thread that loaded it");
  });
  stage.equal("getppid in the other", parent, raw_syscall(SYS_getppid));
}

void a_vm_sharing_childs_filter_is_its_own(Stage& stage) {
  alignas(16) static char stack[64 * 1024];
  static Stage* shared = nullptr;
  shared = &stage;
  const std::int64_t parent = raw_syscall(SYS_getppid);
  const auto body = [](void*) {
    load_denial(*shared);
    check_denial(*shared, "getppid in the child");
    return 0;
  };
  const pid_t child =
      ::clone(body, stack + sizeof stack, CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_VFORK | SIGCHLD, nullptr);
  stage.must("clone", child < 0 ? -errno : child);
  stage.exited("the child", 0, stage.wait_for(child));
  stage.equal("getppid in the parent", parent, raw_syscall(SYS_getppid));
}

void a_later_filter_is_not_the_childs(Stage& stage) {
  Pipe loaded(stage);
  const std::int64_t self = raw_syscall(SYS_getpid);
  const pid_t child = stage.start_child([&] {
    heard(loaded.out.get());
    stage.equal("getppid in the child", self, raw_syscall(SYS_getppid));
  });
  load_denial(stage);
  check_denial(stage, "getppid in the parent");
  say(loaded.in.get());
  stage.exited("the child", 0, stage.wait_for(child));
}

void both_filters_answer(Stage& stage) {
  stage.load(denied(SYS_getppid, EXDEV));
  stage.exited("the child", 0, stage.child([&] {
    stage.load(denied(SYS_getuid, EUSERS));
    stage.fails_with("getppid in the child, of its parent's filter", EXDEV, raw_syscall(SYS_getppid));
    stage.fails_with("getuid in the child, of its own", EUSERS, raw_syscall(SYS_getuid));
  }));
}

void a_child_cannot_loosen_it(Stage& stage) {
  load_denial(stage);
  stage.exited("the child", 0, stage.child([&] {
    stage.load_as_it_is(Filter::always(SECCOMP_RET_ALLOW));
    check_denial(stage, "getppid in a child that has allowed everything");
  }));
}

void the_mode_is_two(Stage& stage) {
  stage.load_as_it_is(Filter::always(SECCOMP_RET_ALLOW));
  stage.equal("Seccomp of the process", 2, status_field(kStatus, "Seccomp"));
  stage.equal("prctl(PR_GET_SECCOMP)", 2, raw_syscall(SYS_prctl, PR_GET_SECCOMP));
  stage.exited("the child", 0, stage.child([&] {
    stage.equal("Seccomp of its child", 2, status_field(kStatus, "Seccomp"));
    stage.equal("prctl(PR_GET_SECCOMP) in it", 2, raw_syscall(SYS_prctl, PR_GET_SECCOMP));
  }));
}

/// Parameter 0: how many.
void filters_are_counted(Stage& stage) {
  const std::int64_t before = filters_of_this_thread();
  for (std::int64_t i = 0; i < stage.parameter(0); ++i) stage.load_as_it_is(Filter::always(SECCOMP_RET_ALLOW));
  const std::int64_t expected = before + stage.parameter(0);
  stage.equal("Seccomp_filters of the process", expected, filters_of_this_thread());
  stage.exited("the child", 0, stage.child([&] {
    stage.equal("Seccomp_filters of its child", expected, filters_of_this_thread());
    stage.load_as_it_is(Filter::always(SECCOMP_RET_ALLOW));
    stage.equal("Seccomp_filters of the child with one of its own", expected + 1, filters_of_this_thread());
  }));
  stage.equal("Seccomp_filters of the process after that", expected, filters_of_this_thread());
}

void threads_are_counted_apart(Stage& stage) {
  const std::int64_t before = filters_of_this_thread();
  Sibling sibling(stage);
  std::int64_t of_sibling = 0;
  sibling.run([&] {
    stage.load_as_it_is(Filter::always(SECCOMP_RET_ALLOW));
    of_sibling = filters_of_this_thread();
  });
  stage.equal("Seccomp_filters of the thread that loaded one", before + 1, of_sibling);
  stage.equal("Seccomp_filters of the other", before, filters_of_this_thread());
}

void no_new_privs_is_inherited(Stage& stage) {
  require_no_new_privs_unset(stage);
  stage.equal("NoNewPrivs before", 0, status_field(kStatus, "NoNewPrivs"));
  stage.set_no_new_privs();
  stage.exited("the child", 0,
               stage.child([&] { stage.equal("NoNewPrivs of a child", 1, status_field(kStatus, "NoNewPrivs")); }));
  Sibling sibling(stage);
  stage.equal("no_new_privs of a new thread", 1, sibling.call(SYS_prctl, PR_GET_NO_NEW_PRIVS));
}

struct Kept {
  std::string_view name;
  std::string_view title;
  void (*run)(Stage&);
  std::string_view also = "";
  std::vector<std::int64_t> parameters = {};
  std::optional<KernelVersion> since = std::nullopt;
};

void add_kept(std::vector<Scenario>& scenarios) {
  const std::string also = "kselftest: KILL_process; gVisor: FiltersPreservedAcrossForkAndExecve";
  const Kept kept[] = {
      {"fork", "A child by fork(2) is under its parent's filter", a_fork_has_it, also},
      {"grandchild", "A grandchild is under the filter", a_grandchild_has_it},
      {"vfork", "A child by vfork(2) is under its parent's filter", a_vfork_has_it},
      {"clone-vm", "A child by clone(CLONE_VM) is under its parent's filter", a_clone_has_it, "", {0}},
      {"clone-files",
       "A child that shares memory, files and signal handlers is under the filter",
       a_clone_has_it,
       "",
       {CLONE_FILES | CLONE_FS | CLONE_SIGHAND}},
      {"clone-newuser", "A child in a new user namespace is under the filter", a_clone_has_it, "", {CLONE_NEWUSER}},
      {"clone3", "A child by clone3(2) is under its parent's filter", a_clone3_has_it, "", {}, KernelVersion{5, 3}},
      {"thread", "A new thread is under the filter of the one that started it", a_new_thread_has_it,
       "gVisor: RetKillOnlyKillsOneThread"},
      {"unshare-user", "A process that moves to a new user namespace, where it may do all, keeps the filter",
       a_user_namespace_keeps_it},
      {"orphan", "An orphan is under the filter of its grandparent", an_orphan_has_it},
      {"loader-gone", "A child is under the filter when its parent, who loaded it, is gone", it_outlives_who_loaded_it},
  };
  for (const Kept& row : kept)
    scenarios.push_back({.name = std::string(row.name),
                         .title = std::string(row.title),
                         .why = "A program that could leave its sandbox by making a child would have no sandbox.",
                         .source = "seccomp(2), SECCOMP_SET_MODE_FILTER; kernel/fork.c, copy_seccomp",
                         .also = std::string(row.also),
                         .run = row.run,
                         .needs = {.since = row.since},
                         .parameters = row.parameters});
}

std::vector<Scenario> of_own() {
  const std::string source = "seccomp(2), SECCOMP_SET_MODE_FILTER; kernel/seccomp.c, seccomp_attach_filter";
  const std::string why = "A supervisor that confines its children must not confine itself by their filters.";
  return {
      {.name = "childs-own",
       .title = "A child's new filter does not affect its parent",
       .why = why,
       .source = source,
       .run = a_childs_filter_is_its_own},
      {.name = "childs-own-shared-memory",
       .title = "A new filter of a child that shares memory and files does not affect its parent",
       .why = why,
       .source = source,
       .run = a_vm_sharing_childs_filter_is_its_own},
      {.name = "threads-own",
       .title = "A thread's new filter does not affect the thread that started it",
       .why = "Without TSYNC a filter is for one thread, as its documentation says.",
       .source = source,
       .run = a_threads_filter_is_its_own},
      {.name = "parents-later",
       .title = "A filter that the parent loads after fork(2) does not affect the child",
       .why = "A helper that was started before is trusted to do what its parent no longer may.",
       .source = source,
       .run = a_later_filter_is_not_the_childs},
      {.name = "both",
       .title = "A child with a new filter is under its parent's filter and its own",
       .why = "Sandboxes are nested: a browser's in a container's.",
       .source = source,
       .run = both_filters_answer},
      {.name = "not-loosened",
       .title = "A child that loads a filter which allows everything is denied what its parent's denies",
       .why = "A filter could otherwise be undone by loading another.",
       .source = "seccomp(2), SECCOMP_SET_MODE_FILTER (return value precedence)",
       .run = a_child_cannot_loosen_it},
  };
}

std::vector<Scenario> of_status() {
  std::vector<Scenario> scenarios = {
      {.name = "mode",
       .title = "Seccomp of /proc/PID/status and PR_GET_SECCOMP are 2 in who loaded a filter and in his child",
       .why = "Operators and tools ask there whether a program is confined.",
       .source = "proc(5), /proc/pid/status; prctl(2), PR_GET_SECCOMP",
       .run = the_mode_is_two},
      {.name = "count-threads",
       .title = "Seccomp_filters of two threads are counted apart",
       .why = "A thread that stayed outside of the sandbox must show.",
       .source = "proc(5), /proc/pid/status",
       .run = threads_are_counted_apart,
       .needs = {.since = KernelVersion{5, 9}}},
      {.name = "no-new-privs",
       .title = "Children and threads have NO_NEW_PRIVS from who set it",
       .why = "A child without it could become root under a filter that its parent chose.",
       .source = "prctl(2), PR_SET_NO_NEW_PRIVS; Documentation/userspace-api/no_new_privs.rst",
       .run = no_new_privs_is_inherited},
  };
  for (const int count : {1, 2, 5})
    scenarios.push_back(
        {.name = fmt::format("count-{}", count),
         .title = fmt::format("Seccomp_filters is {} more after {} loads, in the process and its child", count, count),
         .why = "It tells a container's own filter from those that its program added.",
         .source = "proc(5), /proc/pid/status; kernel/seccomp.c, seccomp_attach_filter",
         .run = filters_are_counted,
         .needs = {.since = KernelVersion{5, 9}},
         .parameters = {count}});
  return scenarios;
}

}  // namespace

std::vector<Case> inheritance_cases() {
  std::vector<Scenario> scenarios;
  add_kept(scenarios);
  for (auto part : {of_own(), inheritance_exec_scenarios(), of_status()})
    std::ranges::move(part, std::back_inserter(scenarios));
  return topic("inheritance", std::move(scenarios));
}

}  // namespace sandgauge
