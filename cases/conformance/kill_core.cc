// The core bit of the wait status, which a supervisor sees beside SIGSYS.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "conformance/kill.h"
#include "conformance/worker.h"

namespace sandgauge {
namespace {

constexpr int kCoreBit = 0x80;
constexpr std::int64_t kUnknownAction = 0x00010000;

/// The raw wait status of a child after waitid(2) told its si_code.
int status_and_code(Stage& stage, pid_t child, int& code) {
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) != 0)
    if (errno != EINTR) stage.broken("waitid", errno);
  code = info.si_code;
  return stage.wait_for(child);
}

void check_end_of_caller(Stage& stage, bool core) {
  const pid_t child = stage.start_child([&] {
    raw_syscall(SYS_getppid);
    stage.never("the call came back");
  });
  int code = 0;
  const int status = status_and_code(stage, child, code);
  stage.equal_hex("the raw wait status", SIGSYS | (core ? kCoreBit : 0), static_cast<unsigned>(status));
  // Before 5.17 waitid(2) with WNOWAIT told of the last thread, which KILL ends as if by itself, and not of the process.
  const bool tells_of_the_process = stage.kernel_since(5, 17) || stage.parameter(0) != SECCOMP_RET_KILL_THREAD;
  stage.equal("si_code of waitid(2): CLD_KILLED 2, CLD_DUMPED 3", core && tells_of_the_process ? CLD_DUMPED : CLD_KILLED,
              code);
}

void load_killer(Stage& stage) {
  const std::int64_t action = stage.parameter(0);
  const Filter filter = Filter::answer(SYS_getppid, static_cast<std::uint32_t>(action));
  // No case can tell an unknown action from KILL_PROCESS, which it acts as.
  action == kUnknownAction ? stage.load_as_it_is(filter) : stage.load(filter);
  if (action == SECCOMP_RET_KILL_THREAD)
    stage.exited("a process whose worker made the call", 9, end_after_call_in_worker(stage, 9, SYS_getppid));
}

/// So that the core files of this process and its children have headers only.
void shrink_core_files(Stage& stage) {
  const int fd = ::open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
  if (fd < 0 || ::write(fd, "0", 1) != 1) stage.broken("writing /proc/self/coredump_filter", errno);
  ::close(fd);
}

/// Skips where a crash of any other kind leaves no core file in the case's own directory.
void need_core_files(Stage& stage) {
  char pattern[256] = {};
  const int fd = ::open("/proc/sys/kernel/core_pattern", O_RDONLY | O_CLOEXEC);
  if (fd >= 0 && ::read(fd, pattern, sizeof pattern - 1) < 0) stage.broken("reading the core pattern", errno);
  ::close(fd);
  if (std::strchr(pattern, '/') != nullptr) stage.skip("core files would go outside the directory of the case");
  const int status = stage.child([] { ::kill(::getpid(), SIGABRT); });
  if (!WIFSIGNALED(status) || !WCOREDUMP(status)) stage.skip("no core file is written for SIGABRT either");
}

void no_core_with_limit_0(Stage& stage) {
  load_killer(stage);
  check_end_of_caller(stage, false);
}

void core_without_limit(Stage& stage) {
  shrink_core_files(stage);
  need_core_files(stage);
  load_killer(stage);
  check_end_of_caller(stage, true);
}

void no_core_of_undumpable(Stage& stage) {
  shrink_core_files(stage);
  load_killer(stage);
  stage.must("prctl(PR_SET_DUMPABLE)", raw_syscall(SYS_prctl, PR_SET_DUMPABLE, 0));
  check_end_of_caller(stage, false);
}

void core_of_worker_that_takes_all(Stage& stage) {
  shrink_core_files(stage);
  need_core_files(stage);
  stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_KILL_PROCESS));
  const int status = stage.child([&] {
    returns_in_worker(stage, SYS_getppid);
    stage.never("the first thread went on");
  });
  stage.equal_hex("the raw wait status", SIGSYS | kCoreBit, static_cast<unsigned>(status));
}

void worker_alone_leaves_no_core(Stage& stage) {
  shrink_core_files(stage);
  need_core_files(stage);
  stage.must("removing the core file of SIGABRT", ::unlink("core") == 0 || errno == ENOENT ? 0 : -errno);
  stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_KILL_THREAD));
  const int status = stage.child([&] {
    stage.holds("the worker is gone", !returns_in_worker(stage, SYS_getppid));
    stage.end(42);
  });
  stage.equal_hex("the raw wait status", 42 << 8, static_cast<unsigned>(status));
  stage.fails_with("looking for a core file", ENOENT,
                   raw_syscall(SYS_faccessat, AT_FDCWD, reinterpret_cast<std::intptr_t>("core"), F_OK));
}

}  // namespace

std::vector<Scenario> kill_core_scenarios() {
  struct Killer {
    std::string_view prefix;
    std::string_view title;
    std::int64_t value;
  };
  constexpr Killer kKillers[] = {
      {"", "KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
      {"thread-", "KILL of the only thread", SECCOMP_RET_KILL_THREAD},
      {"unknown-", "A return value that is no action", kUnknownAction},
  };
  const std::string source = "core(5); kernel/seccomp.c, __seccomp_filter; fs/coredump.c, do_coredump";
  std::vector<Scenario> scenarios;
  for (const Killer& killer : kKillers) {
    scenarios.push_back({.name = fmt::format("{}core-limit-0", killer.prefix),
                         .title = fmt::format("{} with RLIMIT_CORE 0 has the wait status 0x1f, CLD_KILLED", killer.title),
                         .why = "A supervisor tells a crash with a core file from one without by this bit.",
                         .source = source,
                         .run = no_core_with_limit_0,
                         .needs = {.core_file = true},
                         .parameters = {killer.value}});
    scenarios.push_back(
        {.name = fmt::format("{}core-unlimited", killer.prefix),
         .title = fmt::format("{} with RLIMIT_CORE unlimited has the wait status 0x9f, CLD_DUMPED", killer.title),
         .why = "The core file is what tells the author of a filter which call was missing.",
         .source = source,
         .run = core_without_limit,
         .needs = {.core_file = true},
         .parameters = {killer.value},
         .core_unlimited = true});
    scenarios.push_back(
        {.name = fmt::format("{}core-undumpable", killer.prefix),
         .title = fmt::format("{} of a process that is not dumpable leaves no core: 0x1f, CLD_KILLED", killer.title),
         .why = "A program that hides its memory must not lose it through a filter.",
         .source = "prctl(2), PR_SET_DUMPABLE; fs/coredump.c, do_coredump",
         .run = no_core_of_undumpable,
         .parameters = {killer.value},
         .core_unlimited = true});
  }
  scenarios.push_back({.name = "worker-core",
                       .title = "KILL_PROCESS in a worker leaves a core of the process: 0x9f",
                       .why = "The core file is what tells the author of a filter which call was missing.",
                       .source = source,
                       .run = core_of_worker_that_takes_all,
                       .needs = {.core_file = true},
                       .core_unlimited = true});
  scenarios.push_back({.name = "worker-alone-core",
                       .title = "KILL of one worker of several threads leaves no core file",
                       .why = "A core of a process that lives on would stop all of its threads while it is written.",
                       .source = source,
                       .run = worker_alone_leaves_no_core,
                       .needs = {.core_file = true},
                       .core_unlimited = true});
  return scenarios;
}

}  // namespace sandgauge
