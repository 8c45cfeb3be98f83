// What /proc/PID/status and prctl(PR_GET_SECCOMP) tell of a process.
#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "conformance/introspection.h"
#include "conformance/tracee.h"

namespace sandgauge {
namespace {

constexpr std::int64_t kNoLine = -1;

/// The number behind `field`, as in "\nSeccomp:", in a file of /proc.
std::int64_t status_field(Stage& stage, const char* path, const char* field) {
  char text[8192] = {};
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) stage.broken("opening a status file", errno);
  std::size_t length = 0;
  for (ssize_t got = 1; got > 0 && length < sizeof text - 1; length += static_cast<std::size_t>(got)) {
    got = ::read(fd, text + length, sizeof text - 1 - length);
    if (got < 0) stage.broken("reading a status file", errno);
  }
  ::close(fd);
  const char* line = std::strstr(text, field);
  return line == nullptr ? kNoLine : std::strtoll(line + std::strlen(field), nullptr, 10);
}

/// "Seccomp" and "Seccomp_filters" of a process or thread, against what they were before.
void check_status(Stage& stage, const char* path, std::int64_t mode, std::int64_t filters) {
  stage.equal("Seccomp", mode, status_field(stage, path, "\nSeccomp:"));
  stage.equal("Seccomp_filters", filters, status_field(stage, path, "\nSeccomp_filters:"));
}

constexpr const char* kSelf = "/proc/self/status";

/// How many filters are around this process already; 0 nearly always.
std::int64_t filters_before(Stage& stage) { return status_field(stage, kSelf, "\nSeccomp_filters:"); }

void none(Stage& stage) {
  if (stage.host().outer_filters != 0) stage.skip("this process is under a filter already");
  check_status(stage, kSelf, SECCOMP_MODE_DISABLED, 0);
}

void filters_are_counted(Stage& stage) {
  const std::int64_t before = filters_before(stage);
  for (int count = 1; count <= 3; ++count) {
    stage.load_as_it_is(Filter::always(SECCOMP_RET_ALLOW));
    check_status(stage, kSelf, SECCOMP_MODE_FILTER, before + count);
  }
}

void seen_from_outside(Stage& stage) {
  const std::int64_t before = filters_before(stage);
  StartGate ready(stage);
  StartGate go(stage);
  const pid_t child = stage.start_child([&] {
    stage.load_as_it_is(Filter::always(SECCOMP_RET_ALLOW));
    ready.open();
    go.wait();
  });
  ready.wait();
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/status", child);
  check_status(stage, path, SECCOMP_MODE_FILTER, before + 1);
  stage.equal("Seccomp_filters of its parent", before, filters_before(stage));
  go.open();
  stage.exited("the child", 0, stage.wait_for(child));
}

void strict_mode(Stage& stage) {
  if (stage.host().outer_filters != 0) stage.skip("this process is under a filter already");
  StartGate ready(stage);
  int go[2];
  if (::pipe2(go, O_CLOEXEC) != 0) stage.broken("pipe2", errno);
  const pid_t child = stage.start_child([&] {
    ::close(go[1]);
    stage.must("seccomp(SECCOMP_SET_MODE_STRICT)", raw_syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, 0));
    ready.say();
    char byte = 0;
    raw_syscall(SYS_read, go[0], reinterpret_cast<std::intptr_t>(&byte), 1);
    raw_syscall(SYS_exit, 8);
  });
  ready.wait();
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/status", child);
  check_status(stage, path, SECCOMP_MODE_STRICT, 0);
  ::close(go[1]);
  stage.exited("the child", 8, stage.wait_for(child));
}

struct Worker {
  Stage* stage;
  std::int64_t before;
};

void* load_in_worker(void* argument) {
  const auto& [stage, before] = *static_cast<Worker*>(argument);
  stage->load_as_it_is(Filter::always(SECCOMP_RET_ALLOW));
  check_status(*stage, "/proc/thread-self/status", SECCOMP_MODE_FILTER, before + 1);
  stage->equal("Seccomp_filters of the first thread", before, status_field(*stage, kSelf, "\nSeccomp_filters:"));
  return nullptr;
}

void each_thread_has_its_own(Stage& stage) {
  Worker worker{&stage, filters_before(stage)};
  pthread_t thread{};
  stage.must("pthread_create", -pthread_create(&thread, nullptr, load_in_worker, &worker));
  stage.must("pthread_join", -pthread_join(thread, nullptr));
  stage.equal("Seccomp_filters after the worker's end", worker.before, filters_before(stage));
}

