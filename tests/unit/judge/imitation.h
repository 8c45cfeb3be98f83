// An imitation of the kernel that makes an Outcome of an action. It is written from seccomp(2) and kernel/seccomp.c and does
// not use judge/appearance.h, so that the two check each other.
#pragma once

#include <linux/seccomp.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "model/case.h"
#include "model/outcome.h"
#include "model/syscalls.h"

namespace sandgauge::scene {

/// The case's call as a filter sees it.
inline seccomp_data filter_data(const Case& test) {
  const std::int32_t number = syscall_number(test.call->abi, test.call->syscall).value_or(-1);
  return to_seccomp_data({.abi = test.call->abi, .number = number});
}

namespace imitation {

inline SigsysFacts siginfo(const seccomp_data& data, Action action) {
  return {.signo = SIGSYS,
          .code = 1,
          .error = action.data,
          .syscall = data.nr,
          .arch = data.arch,
          .instruction_pointer = 0x1000};
}

inline std::string program_message(std::int64_t result) {
  return result < 0 ? "error " + std::to_string(-result) + "\n" : "";
}

inline void die(Outcome& outcome, bool whole_process, const Case& test) {
  if (!whole_process && test.attach == Attach::call) {
    outcome.call->thread_died = outcome.call->survivor_ran = 1;
    return;
  }
  outcome.end = {.kind = End::Kind::signaled, .signal = SIGSYS};
}

inline void come_back(Outcome& outcome, std::int64_t result, const Case& test) {
  if (outcome.call) {
    outcome.call->returned = 1;
    outcome.call->result = result;
  }
  if (test.attach == Attach::exec) {
    outcome.end.exit_code = result < 0 ? 2 : 0;
    outcome.err = program_message(result);
  }
}

inline void record(Outcome& outcome, const seccomp_data& data, Action action, int number, const Probe& probe,
                   const Host& host) {
  static const std::vector<std::pair<ActionKind, std::string>> words = {{ActionKind::kill_process, "kill_process"},
                                                                        {ActionKind::kill_thread, "kill_thread"},
                                                                        {ActionKind::trap, "trap"},
                                                                        {ActionKind::error, "errno"},
                                                                        {ActionKind::notify, "user_notif"},
                                                                        {ActionKind::trace, "trace"},
                                                                        {ActionKind::log, "log"}};
  if (!probe.audit) return;
  for (const auto& [kind, word] : words) {
    if (kind != action.kind || !host.actions_logged.contains(word)) continue;
    const int signal = kind == ActionKind::kill_process || kind == ActionKind::kill_thread ? SIGSYS : 0;
    outcome.audit.push_back({.serial = 1,
                             .pid = outcome.pid,
                             .signal = signal,
                             .arch = data.arch,
                             .syscall = number,
                             .code = return_value(action) & SECCOMP_RET_ACTION_FULL,
                             .comm = "x"});
  }
}

}  // namespace imitation

/// What happens when the kernel answers the case's call with `action`; a call that runs returns `natural`.
inline Outcome kernel_does(Action action, const Case& test, const Probe& used, const Host& host, std::int64_t natural = 0) {
  using namespace imitation;
  Probe probe = used;
  if (test.attach == Attach::exec) probe.handler = probe.threads = false;
  const seccomp_data data = filter_data(test);
  Outcome outcome;
  outcome.pid = 100;
  outcome.audit_complete = probe.audit;
  outcome.duration = std::chrono::milliseconds(2);
  if (test.attach == Attach::call) outcome.call = CallFacts{.started = 1};
  Call call{.abi = test.call->abi, .number = syscall_number(test.call->abi, test.call->syscall).value_or(-1)};
  switch (action.kind) {
    case ActionKind::kill_process:
      record(outcome, data, action, data.nr, probe, host);
      die(outcome, true, test);
      break;
    case ActionKind::kill_thread:
      record(outcome, data, action, data.nr, probe, host);
      die(outcome, !probe.threads, test);
      break;
    case ActionKind::trap:
      record(outcome, data, action, data.nr, probe, host);
      if (probe.tracer) outcome.traced_sigsys.push_back({outcome.pid, siginfo(data, action)});
      if (!probe.handler) {
        die(outcome, true, test);
        break;
      }
      outcome.call->handler_runs = 1;
      outcome.call->sigsys = siginfo(data, action);
      come_back(outcome, data.nr, test);
      break;
    case ActionKind::error:
      record(outcome, data, action, data.nr, probe, host);
      come_back(outcome, -std::int64_t{action.data}, test);
      break;
    case ActionKind::trace:
      if (!probe.tracer) {
        record(outcome, data, action, data.nr, probe, host);
        come_back(outcome, -ENOSYS, test);
        break;
      }
      outcome.traces.push_back({outcome.pid, action.data, call});
      if (test.tracer.answer == TracerPlan::Answer::skip) {
        record(outcome, data, action, -1, probe, host);
        come_back(outcome, test.tracer.result, test);
      } else {
        come_back(outcome, natural, test);
      }
      break;
    case ActionKind::notify:
      if (probe.listener) outcome.notifications.push_back({outcome.pid, 0, call});
      if (probe.listener && test.listener.answer == ListenerPlan::Answer::proceed) {
        come_back(outcome, natural, test);
        break;
      }
      record(outcome, data, action, data.nr, probe, host);
      if (!probe.listener)
        come_back(outcome, -ENOSYS, test);
      else
        come_back(outcome, test.listener.error != 0 ? test.listener.error : test.listener.value, test);
      break;
    case ActionKind::log:
      record(outcome, data, action, data.nr, probe, host);
      come_back(outcome, natural, test);
      break;
    case ActionKind::allow: come_back(outcome, natural, test); break;
  }
  return outcome;
}

}  // namespace sandgauge::scene
