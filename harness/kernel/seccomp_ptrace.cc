// seccomp and ptrace(2): what a tracer sees and may change of a process under a filter.
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>

#include "kernel/filter_call.h"
#include "kernel/rows.h"
#include "kernel/trial.h"

namespace sandgauge {
namespace {

// Not in every glibc's sys/ptrace.h. Source: Linux include/uapi/linux/ptrace.h.
constexpr auto kGetFilter = static_cast<__ptrace_request>(0x420c);    // PTRACE_SECCOMP_GET_FILTER
constexpr auto kGetMetadata = static_cast<__ptrace_request>(0x420d);  // PTRACE_SECCOMP_GET_METADATA
constexpr auto kGetCallInfo = static_cast<__ptrace_request>(0x420e);  // PTRACE_GET_SYSCALL_INFO
constexpr unsigned long kSuspend = 1UL << 21;                         // PTRACE_O_SUSPEND_SECCOMP

const auto kKept = answer(kTrialCall, SECCOMP_RET_ERRNO | EACCES);
constexpr int kDenied = 3;  // exit codes of a tracee
constexpr int kRan = 4;

/// A tracee that loads `code`, stops, makes the trial's call and exits with kDenied or kRan. Returns it at its stop; -1,
/// with a finding, if it cannot be had.
pid_t stopped_tracee(Witness& witness, std::span<const sock_filter> code, unsigned long flags = 0) {
  const pid_t tracee = fork_helper([&] {
    if (load_filter(code, flags) < 0) ::_exit(1);
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(2);
    if (::raise(SIGSTOP) != 0) ::_exit(5);
    ::_exit(trial_call() == -EACCES ? kDenied : kRan);
  });
  const int status = wait_for(tracee);
  if (WIFSTOPPED(status)) return tracee;
  const int exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  if (exit_code == 1 && flags != 0 && seccomp_denied(flags) != 0) {
    witness.untested("seccomp(2) is denied: %s", error_name(seccomp_denied(flags)));
  } else if (exit_code == 1) {
    witness.no("the filter does not load");
  } else {
    witness.untested(exit_code == 2 ? "ptrace(PTRACE_TRACEME) is refused" : "the tracee did not stop by raise(3)");
  }
  return -1;
}

/// How a request that failed is to be read: without the privilege it needs nothing was learnt.
void refused(Witness& witness, const Machine& machine, const char* what, int error) {
  if (error == EACCES && !machine.has_in_first_namespace("CAP_SYS_ADMIN"))
    return witness.untested("needs CAP_SYS_ADMIN in the first user namespace");
  if ((error == EACCES || error == EPERM) && machine.host.outer_filters != 0)
    return witness.untested("%s: %s: a tracer that is under a filter itself may not", what, error_name(error));
  witness.no("%s: %s", what, error_name(error));
}

void find_get_filter(const Machine& machine, Capability& c) {
  c.works = attempt([&](Witness& witness) {
    const pid_t tracee = stopped_tracee(witness, kKept);
    if (tracee < 0) return;
    sock_filter code[BPF_MAXINSNS];
    const long length = ::ptrace(kGetFilter, tracee, 0, code);
    if (length < 0) return refused(witness, machine, "PTRACE_SECCOMP_GET_FILTER", errno);
    if (length != static_cast<long>(kKept.size()) || std::memcmp(code, kKept.data(), sizeof kKept) != 0)
      return witness.no("%ld instructions come back, not the filter's own", length);
    witness.yes("the filter's instructions come back as they were loaded");
  });
}

void find_get_metadata(const Machine& machine, Capability& c) {
  c.works = attempt([&](Witness& witness) {
    const pid_t tracee = stopped_tracee(witness, kKept, SECCOMP_FILTER_FLAG_LOG);
    if (tracee < 0) return;
    struct {
      std::uint64_t filter = 0;
      std::uint64_t flags = 0;
    } metadata;  // struct seccomp_metadata, linux/ptrace.h
    const long length = ::ptrace(kGetMetadata, tracee, sizeof metadata, &metadata);
    if (length < 0) return refused(witness, machine, "PTRACE_SECCOMP_GET_METADATA", errno);
    if ((metadata.flags & SECCOMP_FILTER_FLAG_LOG) == 0) return witness.no("the filter's flag LOG does not come back");
    witness.yes("the filter's flag LOG comes back");
  });
}

void find_suspend(const Machine& machine, Capability& c) {
  c.works = attempt([&](Witness& witness) {
    const pid_t tracee = stopped_tracee(witness, kKept);
    if (tracee < 0) return;
    if (::ptrace(PTRACE_SETOPTIONS, tracee, nullptr, kSuspend | PTRACE_O_EXITKILL) != 0) {
      if (errno == EPERM && !machine.has_in_first_namespace("CAP_SYS_ADMIN"))
        return witness.untested("needs CAP_SYS_ADMIN in the first user namespace");
      return refused(witness, machine, "PTRACE_O_SUSPEND_SECCOMP", errno);
    }
    ::ptrace(PTRACE_CONT, tracee, nullptr, nullptr);
    const int status = wait_for(tracee);
    if (!WIFEXITED(status)) return witness.untested("the tracee did not end by itself");
    if (WEXITSTATUS(status) != kRan) return witness.no("the filter still denies the call");
    witness.yes("while it is suspended the filter denies nothing");
  });
}

/// At a PTRACE_EVENT_SECCOMP stop for the trial's call; -1, with a finding, if it cannot be had.
pid_t tracee_at_call(Witness& witness) {
  const pid_t tracee = stopped_tracee(witness, answer(kTrialCall, SECCOMP_RET_TRACE));
  if (tracee < 0) return -1;
  if (::ptrace(PTRACE_SETOPTIONS, tracee, nullptr, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL) != 0) {
    witness.no("PTRACE_O_TRACESECCOMP: %s", error_name(errno));
    return -1;
  }
  ::ptrace(PTRACE_CONT, tracee, nullptr, nullptr);
  const int status = wait_for(tracee);
  if (WIFSTOPPED(status) && status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)) return tracee;
  witness.no("no PTRACE_EVENT_SECCOMP stop at the call");
  return -1;
}

void find_call_info(const Machine&, Capability& c) {
  c.works = attempt([](Witness& witness) {
    const pid_t tracee = tracee_at_call(witness);
    if (tracee < 0) return;
    struct {
      std::uint8_t op;
      std::uint8_t pad[3];
      std::uint32_t arch;
      std::uint64_t instruction_pointer;
      std::uint64_t stack_pointer;
      std::uint64_t number;
      std::uint64_t rest[16];
    } info{};                        // struct ptrace_syscall_info, linux/ptrace.h
    constexpr int kSeccompStop = 3;  // PTRACE_SYSCALL_INFO_SECCOMP
    if (::ptrace(kGetCallInfo, tracee, sizeof info, &info) < 0)
      return witness.no("PTRACE_GET_SYSCALL_INFO: %s", error_name(errno));
    if (info.op != kSeccompStop || info.number != kTrialCall)
      return witness.no("kind %d, call %llu", info.op, static_cast<unsigned long long>(info.number));
    witness.yes("kind of stop and number of the call are right");
  });
}

void find_skip_call(const Machine&, Capability& c) {
#if defined(__x86_64__)
  c.works = attempt([](Witness& witness) {
    const pid_t tracee = tracee_at_call(witness);
    if (tracee < 0) return;
    // Number -1 skips the call; the result register is what it seems to have given.
    user_regs_struct registers{};
    if (::ptrace(PTRACE_GETREGS, tracee, nullptr, &registers) != 0)
      return witness.untested("PTRACE_GETREGS: %s", error_name(errno));
    registers.orig_rax = static_cast<unsigned long long>(-1);
    registers.rax = static_cast<unsigned long long>(-EACCES);
    if (::ptrace(PTRACE_SETREGS, tracee, nullptr, &registers) != 0)
      return witness.untested("PTRACE_SETREGS: %s", error_name(errno));
    ::ptrace(PTRACE_CONT, tracee, nullptr, nullptr);
    const int status = wait_for(tracee);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != kDenied) return witness.no("the call is not skipped");
    witness.yes("the tracer skips the call and gives it its result");
  });
#else
  c.works = {Standing::untested, "written for x86_64 only"};
#endif
}

}  // namespace

