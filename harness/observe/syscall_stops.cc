#include "observe/syscall_stops.h"

#include <sys/ptrace.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>

#include "base/errno_text.h"
#include "model/call.h"
#include "model/syscalls.h"

namespace sandgauge {
namespace {

constexpr long kFollowOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                                PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
constexpr int kSyscallStop = SIGTRAP | 0x80;  // PTRACE_O_TRACESYSGOOD

bool is_group_stop(int event, int signal) {
  return event == PTRACE_EVENT_STOP && (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU);
}

}  // namespace

Result<void> SyscallStops::attach(pid_t pid) {
  if (::ptrace(PTRACE_SEIZE, pid, nullptr, kFollowOptions) != 0) return fail("ptrace(PTRACE_SEIZE): {}", errno_text(errno));
  // The next stop is where it is told to stop at calls.
  if (::ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr) != 0) return fail("ptrace(PTRACE_INTERRUPT): {}", errno_text(errno));
  return {};
}

bool SyscallStops::counts(const Entered& call) {
  if (sheet_ != nullptr) return sheet_->stage == static_cast<std::uint32_t>(PreloadStage::loaded);
  started_ = started_ || call.number == syscall_number(call.abi, "execve");
  return started_;
}

void SyscallStops::note(pid_t pid) {
  __ptrace_syscall_info info{};
  if (::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0) return;
  if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
    Call call;
    const seccomp_data data{.nr = static_cast<int>(info.entry.nr), .arch = info.arch, .instruction_pointer = 0, .args = {}};
    if (!from_seccomp_data(data, call)) return;
    const Entered entered{call.abi, call.number};
    if (!counts(entered)) return;
    add_call(seen_, call.abi, call.number, {});
    entered_.insert_or_assign(pid, entered);
  } else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
    const auto entered = entered_.find(pid);
    if (entered == entered_.end()) return;
    if (info.exit.is_error != 0) add_errors(seen_, entered->second.abi, entered->second.number, 1);
    entered_.erase(entered);
  }
}

void SyscallStops::handle(pid_t pid, int wait_status) {
  const int signal = WSTOPSIG(wait_status);
  const int event = wait_status >> 16;
  if (is_group_stop(event, signal)) {
    ::ptrace(PTRACE_LISTEN, pid, nullptr, nullptr);
    return;
  }
  if (signal == kSyscallStop) note(pid);
  if (event == PTRACE_EVENT_CLONE) saw_threads_ = true;
  if (event == PTRACE_EVENT_EXEC) {
    // A thread that is not the first one has become it, with its number.
    unsigned long former = 0;
    ::ptrace(PTRACE_GETEVENTMSG, pid, nullptr, &former);
    if (const auto entered = entered_.find(static_cast<pid_t>(former)); entered != entered_.end() && entered->first != pid) {
      entered_.insert_or_assign(pid, entered->second);
      entered_.erase(entered);
    }
  }
  const long deliver = event == 0 && signal != kSyscallStop ? signal : 0;
  ::ptrace(every_call_ ? PTRACE_SYSCALL : PTRACE_CONT, pid, nullptr, deliver);
}

}  // namespace sandgauge
