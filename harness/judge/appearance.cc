#include "judge/appearance.h"

#include <cerrno>

#include "judge/identify.h"
#include "model/syscalls.h"

namespace sandgauge {
namespace {

Running running_of(std::string_view name) {
  if (name == "exit") return Running::ends_thread;
  for (const std::string_view ending : {"exit_group", "execve", "execveat", "rt_sigreturn", "sigreturn"})
    if (name == ending) return Running::ends_process;
  return Running::returns;
}

bool claims_what_the_program_shows(const Expectation& expect) {
  return expect.exit || expect.out || expect.err || expect.error || expect.returns || !expect.absent.empty() ||
         !expect.present.empty();
}

void run(Appearance& seen, const View& view) {
  if (view.running == Running::returns) seen.result = -view.own_error.value_or(0);
  if (view.running == Running::ends_thread && view.probe.threads) seen.death = Appearance::Death::thread;
}

/// A call that a watcher lets run goes unrecorded; one that a tracer skips is recorded as call -1, so not as this one.
bool recorded(ActionKind kind, const View& view) {
  if (!view.probe.audit || !view.actions_logged.contains(std::string(logged_word(kind)))) return false;
  if (kind == ActionKind::trace) return !view.probe.tracer;
  if (kind == ActionKind::notify) return !view.probe.listener || view.listener.answer == ListenerPlan::Answer::reply;
  return kind != ActionKind::allow;
}

}  // namespace

std::string_view logged_word(ActionKind kind) {
  switch (kind) {
    case ActionKind::kill_process: return "kill_process";
    case ActionKind::kill_thread: return "kill_thread";
    case ActionKind::trap: return "trap";
    case ActionKind::error: return "errno";
    case ActionKind::notify: return "user_notif";
    case ActionKind::trace: return "trace";
    case ActionKind::log: return "log";
    case ActionKind::allow: break;
  }
  return {};
}

View view_of(const Case& test, const Probe& probe, const Host& host) {
  View view{.probe = probe, .attach = test.attach, .tracer = test.tracer, .listener = test.listener};
  view.actions_logged = host.actions_logged;
  if (test.attach == Attach::exec) {
    view.probe.handler = view.probe.threads = false;
    view.result_seen = claims_what_the_program_shows(test.expect);
  }
  if (const std::optional<Call> call = subject(test)) {
    const std::string_view name = syscall_name(call->abi, call->number);
    const bool kernel_runs_it = call->abi == native_abi() || host.abis.contains(call->abi);
    if (!kernel_runs_it || name.empty()) view.own_error = ENOSYS;
    if (kernel_runs_it) view.running = running_of(name);
  }
  return view;
}

bool runs(Action action, const View& view) {
  switch (action.kind) {
    case ActionKind::allow:
    case ActionKind::log: return true;
    case ActionKind::trace: return view.probe.tracer && view.tracer.answer == TracerPlan::Answer::proceed;
    case ActionKind::notify: return view.probe.listener && view.listener.answer == ListenerPlan::Answer::proceed;
    default: return false;
  }
}

Appearance appearance(Action action, const View& view) {
  using Death = Appearance::Death;
  Appearance seen;
  if (runs(action, view)) run(seen, view);
  switch (action.kind) {
    case ActionKind::kill_process: seen.death = Death::process; break;
    case ActionKind::kill_thread: seen.death = view.probe.threads ? Death::thread : Death::process; break;
    case ActionKind::trap:
      if (view.probe.handler || view.probe.tracer) seen.sigsys_data = action.data;
      if (!view.probe.handler) seen.death = Death::process;
      break;
    case ActionKind::error: seen.result = -std::int64_t{action.data}; break;
    case ActionKind::trace:
      if (view.probe.tracer) seen.trace_message = action.data;
      if (!view.probe.tracer) seen.result = -ENOSYS;
      if (view.probe.tracer && view.tracer.answer == TracerPlan::Answer::skip) seen.result = view.tracer.result;
      break;
    case ActionKind::notify:
      seen.notified = view.probe.listener;
      if (!view.probe.listener) seen.result = -ENOSYS;
      if (view.probe.listener && view.listener.answer == ListenerPlan::Answer::reply)
        seen.result = view.listener.error != 0 ? view.listener.error : view.listener.value;
      break;
    case ActionKind::log:
    case ActionKind::allow: break;
  }
  if (!view.result_seen) seen.result.reset();
  if (recorded(action.kind, view)) seen.audit_code = return_value({action.kind, 0});
  return seen;
}

}  // namespace sandgauge