std::vector<Row> seccomp_ptrace_rows() {
  return {
      {.id = "seccomp.ptrace.skip",
       .title = "ptrace: a tracer skips a call",
       .meaning = "A tracer can answer a call by itself instead of the kernel.",
       .since = {3, 5},
       .source = "seccomp(2), SECCOMP_RET_TRACE",
       .options = {"SECCOMP_FILTER"},
       .find = find_skip_call},
      {.id = "seccomp.ptrace.syscall_info",
       .title = "ptrace: GET_SYSCALL_INFO at a seccomp stop",
       .meaning = "A tracer learns what was called without knowing the machine's registers.",
       .since = {5, 3},
       .source = "ptrace(2), PTRACE_GET_SYSCALL_INFO",
       .options = {"SECCOMP_FILTER"},
       .find = find_call_info},
      {.id = "seccomp.ptrace.get_filter",
       .title = "ptrace: GET_FILTER",
       .meaning = "A privileged tool can read back which filter a program really runs under.",
       .since = {4, 4},
       .source = "ptrace(2), PTRACE_SECCOMP_GET_FILTER",
       .options = {"SECCOMP_FILTER", "CHECKPOINT_RESTORE"},
       .find = find_get_filter},
      {.id = "seccomp.ptrace.get_metadata",
       .title = "ptrace: GET_METADATA",
       .meaning = "The same for the flags that a filter was loaded with.",
       .since = {4, 16},
       .source = "kernel/seccomp.c, seccomp_get_metadata",
       .options = {"SECCOMP_FILTER", "CHECKPOINT_RESTORE"},
       .find = find_get_metadata},
      {.id = "seccomp.ptrace.suspend",
       .title = "ptrace: SUSPEND_SECCOMP",
       .meaning = "A privileged tracer (CRIU) can take a program out of its filters: also a way around them.",
       .since = {4, 3},
       .source = "ptrace(2), PTRACE_O_SUSPEND_SECCOMP",
       .options = {"SECCOMP_FILTER", "CHECKPOINT_RESTORE"},
       .find = find_suspend},
  };
}

}  // namespace sandgauge
