// What execve(2) keeps: the filters of who makes the call, and NO_NEW_PRIVS, which takes a set-user-ID program its power.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "conformance/asked_listener.h"
#include "conformance/inheritance.h"
#include "conformance/privileges.h"
#include "conformance/proc_files.h"
#include "conformance/sibling.h"
#include "conformance/tiny_program.h"

namespace sandgauge {
namespace {

/// Without a filter it fails with EBADF.
constexpr TinyCall kDup = {.number = SYS_dup, .first = -1};

void load_denial(Stage& stage) { stage.load(Filter::answer(SYS_dup, SECCOMP_RET_ERRNO | EXDEV)); }

void exec_keeps_it(Stage& stage) {
  const UniqueFd program = tiny_program(stage, kDup);
  stage.exited("the program, without a filter", exit_of_error(EBADF), stage.child([&] { execute(stage, program.get()); }));
  load_denial(stage);
  stage.exited("the program, with the filter", exit_of_error(EXDEV), stage.child([&] { execute(stage, program.get()); }));
}

void exec_keeps_what_was_loaded_right_before(Stage& stage) {
  const UniqueFd program = tiny_program(stage, kDup);
  const int status = stage.child([&] {
    load_denial(stage);
    execute(stage, program.get());
  });
  stage.exited("the program", exit_of_error(EXDEV), status);
}

void exec_keeps_a_kill(Stage& stage) {
  const UniqueFd program = tiny_program(stage, kDup);
  stage.load(Filter::answer(SYS_dup, SECCOMP_RET_KILL_PROCESS));
  stage.killed("the program", SIGSYS, stage.child([&] { execute(stage, program.get()); }));
}

void exec_of_a_worker_keeps_the_workers(Stage& stage) {
  const UniqueFd program = tiny_program(stage, kDup);
  const int status = stage.child([&] {
    Sibling worker(stage);
    worker.run([&] {
      load_denial(stage);
      execute(stage, program.get());
    });
  });
  stage.exited("the program", exit_of_error(EXDEV), status);
}

void exec_of_a_worker_loses_the_first_threads(Stage& stage) {
  const UniqueFd program = tiny_program(stage, kDup);
  const int status = stage.child([&] {
    Sibling worker(stage);
    stage.load_as_it_is(Filter::answer(SYS_dup, SECCOMP_RET_ERRNO | EXDEV));
    stage.fails_with("dup in the first thread", EXDEV, raw_syscall(SYS_dup, -1));
    worker.run([&] { execute(stage, program.get()); });
  });
  stage.exited("the program", exit_of_error(EBADF), status);
}

void a_failed_exec_keeps_it(Stage& stage) {
  load_denial(stage);
  const char* none[] = {nullptr};
  const auto words = reinterpret_cast<std::intptr_t>(none);
  stage.fails_with("execve of no file", ENOENT,
                   raw_syscall(SYS_execve, reinterpret_cast<std::intptr_t>("none"), words, words));
  stage.fails_with("dup after it", EXDEV, raw_syscall(SYS_dup, -1));
}

void status_after_exec(Stage& stage) {
  // pselect6 of nothing, without a time limit: it waits for a signal.
  const UniqueFd program = tiny_program(stage, {.number = SYS_pselect6});
  const std::int64_t before = filters_of_this_thread();
  Pipe executed(stage);  // the kernel closes the child's end when it has become the program
  const pid_t child = stage.start_child([&] {
    stage.load_as_it_is(Filter::always(SECCOMP_RET_ALLOW));
    stage.load_as_it_is(Filter::always(SECCOMP_RET_ALLOW));
    execute(stage, program.get());
  });
  executed.in.reset();
  heard(executed.out.get());
  const std::string path = fmt::format("/proc/{}/status", child);
  stage.equal("Seccomp", 2, status_field(path.c_str(), "Seccomp"));
  stage.equal("NoNewPrivs", 1, status_field(path.c_str(), "NoNewPrivs"));
  if (stage.kernel_since(5, 9)) stage.equal("Seccomp_filters", before + 2, status_field(path.c_str(), "Seccomp_filters"));
  stage.must("kill", raw_syscall(SYS_kill, child, SIGKILL));
  stage.killed("the program", SIGKILL, stage.wait_for(child));
}

void no_new_privs_after_exec(Stage& stage) {
  require_no_new_privs_unset(stage);
  const UniqueFd program = tiny_program(stage, {.number = SYS_prctl, .first = PR_GET_NO_NEW_PRIVS});
  stage.exited("the program, of who never set it", 0, stage.child([&] { execute(stage, program.get()); }));
  stage.set_no_new_privs();
  stage.exited("the program, of who set it", 1, stage.child([&] { execute(stage, program.get()); }));
}

// Set-user-ID root programs, executed by nobody.

constexpr std::int64_t kNobody = 65534;
constexpr int kExitOfNobody = kNobody & 0xFF;

UniqueFd set_user_id_program(Stage& stage, const char* path, TinyCall call) {
  unsigned char buffer[kTinyProgramSize] = {};
  const std::size_t length = write_tiny_program(buffer, call);
  {
    const UniqueFd file(::open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700));
    if (!file || ::write(file.get(), buffer, length) != static_cast<ssize_t>(length)) stage.broken("a program file", errno);
    constexpr mode_t kSetUserId = 04755;
    if (::fchmod(file.get(), kSetUserId) != 0) stage.broken("fchmod", errno);
  }
  UniqueFd program(::open(path, O_RDONLY | O_CLOEXEC));
  if (!program) stage.broken("open of a program file", errno);
  return program;
}

void become_nobody(Stage& stage) {
  const std::int64_t became = raw_syscall(SYS_setresuid, kNobody, kNobody, kNobody);
  if (became == -EINVAL) stage.skip("this user namespace has no user 65534");
  stage.must("setresuid", became);
}

int end_as_nobody(Stage& stage, const UniqueFd& program) {
  return stage.child([&] {
    become_nobody(stage);
    execute(stage, program.get());
  });
}

/// Skips where set-user-ID programs are not what they are: in a mount with nosuid, under NO_NEW_PRIVS, not as root.
UniqueFd need_set_user_id(Stage& stage) {
  require_no_new_privs_unset(stage);
  if (stage.host().uid != 0) stage.skip("only root can make a program that is set-user-ID root");
  UniqueFd identity = set_user_id_program(stage, "identity", {.number = SYS_geteuid});
  const int status = end_as_nobody(stage, identity);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kExitOfNobody) stage.skip("temporary files are on a nosuid file system");
  stage.exited("a set-user-ID root program that nobody executes, without NO_NEW_PRIVS", 0, status);
  return identity;
}

