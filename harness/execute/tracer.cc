#include "execute/tracer.h"

#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/errno_text.h"
#include "execute/registers.h"

namespace sandgauge {
namespace {

constexpr std::size_t kMostRecords = 4096;  // a tracee that stops for ever must not fill the memory

constexpr long kOptions = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                          PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;

bool is_stopping_signal(int signal) {
  return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

std::optional<Call> call_at_stop(pid_t pid) {
  __ptrace_syscall_info info{};
  const long size = ::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info);
  if (size <= 0 || info.op != PTRACE_SYSCALL_INFO_SECCOMP) return std::nullopt;
  seccomp_data data{};
  data.nr = static_cast<int>(info.seccomp.nr);
  data.arch = info.arch;
  data.instruction_pointer = info.instruction_pointer;
  for (std::size_t i = 0; i < 6; ++i) data.args[i] = info.seccomp.args[i];
  Call call;
  if (!from_seccomp_data(data, call)) return std::nullopt;
  return call;
}

void record_sigsys_stop(pid_t pid, Outcome& outcome) {
  siginfo_t info{};
  if (::ptrace(PTRACE_GETSIGINFO, pid, nullptr, &info) != 0 || outcome.traced_sigsys.size() >= kMostRecords) return;
  TracedSigsys seen{.pid = pid};
  seen.facts.signo = info.si_signo;
  seen.facts.code = info.si_code;
  seen.facts.error = info.si_errno;
  seen.facts.syscall = info.si_syscall;
  seen.facts.arch = info.si_arch;
  seen.facts.call_addr = reinterpret_cast<std::uint64_t>(info.si_call_addr);
  if (const auto registers = read_registers(pid)) {
    seen.facts.instruction_pointer = registers->instruction_pointer;
    seen.facts.result_register = registers->result;
  }
  outcome.traced_sigsys.push_back(seen);
}

}  // namespace

Result<Tracer> Tracer::attach(pid_t pid, TracerPlan plan, std::optional<Call> call) {
  if (::ptrace(PTRACE_SEIZE, pid, nullptr, kOptions) != 0) return fail("ptrace(PTRACE_SEIZE): {}", errno_text(errno));
  return Tracer(plan, call);
}

void Tracer::handle_seccomp_stop(pid_t pid, Outcome& outcome) const {
  unsigned long message = 0;
  ::ptrace(PTRACE_GETEVENTMSG, pid, nullptr, &message);
  const std::optional<Call> call = call_at_stop(pid);
  if (outcome.traces.size() < kMostRecords)
    outcome.traces.push_back({pid, static_cast<std::uint32_t>(message), call.value_or(Call{.number = -1})});
  const bool planned = !call_ || (call && call->abi == call_->abi && call->number == call_->number);
  if (planned && plan_.answer == TracerPlan::Answer::skip) skip_call(pid, plan_.result);
}

void Tracer::handle_stop(pid_t pid, int wait_status, Outcome& outcome) const {
  const int signal = WSTOPSIG(wait_status);
  const int event = wait_status >> 16;
  long deliver = 0;
  if (event == PTRACE_EVENT_SECCOMP) {
    handle_seccomp_stop(pid, outcome);
  } else if (event == PTRACE_EVENT_STOP && is_stopping_signal(signal)) {
    ::ptrace(PTRACE_LISTEN, pid, nullptr, nullptr);
    return;
  } else if (event == 0) {
    if (signal == SIGSYS) record_sigsys_stop(pid, outcome);
    deliver = signal;
  }
  ::ptrace(PTRACE_CONT, pid, nullptr, deliver);
}

}  // namespace sandgauge
