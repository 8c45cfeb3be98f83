// The lock of a mode once entered, and the older interface: prctl(2) with PR_SET_SECCOMP and PR_GET_SECCOMP.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>

#include "conformance/load_errors.h"
#include "conformance/privileges.h"
#include "conformance/proc_files.h"

namespace sandgauge {
namespace {

constexpr int kOwnEnd = 7;

std::int64_t address_of(const void* object) { return reinterpret_cast<std::intptr_t>(object); }

std::int64_t set_mode(std::int64_t mode, const void* args) {
  return raw_syscall(SYS_prctl, PR_SET_SECCOMP, mode, address_of(args));
}
std::int64_t get_mode() { return raw_syscall(SYS_prctl, PR_GET_SECCOMP); }

/// How the two interfaces enter strict mode.
std::int64_t enter_strict(bool by_prctl) {
  return by_prctl ? set_mode(SECCOMP_MODE_STRICT, nullptr) : raw_syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, 0);
}

void a_filtered_thread_cannot_become_strict(Stage& stage) {
  stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_ERRNO | EXDEV));
  stage.fails_with("entering strict mode", EINVAL, enter_strict(stage.parameter(0) != 0));
  stage.equal("the mode", SECCOMP_MODE_FILTER, get_mode());
  stage.fails_with("getppid, by the filter", EXDEV, raw_syscall(SYS_getppid));
}

void a_strict_thread_cannot_load_a_filter(Stage& stage) {
  require_strict_mode(stage);
  const bool by_prctl = stage.parameter(0) != 0;
  const Filter filter = Filter::always(SECCOMP_RET_ALLOW);
  const sock_fprog program{filter.length(), const_cast<sock_filter*>(filter.code())};
  stage.killed("the process", SIGKILL, stage.child([&] {
    stage.set_no_new_privs();
    stage.must("strict mode", enter_strict(by_prctl));
    by_prctl ? set_mode(SECCOMP_MODE_FILTER, &program) : stage.try_load(filter);
    stage.never("the load came back");
  }));
}

void a_strict_thread_cannot_enter_it_again(Stage& stage) {
  require_strict_mode(stage);
  stage.killed("the process", SIGKILL, stage.child([&] {
    stage.must("strict mode", enter_strict(stage.parameter(0) != 0));
    enter_strict(stage.parameter(0) != 0);
    stage.never("the call came back");
  }));
}

void a_filter_can_follow_a_filter(Stage& stage) {
  stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_ERRNO | EXDEV));
  stage.load(Filter::answer(SYS_getpgid, SECCOMP_RET_ERRNO | EDOM));
  stage.fails_with("getppid, by the first", EXDEV, raw_syscall(SYS_getppid));
  stage.fails_with("getpgid, by the second", EDOM, raw_syscall(SYS_getpgid));
}

void prctl_loads_a_filter(Stage& stage) {
  const Filter filter = Filter::answer(SYS_getppid, SECCOMP_RET_ERRNO | EXDEV);
  const sock_fprog program{filter.length(), const_cast<sock_filter*>(filter.code())};
  stage.set_no_new_privs();
  const std::int64_t before = filters_of_this_thread();
  stage.equal("prctl(PR_SET_SECCOMP)", 0, set_mode(SECCOMP_MODE_FILTER, &program));
  stage.equal("filters", before + 1, filters_of_this_thread());
  stage.fails_with("getppid", EXDEV, raw_syscall(SYS_getppid));
}

void prctl_of_a_null_program(Stage& stage) {
  stage.set_no_new_privs();
  stage.fails_with("prctl(PR_SET_SECCOMP)", EFAULT, set_mode(SECCOMP_MODE_FILTER, nullptr));
}