void set_user_id_is_lost(Stage& stage) {
  const UniqueFd identity = need_set_user_id(stage);
  stage.load_as_it_is(Filter::always(SECCOMP_RET_ALLOW));
  stage.exited("the program, whose exit code is its user", kExitOfNobody, end_as_nobody(stage, identity));
}

void the_filter_stays_for_set_user_id(Stage& stage) {
  need_set_user_id(stage);
  const UniqueFd program = set_user_id_program(stage, "dup", kDup);
  load_denial(stage);
  stage.exited("the program", exit_of_error(EXDEV), end_as_nobody(stage, program));
}

/// Loaded by root, who need not set NO_NEW_PRIVS: then the program gains its user, but not its freedom.
void the_privileged_filter_stays(Stage& stage) {
  const UniqueFd identity = need_set_user_id(stage);
  const UniqueFd program = set_user_id_program(stage, "dup", kDup);
  stage.must("seccomp without NO_NEW_PRIVS", stage.try_load(Filter::answer(SYS_dup, SECCOMP_RET_ERRNO | EXDEV)));
  stage.exited("the program, whose exit code is its user", 0, end_as_nobody(stage, identity));
  stage.exited("the program that makes the denied call", exit_of_error(EXDEV), end_as_nobody(stage, program));
}

}  // namespace

