// A call probe: the child makes one call itself, on the confined thread, and records what became of it.
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "execute/child.h"
#include "probe/sigsys.h"

namespace sandgauge {
namespace {

/// Where the confined thread has got to; it says so with a store, for its filter may answer any call.
enum class Progress : int { starting, running, done, failed };
std::atomic<Progress> g_progress;
std::atomic<pid_t> g_caller;

void call_and_record(const ChildPlan& plan) {
  std::uint64_t args[6];
  std::ranges::copy(plan.call.args, args);
  make_call(&plan.report->call, plan.call.abi, plan.call.number, args);
}

void* confined_thread(void* argument) {
  const auto& plan = *static_cast<const ChildPlan*>(argument);
  g_caller.store(::gettid());
  g_progress.store(Progress::running);
  if (confine(plan)) {
    call_and_record(plan);
    g_progress.store(Progress::done);
  } else {
    g_progress.store(Progress::failed);
  }
  // It does not end: exit(2) may be denied. The first thread, which is not confined, ends the process for both.
  for (;;) std::atomic_signal_fence(std::memory_order_seq_cst);
}

/// KILL leaves no other trace than that the thread is gone.
bool caller_is_gone() {
  return g_progress.load() == Progress::running && ::syscall(SYS_tgkill, ::getpid(), g_caller.load(), 0) != 0 &&
         errno == ESRCH;
}

[[noreturn]] void watch_second_thread(const ChildPlan& plan) {
  CallFacts& facts = plan.report->call;
  while (g_progress.load() < Progress::done) {
    if (caller_is_gone()) {
      facts.thread_died = facts.returned == 0 ? 1 : 0;
      break;
    }
    ::sched_yield();
  }
  facts.survivor_ran = 1;
  end_process(g_progress.load() == Progress::failed ? 127 : 0);
}

}  // namespace

void run_call(const ChildPlan& plan) {
  const Probe& probe = plan.request->probe;
  if (probe.handler && !record_sigsys(&plan.report->call)) fail_setup(plan, "sigaction(SIGSYS)");
  if (!probe.threads) {
    if (!confine(plan)) end_process(127);
    call_and_record(plan);
    end_process(0);
  }
  pthread_t thread{};
  errno = ::pthread_create(&thread, nullptr, confined_thread, const_cast<ChildPlan*>(&plan));
  if (errno != 0) fail_setup(plan, "pthread_create");
  watch_second_thread(plan);
}

}  // namespace sandgauge