void prctl_of_a_bad_program(Stage& stage) {
  const Filter filter = Filter::of({BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 7), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)});
  const sock_fprog program{static_cast<unsigned short>(stage.parameter(0)), const_cast<sock_filter*>(filter.code())};
  stage.set_no_new_privs();
  stage.fails_with("prctl(PR_SET_SECCOMP)", EINVAL, set_mode(SECCOMP_MODE_FILTER, &program));
}

void prctl_of_an_unknown_mode(Stage& stage) {
  stage.set_no_new_privs();
  stage.fails_with("prctl(PR_SET_SECCOMP)", EINVAL, set_mode(stage.parameter(0), nullptr));
  stage.equal("the mode, as before", stage.host().outer_filters != 0 ? SECCOMP_MODE_FILTER : 0, get_mode());
}

/// In strict mode prctl itself kills, so the proof is that exit(2) works and getppid(2) kills.
void prctl_into_strict_mode_looks_at_no_program(Stage& stage) {
  require_strict_mode(stage);
  const auto* const nowhere = reinterpret_cast<const void*>(1);
  stage.exited("the process that only exits", kOwnEnd, stage.child([&] {
    stage.equal("prctl(PR_SET_SECCOMP)", 0, set_mode(SECCOMP_MODE_STRICT, nowhere));
    raw_syscall(SYS_exit, kOwnEnd);
  }));
  stage.killed("the process that asks for its parent", SIGKILL, stage.child([&] {
    set_mode(SECCOMP_MODE_STRICT, nowhere);
    raw_syscall(SYS_getppid);
    stage.never("getppid came back");
  }));
}

void the_mode_of_a_free_thread(Stage& stage) {
  if (stage.host().outer_filters != 0) stage.skip("this run is under a filter itself");
  stage.equal("prctl(PR_GET_SECCOMP)", SECCOMP_MODE_DISABLED, get_mode());
  stage.equal("Seccomp in /proc/self/status", SECCOMP_MODE_DISABLED, status_field("/proc/self/status", "Seccomp"));
}

void the_mode_of_a_filtered_thread(Stage& stage) {
  stage.load_as_it_is(Filter::always(SECCOMP_RET_ALLOW));
  stage.equal("prctl(PR_GET_SECCOMP)", SECCOMP_MODE_FILTER, get_mode());
  stage.equal("Seccomp in /proc/self/status", SECCOMP_MODE_FILTER, status_field("/proc/self/status", "Seccomp"));
}

void the_filter_may_deny_the_question(Stage& stage) {
  stage.load(Filter::answer(SYS_prctl, SECCOMP_RET_ERRNO | EXDEV));
  stage.fails_with("prctl(PR_GET_SECCOMP)", EXDEV, get_mode());
}

void a_strict_thread_dies_of_the_question(Stage& stage) {
  require_strict_mode(stage);
  stage.killed("the process", SIGKILL, stage.child([&] {
    stage.must("strict mode", enter_strict(true));
    get_mode();
    stage.never("prctl came back");
  }));
}

constexpr char kLockWhy[] = "Confined code that could change its mode could leave its confinement.";
constexpr char kLockSource[] = "seccomp(2), EINVAL; kernel/seccomp.c, seccomp_may_assign_mode";
constexpr char kStrictSource[] = "seccomp(2), SECCOMP_SET_MODE_STRICT; kernel/seccomp.c, __secure_computing_strict";
constexpr char kPrctlWhy[] = "Many programs still load their filters by it.";
constexpr char kPrctlSource[] = "PR_SET_SECCOMP(2const); kernel/seccomp.c, prctl_set_seccomp";
constexpr char kGetWhy[] = "Programs and their tests ask it whether they are confined.";
constexpr char kGetSource[] = "PR_GET_SECCOMP(2const); kernel/seccomp.c, prctl_get_seccomp";

}  // namespace