void inherited(Stage& stage) {
  const std::int64_t before = filters_before(stage);
  stage.load_as_it_is(Filter::always(SECCOMP_RET_ALLOW));
  const int status = stage.child([&] {
    check_status(stage, kSelf, SECCOMP_MODE_FILTER, before + 1);
    stage.load_as_it_is(Filter::always(SECCOMP_RET_ALLOW));
    check_status(stage, kSelf, SECCOMP_MODE_FILTER, before + 2);
  });
  stage.exited("the child", 0, status);
  check_status(stage, kSelf, SECCOMP_MODE_FILTER, before + 1);
}

void refused_filters_do_not_count(Stage& stage) {
  const std::int64_t before = filters_before(stage);
  stage.set_no_new_privs();
  stage.fails_with("loading a filter without a RET", EINVAL, stage.try_load(Filter::of({BPF_STMT(BPF_LD | BPF_IMM, 0)})));
  stage.equal("Seccomp_filters", before, filters_before(stage));
}

void prctl_mode(Stage& stage) {
  if (stage.host().outer_filters == 0)
    stage.equal("prctl(PR_GET_SECCOMP) without a filter", SECCOMP_MODE_DISABLED, raw_syscall(SYS_prctl, PR_GET_SECCOMP));
  stage.load_as_it_is(Filter::always(SECCOMP_RET_ALLOW));
  stage.equal("prctl(PR_GET_SECCOMP) under a filter", SECCOMP_MODE_FILTER, raw_syscall(SYS_prctl, PR_GET_SECCOMP));
}

void prctl_in_strict_mode(Stage& stage) {
  if (stage.host().outer_filters != 0) stage.skip("this process is under a filter already");
  const int status = stage.child([&] {
    stage.must("seccomp(SECCOMP_SET_MODE_STRICT)", raw_syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, 0));
    raw_syscall(SYS_prctl, PR_GET_SECCOMP);
    stage.never("prctl(2) came back");
  });
  stage.killed("the process that asked", SIGKILL, status);
}

void prctl_denied(Stage& stage) {
  stage.load(Filter::answer(SYS_prctl, SECCOMP_RET_ERRNO | EACCES));
  stage.fails_with("prctl(PR_GET_SECCOMP)", EACCES, raw_syscall(SYS_prctl, PR_GET_SECCOMP));
}

}  // namespace

std::vector<Scenario> status_scenarios() {
  const std::string source = "proc(5), /proc/pid/status: Seccomp, Seccomp_filters; fs/proc/array.c, task_seccomp";
  const std::string of_prctl = "prctl(2), PR_GET_SECCOMP";
  return {
      {.name = "status-none",
       .title = "A process without a filter has Seccomp 0 and Seccomp_filters 0",
       .why = "Operators look here to see whether a service is confined at all.",
       .source = source,
       .run = none},
      {.name = "status-count",
       .title = "A process under N filters has Seccomp 2 and Seccomp_filters N",
       .why = "Operators look here to see whether a service is confined at all, and by how many layers.",
       .source = source,
       .also = "runc (Seccomp: 2)",
       .run = filters_are_counted},
      {.name = "status-outside",
       .title = "Another process reads the same, and the filter of a child is not its parent's",
       .why = "Monitoring reads it from outside.",
       .source = source,
       .run = seen_from_outside},
      {.name = "status-strict",
       .title = "A process in strict mode has Seccomp 1 and Seccomp_filters 0",
       .why = "Strict mode is no filter, and monitoring must tell them apart.",
       .source = source,
       .run = strict_mode},
      {.name = "status-thread",
       .title = "Each thread has numbers of its own: a filter loaded by a worker does not show in the first thread",
       .why = "The process's status is the first thread's, and may hide threads that are not confined alike.",
       .source = source,
       .run = each_thread_has_its_own},
      {.name = "status-fork",
       .title = "A child begins with the count of its parent, and counts on alone",
       .why = "Inherited filters confine as much as own ones, and must show.",
       .source = source,
       .run = inherited},
      {.name = "status-refused",
       .title = "A filter that is refused does not count",
       .why = "A count that is too high feigns a confinement that is not there.",
       .source = source,
       .run = refused_filters_do_not_count},
      {.name = "prctl",
       .title = "prctl(PR_GET_SECCOMP) gives 0 without and 2 under a filter",
       .why = "Programs ask it to learn whether they are confined.",
       .source = of_prctl,
       .run = prctl_mode},
      {.name = "prctl-strict",
       .title = "prctl(PR_GET_SECCOMP) in strict mode kills whoever asks by SIGKILL",
       .why = "Asking is itself a call that strict mode does not allow.",
       .source = of_prctl,
       .run = prctl_in_strict_mode},
      {.name = "prctl-denied",
       .title = "prctl(PR_GET_SECCOMP) is filtered like any call",
       .why = "A program's own question must not go round its filter.",
       .source = of_prctl,
       .run = prctl_denied},
  };
}

}  // namespace sandgauge
