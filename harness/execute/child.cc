#include "execute/child.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/pass_fd.h"
#include "probe/raw_call.h"
#include "probe/stage.h"

namespace sandgauge {
namespace {

[[noreturn]] void run_scenario(const ChildPlan& plan) {
  const ExecuteRequest& request = *plan.request;
  recorded_raw_call = &plan.report->stage.last_call;
  Stage stage(plan.report->stage, request.mutation, *request.host, request.parameters.data());
  request.scenario(stage);
  end_process(0);
}

void reset_signals() {
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &by_default, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void limit_core(bool unlimited) {
  rlimit limit{};
  ::getrlimit(RLIMIT_CORE, &limit);
  limit.rlim_cur = unlimited ? limit.rlim_max : 0;
  if (unlimited) {
    const rlimit whole{RLIM_INFINITY, RLIM_INFINITY};
    if (::setrlimit(RLIMIT_CORE, &whole) == 0) return;
  }
  ::setrlimit(RLIMIT_CORE, &limit);
}

void redirect(const ChildPlan& plan) {
  if (::dup2(plan.null_fd, STDIN_FILENO) < 0) fail_setup(plan, "dup2 of the standard input");
  if (::dup2(plan.out_fd, STDOUT_FILENO) < 0) fail_setup(plan, "dup2 of the standard output");
  if (::dup2(plan.err_fd, STDERR_FILENO) < 0) fail_setup(plan, "dup2 of the standard error");
  // Everything else of the harness stays out of the program.
  ::syscall(SYS_close_range, 3U, ~0U, static_cast<unsigned>(CLOSE_RANGE_CLOEXEC));
}

void wait_for_start(const ChildPlan& plan) {
  char byte = 0;
  while (::read(plan.start_fd, &byte, 1) < 0 && errno == EINTR) {
  }
}

int carry_listener(void* argument) {
  const auto& plan = *static_cast<const ChildPlan*>(argument);
  // The confined thread stores the number between two of its instructions: there is no call of its own to wait on.
  while (plan.report->listener.load() == 0) ::sched_yield();
  const int listener = plan.report->listener.load();
  if (listener > 0) send_fd(plan.listener_fd, listener - 1);
  return 0;
}

}  // namespace

void fail_setup(const ChildPlan& plan, const char* step) {
  plan.report->error = errno;
  plan.report->failed_step = step;
  plan.report->listener.store(-1);
  end_process(127);
}

bool start_courier(const ChildPlan& plan) {
  alignas(16) static char stack[64 * 1024];
  // CLONE_PARENT: it is no child of the confined program, which may wait for its own children.
  const int flags = CLONE_VM | CLONE_FILES | CLONE_PARENT;
  return ::clone(carry_listener, stack + sizeof stack, flags, const_cast<ChildPlan*>(&plan)) > 0;
}

bool confine(const ChildPlan& plan) {
  const Confinement* confinement = plan.request->confinement;
  if (confinement == nullptr) return true;
  const ConfineResult result = confinement->apply();
  if (result.failed_step != nullptr) {
    plan.report->error = result.error;
    plan.report->failed_step = result.failed_step;
    plan.report->listener.store(-1);
    return false;
  }
  plan.report->listener.store(result.listener >= 0 ? result.listener + 1 : -1);
  return true;
}

void end_process(int exit_code) {
  // A filter may deny one or both of these; the last way out needs no system call.
  for (;;) {
    ::syscall(SYS_exit_group, exit_code);
    ::syscall(SYS_exit, exit_code);
    __builtin_trap();
  }
}

void run_child(const ChildPlan& plan) {
  const ExecuteRequest& request = *plan.request;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, kUnstartedName);
  ::setsid();
  redirect(plan);
  if (::chdir(request.working_directory.c_str()) != 0) fail_setup(plan, "chdir into the working directory");
  limit_core(request.core_unlimited);
  reset_signals();
  if (request.handed_fd >= 0 && ::fcntl(request.handed_fd, F_SETFD, 0) != 0)
    fail_setup(plan, "fcntl of a descriptor for the program");
  if (plan.start_fd >= 0) wait_for_start(plan);
  if (plan.listener_fd >= 0 && !start_courier(plan)) fail_setup(plan, "clone of the process that sends the listener");
  if (request.attach == Attach::call) run_call(plan);
  if (request.attach == Attach::scenario) run_scenario(plan);
  if (!confine(plan)) end_process(127);
  ::execve(plan.path, plan.argv, plan.environment);
  plan.report->error = errno;
  plan.report->failed_step = "execve";
  end_process(127);
}

}  // namespace sandgauge
