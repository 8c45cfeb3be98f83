// One getppid(2) under stacked filters, watched from every side on which a filter's action can show: the thread and its
// process, a SIGSYS handler, a tracer, a listener. One side alone cannot tell all actions apart: without a second thread
// KILL looks like KILL_PROCESS, without a tracer TRACE looks like NOTIFY.
//
//   const StackedFilter filters[] = {{Filter::answer(SYS_getppid, SECCOMP_RET_ERRNO | EPERM)},
//                                    {Filter::answer(SYS_getppid, SECCOMP_RET_TRACE | 7)}};
//   const WatchedCall call = watch_call(stage, {.filters = filters, .tracer = true});
//   // call.returned == 1, call.result == -EPERM, call.traces == 0
//
// The call is made by the second thread of a process of its own; only that thread is under the filters. Its first thread
// answers the listener, if one of the filters makes one, and then ends the process with kSurvived. The caller of
// watch_call() is the tracer. Everything else the process does is allowed as long as the filters are about getppid only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>

#include "model/action.h"
#include "probe/stage.h"

namespace sandgauge {

struct StackedFilter {
  Filter filter;
  unsigned flags = 0;       // SECCOMP_FILTER_FLAG_*
  bool changeable = false;  // Stage::load(): --mutate may change it
};

/// What the listener answers.
enum class ListenerReply : std::uint8_t { value, go_on };

struct WatchPlan {
  std::span<const StackedFilter> filters;  // in the order in which they are loaded
  bool tracer = false;
  ListenerReply reply = ListenerReply::value;
};

/// The exit code of a process whose first thread outlived the call.
inline constexpr int kSurvived = 21;
/// What the call returns after ListenerReply::value.
inline constexpr std::int64_t kRepliedValue = 4242;

struct WatchedCall {
  pid_t pid = 0;                    // of the process that made it
  int wait_status = 0;              // of that process
  std::uint32_t returned = 0;       // how many times the call came back
  std::int64_t result = 0;          // -errno on failure
  std::uint32_t handler_runs = 0;   // SIGSYS
  std::int32_t handler_error = 0;   // its si_errno
  std::uint64_t call_address = 0;   // its si_call_addr
  std::uint32_t traces = 0;         // PTRACE_EVENT_SECCOMP stops
  std::uint64_t trace_message = 0;  // PTRACE_GETEVENTMSG
  std::uint32_t notifications = 0;
};

/// Ends the scenario as broken if a filter cannot be loaded or the process not be traced.
WatchedCall watch_call(Stage& stage, const WatchPlan& plan);

/// Checks that the call met this action and no other. LOG and ALLOW look the same here: see audit_records.h.
void check_action(Stage& stage, const WatchPlan& plan, const WatchedCall& call, Action action);

/// Whether SECCOMP_RET_DATA means something to the action.
constexpr bool has_data(ActionKind kind) {
  return kind == ActionKind::trap || kind == ActionKind::error || kind == ActionKind::trace;
}

}  // namespace sandgauge
