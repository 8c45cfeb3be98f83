// The child's side of execute(): everything between clone(2) and the end of the case that runs in the new process.
//
// Async-signal-safe throughout: the child makes system calls and stores into ChildReport, no more. After the confinement is
// applied even a system call may be fatal, so what must reach the parent goes through the shared report.
#pragma once

#include <atomic>

#include "execute/execute.h"
#include "model/facts.h"
#include "model/stage_report.h"

namespace sandgauge {

/// Shared with the parent. A step is a string literal: the same address in both, as the child is a fork.
struct ChildReport {
  const char* failed_step;
  int error;
  std::atomic<int> listener;  // 0: not yet; -1: there will be none; else the descriptor's number plus 1
  CallFacts call;
  StageReport stage;
};

/// All that the child needs, made ready before the fork.
struct ChildPlan {
  const ExecuteRequest* request = nullptr;
  ChildReport* report = nullptr;
  Call call;                   // placed; with attach call
  const char* path = nullptr;  // with attach exec, as the next two
  char* const* argv = nullptr;
  char* const* environment = nullptr;
  int out_fd = -1;
  int err_fd = -1;
  int null_fd = -1;
  int start_fd = -1;     // with a tracer: a byte arrives when it is attached
  int listener_fd = -1;  // with a listener: a socket to send the descriptor on
};

/// Runs the child. Does not return.
[[noreturn]] void run_child(const ChildPlan& plan);

/// Makes plan.call from this process under the confinement and records it; the process ends by itself. In call_child.cc.
[[noreturn]] void run_call(const ChildPlan& plan);

/// Starts a process that shares this one's memory and descriptors, waits until report->listener is set, sends it to the
/// parent and ends. The confined thread cannot send it: its own filter may answer sendmsg(2). False if clone(2) fails.
bool start_courier(const ChildPlan& plan);

/// Applies the confinement and records its failure or its listener. False if it failed.
bool confine(const ChildPlan& plan);

/// Records that a step before the confinement failed with the present errno, and ends the process.
[[noreturn]] void fail_setup(const ChildPlan& plan, const char* step);

/// Ends the process whatever the filter says.
[[noreturn]] void end_process(int exit_code);

}  // namespace sandgauge