std::vector<Scenario> seccomp_mode_scenarios() {
  std::vector<Scenario> scenarios;
  const auto add = [&scenarios](std::string name, std::string title, const char* why, const char* source, const char* also,
                                void (*run)(Stage&), std::vector<std::int64_t> parameters = {}) {
    scenarios.push_back({.name = std::move(name),
                         .title = std::move(title),
                         .why = why,
                         .source = source,
                         .also = also,
                         .run = run,
                         .parameters = std::move(parameters)});
  };
  for (const bool by_prctl : {false, true}) {
    const char* const by = by_prctl ? "prctl" : "seccomp";
    const std::vector<std::int64_t> parameters = {by_prctl ? 1 : 0};
    add(fmt::format("mode-filter-to-strict-{}", by),
        fmt::format("{}(2): a filtered thread that wants strict mode: EINVAL", by), kLockWhy, kLockSource,
        "kselftest: seccomp_syscall_mode_lock", a_filtered_thread_cannot_become_strict, parameters);
    add(fmt::format("mode-strict-to-filter-{}", by), fmt::format("{}(2): a strict thread that loads a filter dies", by),
        kLockWhy, kStrictSource, "", a_strict_thread_cannot_load_a_filter, parameters);
    add(fmt::format("mode-strict-to-strict-{}", by), fmt::format("{}(2): a strict thread that wants strict mode dies", by),
        kLockWhy, kStrictSource, "", a_strict_thread_cannot_enter_it_again, parameters);
  }
  add("mode-filter-to-filter", "A filtered thread may load another filter, and both count",
      "Nested sandboxes are the point of stacked filters.", "seccomp(2), SECCOMP_SET_MODE_FILTER", "kselftest: precedence.*",
      a_filter_can_follow_a_filter);
  add("prctl-filter", "prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER) loads a filter", kPrctlWhy, kPrctlSource,
      "kselftest: ALLOW_all; LTP: prctl04", prctl_loads_a_filter);
  add("prctl-null", "prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) is EFAULT", kPrctlWhy, kPrctlSource,
      "kselftest: mode_filter_support", prctl_of_a_null_program);
  add("prctl-length-0", "prctl(PR_SET_SECCOMP) of a program of length 0 is EINVAL", kPrctlWhy, kPrctlSource,
      "kselftest: empty_prog", prctl_of_a_bad_program, {0});
  add("prctl-bad-program", "prctl(PR_SET_SECCOMP) of a program that is not valid is EINVAL", kPrctlWhy, kPrctlSource, "",
      prctl_of_a_bad_program, {2});
  for (const std::int64_t mode : {0, 3, -1})
    add(mode < 0 ? "prctl-mode-minus-one" : fmt::format("prctl-mode-{}", mode),
        fmt::format("prctl(PR_SET_SECCOMP, {}) is EINVAL", mode), "There is no way back to no confinement.", kPrctlSource,
        "", prctl_of_an_unknown_mode, {mode});
  add("prctl-strict", "prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) takes no notice of its next argument", kPrctlWhy,
      "kernel/seccomp.c, prctl_set_seccomp", "", prctl_into_strict_mode_looks_at_no_program);
  add("prctl-get-free", "prctl(PR_GET_SECCOMP) of a thread without seccomp is 0", kGetWhy, kGetSource,
      "kselftest: mode_filter_get_seccomp", the_mode_of_a_free_thread);
  add("prctl-get-filtered", "prctl(PR_GET_SECCOMP) of a filtered thread is 2", kGetWhy, kGetSource,
      "kselftest: mode_filter_get_seccomp", the_mode_of_a_filtered_thread);
  add("prctl-get-denied", "prctl(PR_GET_SECCOMP) is a call like others to the filter", kGetWhy, kGetSource, "",
      the_filter_may_deny_the_question);
  add("prctl-get-strict", "prctl(PR_GET_SECCOMP) of a thread in strict mode kills it", kGetWhy, kGetSource,
      "kselftest: mode_strict_cannot_call_prctl; LTP: prctl04", a_strict_thread_dies_of_the_question);
  return scenarios;
}

}  // namespace sandgauge