std::vector<Scenario> inheritance_exec_scenarios() {
  const std::string why = "A program that could leave its sandbox by becoming another would have no sandbox.";
  const std::string source = "seccomp(2), SECCOMP_SET_MODE_FILTER (preserved across execve)";
  return {
      {.name = "exec",
       .title = "execve(2) in a child keeps its parent's filter",
       .why = why,
       .source = source,
       .also = "gVisor: FiltersPreservedAcrossForkAndExecve",
       .run = exec_keeps_it},
      {.name = "exec-own",
       .title = "execve(2) keeps the filter that the process has just loaded",
       .why = "This is how every launcher confines a program.",
       .source = source,
       .run = exec_keeps_what_was_loaded_right_before},
      {.name = "exec-kill",
       .title = "KILL_PROCESS kills the program that was executed under it",
       .why = why,
       .source = source,
       .also = "gVisor: FiltersPreservedAcrossForkAndExecve",
       .run = exec_keeps_a_kill},
      {.name = "exec-worker",
       .title = "execve(2) by a worker keeps the worker's filter",
       .why = why,
       .source = "execve(2), Effect on process attributes; fs/exec.c, de_thread",
       .run = exec_of_a_worker_keeps_the_workers},
      {.name = "exec-worker-unfiltered",
       .title = "execve(2) by a worker without a filter runs without one, although the first thread had one",
       .why = "A filter without TSYNC confines a thread and not the program: whoever relies on more must know.",
       .source = "execve(2), Effect on process attributes; fs/exec.c, de_thread",
       .run = exec_of_a_worker_loses_the_first_threads},
      {.name = "exec-failed",
       .title = "A failed execve(2) keeps the filter",
       .why = why,
       .source = source,
       .run = a_failed_exec_keeps_it},
      {.name = "exec-status",
       .title = "/proc/PID/status of an executed program shows the mode, the filters and NO_NEW_PRIVS of who executed it",
       .why = "Operators and tools ask there whether a program is confined.",
       .source = "proc(5), /proc/pid/status",
       .run = status_after_exec},
      {.name = "exec-no-new-privs",
       .title = "execve(2) keeps NO_NEW_PRIVS",
       .why = "A program that executes itself would get rid of it.",
       .source = "prctl(2), PR_SET_NO_NEW_PRIVS",
       .run = no_new_privs_after_exec},
      {.name = "exec-set-user-id",
       .title = "Under a filter with NO_NEW_PRIVS a set-user-ID program does not change its user",
       .why =
           "A filter that denies setuid(2) would keep a root program from dropping its power, and its caller would have it.",
       .source = "prctl(2), PR_SET_NO_NEW_PRIVS; seccomp(2), SECCOMP_SET_MODE_FILTER",
       .run = set_user_id_is_lost,
       .needs = {.capabilities = {"CAP_SETUID"}}},
      {.name = "exec-set-user-id-filtered",
       .title = "A set-user-ID program that is executed under a filter is under it",
       .why = why,
       .source = source,
       .run = the_filter_stays_for_set_user_id,
       .needs = {.capabilities = {"CAP_SETUID"}}},
      {.name = "exec-set-user-id-privileged",
       .title =
           "Under a filter that root loaded without NO_NEW_PRIVS a set-user-ID program changes its user and is filtered",
       .why = "Container runtimes load filters so: sudo works in the container, and the filter holds for root.",
       .source = "seccomp(2), ERRORS, EACCES; SECCOMP_SET_MODE_FILTER (preserved across execve)",
       .run = the_privileged_filter_stays,
       .needs = {.capabilities = {"CAP_SETUID", "CAP_SYS_ADMIN"}}},
  };
}

}  // namespace sandgauge
