// ERRNO: the values, who wins, and that the call does not run.
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "conformance/scenario.h"
#include "conformance/topics.h"

namespace sandgauge {
namespace {

constexpr std::int64_t kHighestErrno = 4095;  // MAX_ERRNO, linux/err.h

std::uint32_t errno_answer(std::int64_t value) { return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(value); }

std::int64_t path_result(const char* path) {
  return raw_syscall(SYS_faccessat, AT_FDCWD, reinterpret_cast<std::intptr_t>(path), F_OK);
}

/// Parameters: the data, and the errno that it gives.
void gives(Stage& stage) {
  stage.load(Filter::answer(SYS_getppid, errno_answer(stage.parameter(0))));
  stage.equal("the result of the call", -stage.parameter(1), raw_syscall(SYS_getppid));
  stage.equal("its result the second time", -stage.parameter(1), raw_syscall(SYS_getppid));
}

void c_library_sees_it(Stage& stage) {
  stage.load(Filter::answer(SYS_getppid, errno_answer(EPERM)));
  errno = 0;
  stage.equal("syscall(3)", -1, ::syscall(SYS_getppid));
  stage.equal("errno", EPERM, errno);
}

void success_leaves_errno(Stage& stage) {
  stage.load(Filter::answer(SYS_getppid, errno_answer(0)));
  errno = ENOTNAM;
  stage.equal("syscall(3)", 0, ::syscall(SYS_getppid));
  stage.equal("errno", ENOTNAM, errno);
}

/// Parameter: the data.
void call_does_not_run(Stage& stage) {
  constexpr const char* kDirectory = "made-by-the-call";
  stage.load(Filter::answer(SYS_mkdirat, errno_answer(stage.parameter(0))));
  stage.equal("mkdirat(2)", -stage.parameter(0),
              raw_syscall(SYS_mkdirat, AT_FDCWD, reinterpret_cast<std::intptr_t>(kDirectory), 0700));
  stage.fails_with("looking for the directory", ENOENT, path_result(kDirectory));
}

void other_calls_run(Stage& stage) {
  const std::int64_t parent = raw_syscall(SYS_getppid);
  stage.load(Filter::answer(SYS_getuid, errno_answer(EPERM)));
  stage.fails_with("getuid(2)", EPERM, raw_syscall(SYS_getuid));
  stage.equal("getppid(2)", parent, raw_syscall(SYS_getppid));
}

void exit_comes_back(Stage& stage) {
  stage.load(Filter::answer(SYS_exit_group, errno_answer(EPERM)));
  const int status = stage.child([&] {
    stage.fails_with("exit_group(2)", EPERM, raw_syscall(SYS_exit_group, 0));
    raw_syscall(SYS_exit, 6);
  });
  stage.exited("the process, by exit(2)", 6, status);
}

void bad_pointers_are_not_looked_at(Stage& stage) {
  stage.load(Filter::answer(SYS_mkdirat, errno_answer(EPERM)));
  stage.fails_with("mkdirat(2) with a bad pointer", EPERM, raw_syscall(SYS_mkdirat, AT_FDCWD, -4096, 0700));
}

/// Parameters: the data of the filters in the order of their loading, 0 behind the last.
void last_filter_wins(Stage& stage) {
  for (std::size_t i = 0; stage.parameter(i) != 0; ++i) {
    stage.load(Filter::answer(SYS_getppid, errno_answer(stage.parameter(i))));
    stage.equal("the errno when this filter came last", stage.parameter(i), -raw_syscall(SYS_getppid));
  }
}

void last_filter_wins_with_0(Stage& stage) {
  stage.load(Filter::answer(SYS_getppid, errno_answer(EPERM)));
  stage.fails_with("getppid(2) under ERRNO(EPERM)", EPERM, raw_syscall(SYS_getppid));
  stage.load(Filter::answer(SYS_getppid, errno_answer(0)));
  stage.equal("getppid(2) under ERRNO(0) too", 0, raw_syscall(SYS_getppid));
}

void last_filter_wins_in_a_child(Stage& stage) {
  stage.load(Filter::answer(SYS_getppid, errno_answer(EPERM)));
  const int status = stage.child([&] {
    stage.load(Filter::answer(SYS_getppid, errno_answer(EACCES)));
    stage.fails_with("getppid(2) in the child, with a filter of its own", EACCES, raw_syscall(SYS_getppid));
  });
  stage.exited("the child", 0, status);
  stage.fails_with("getppid(2) in the parent", EPERM, raw_syscall(SYS_getppid));
}

Scenario value(std::string name, std::int64_t data, std::int64_t result, std::string title, std::string also = {}) {
  return {.name = std::move(name),
          .title = std::move(title),
          .why = "A caller that gets another errno takes another way: a retry, a crash, or a wrong success.",
          .source = result == data ? "seccomp(2), SECCOMP_RET_ERRNO" : "kernel/seccomp.c, __seccomp_filter (MAX_ERRNO)",
          .also = std::move(also),
          .run = gives,
          .parameters = {data, result}};
}

Scenario order(std::string name, std::vector<std::int64_t> data, std::string title) {
  data.push_back(0);
  return {.name = std::move(name),
          .title = std::move(title),
          .why = "A filter that is added to a running sandbox must be able to say how its calls fail.",
          .source = "seccomp(2), Return value of filters; kernel/seccomp.c, seccomp_run_filters",
          .also = "kselftest: ERRNO_order",
          .run = last_filter_wins,
          .parameters = std::move(data)};
}

std::vector<Scenario> values() {
  return {
      value("value-0", 0, 0, "ERRNO(0) makes the call return 0", "kselftest: ERRNO_zero"),
      value("value-1", EPERM, EPERM, "ERRNO(1) makes the call fail with EPERM",
            "kselftest: ERRNO_valid; gVisor: RetErrnoReturnsErrno; libseccomp: 20-live-basic_die"),
      value("value-38", ENOSYS, ENOSYS, "ERRNO(38) makes the call fail with ENOSYS, as if the kernel had no such call"),
      value("value-512", 512, 512, "ERRNO(512), a number that the kernel uses inside for restarts, comes out as it is"),
      value("value-4094", kHighestErrno - 1, kHighestErrno - 1, "ERRNO(4094) comes out as it is"),
      value("value-4095", kHighestErrno, kHighestErrno, "ERRNO(4095), the highest errno, comes out as it is"),
      value("value-4096", kHighestErrno + 1, kHighestErrno, "ERRNO(4096) is cut to 4095", "kselftest: ERRNO_capped"),
      value("value-65535", 0xFFFF, kHighestErrno, "ERRNO(65535) is cut to 4095"),
  };
}

std::vector<Scenario> orders() {
  return {
      order("last-is-higher", {EPERM, EACCES},
            "Of two ERRNO filters the one loaded last gives the errno: EPERM, then EACCES"),
      order("last-is-lower", {EACCES, EPERM},
            "Of two ERRNO filters the one loaded last gives the errno: EACCES, then EPERM"),
      order("last-of-four", {12, 3, 500, 7}, "Of four ERRNO filters the one loaded last gives the errno"),
      {.name = "last-is-0",
       .title = "ERRNO(0) loaded last wins over ERRNO(EPERM): the call returns 0",
       .why = "The filters of one action are not ranked by their data: a later filter can turn a failure into a success.",
       .source = "kernel/seccomp.c, seccomp_run_filters",
       .run = last_filter_wins_with_0},
      {.name = "last-is-the-child",
       .title = "A child's later filter gives the child its errno, and leaves the parent with its own",
       .why = "Processes share the filters of their common past, and nothing that came later.",
       .source = "seccomp(2), Description (fork and clone)",
       .run = last_filter_wins_in_a_child},
  };
}

}  // namespace

std::vector<Case> errno_cases() {
  std::vector<Scenario> scenarios = values();
  for (auto part : {orders()}) scenarios.insert(scenarios.end(), part.begin(), part.end());
  scenarios.insert(scenarios.end(),
                   {{.name = "c-library",
                     .title = "ERRNO(EPERM) reaches a C program as -1 and errno EPERM",
                     .why = "Programs know failures by errno and must not tell this one from the kernel's own.",
                     .source = "seccomp(2), SECCOMP_RET_ERRNO; syscall(2)",
                     .run = c_library_sees_it},
                    {.name = "c-library-0",
                     .title = "ERRNO(0) reaches a C program as 0, with errno untouched",
                     .why = "A call that is faked must look like one that worked.",
                     .source = "seccomp(2), SECCOMP_RET_ERRNO; syscall(2)",
                     .run = success_leaves_errno},
                    {.name = "no-call-eperm",
                     .title = "ERRNO(EPERM) on mkdirat(2): no directory is made",
                     .why = "An errno for a call that has happened all the same would be no confinement.",
                     .source = "seccomp(2), SECCOMP_RET_ERRNO",
                     .run = call_does_not_run,
                     .parameters = {EPERM}},
                    {.name = "no-call-0",
                     .title = "ERRNO(0) on mkdirat(2): it seems to succeed, and no directory is made",
                     .why = "A faked success must not be a real one.",
                     .source = "seccomp(2), SECCOMP_RET_ERRNO",
                     .run = call_does_not_run,
                     .parameters = {0}},
                    {.name = "one-call-only",
                     .title = "ERRNO for one call leaves another one alone",
                     .why = "A filter that denies more than it says breaks programs.",
                     .source = "seccomp(2), SECCOMP_RET_ERRNO",
                     .run = other_calls_run},
                    {.name = "exit-group",
                     .title = "ERRNO on exit_group(2) makes it come back",
                     .why = "Code after a call that never returns runs then; C libraries fall back to exit(2) for this.",
                     .source = "seccomp(2), SECCOMP_RET_ERRNO",
                     .run = exit_comes_back},
                    {.name = "bad-pointer",
                     .title = "ERRNO(EPERM) comes before EFAULT for a bad pointer",
                     .why = "The answer falls before the call, so nothing of the call's own checks may be seen.",
                     .source = "seccomp(2), Description",
                     .run = bad_pointers_are_not_looked_at}});
  return topic("errno", std::move(scenarios));
}

}  // namespace sandgauge
