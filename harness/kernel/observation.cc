// Observation: where an operator could see what a sandbox does.
#include <dirent.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstring>

#include "base/unique_fd.h"
#include "kernel/filter_call.h"
#include "kernel/log_trial.h"
#include "kernel/rows.h"
#include "kernel/text_file.h"
#include "kernel/trial.h"

namespace sandgauge {
namespace {

void find_audit(const Machine& machine, Capability& c) {
  const long error = ask([] { return ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT) >= 0 ? 0 : -errno; });
  const std::string evidence = error == 0 ? "it succeeds" : fmt::format("{}", error_name(static_cast<int>(-error)));
  c.advertised = {error == 0          ? Standing::yes
                  : error == -kKilled ? Standing::unknown
                                      : Standing::no,
                  "socket(NETLINK_AUDIT): " + evidence};
  c.works = try_logging().readable;
  if (c.works.standing == Standing::no && !machine.has_in_first_namespace("CAP_AUDIT_READ") && error == 0)
    c.works = {Standing::untested, "needs CAP_AUDIT_READ in the first user namespace"};
}

struct AuditStatus {
  nlmsghdr header;
  audit_status status;
};

void find_auditd(const Machine& machine, Capability& c) {
  c.works = attempt([&](Witness& witness) {
    const UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT));
    if (!socket) return witness.no("socket(NETLINK_AUDIT): %s", error_name(errno));
    if (!machine.has_in_first_namespace("CAP_AUDIT_CONTROL"))
      return witness.untested("needs CAP_AUDIT_CONTROL in the first user namespace");
    nlmsghdr request{};
    request.nlmsg_len = sizeof request;
    request.nlmsg_type = AUDIT_GET;
    request.nlmsg_flags = NLM_F_REQUEST;
    if (::send(socket.get(), &request, sizeof request, 0) < 0) return witness.untested("AUDIT_GET: %s", error_name(errno));
    pollfd readable{.fd = socket.get(), .events = POLLIN, .revents = 0};
    constexpr int kPatienceMs = 500;
    if (::poll(&readable, 1, kPatienceMs) != 1) return witness.untested("AUDIT_GET has no answer within %d ms", kPatienceMs);
    alignas(AuditStatus) char room[1024]{};
    const ssize_t length = ::recv(socket.get(), room, sizeof room, 0);
    AuditStatus answer{};
    std::memcpy(&answer, room, sizeof answer);
    if (length >= static_cast<ssize_t>(sizeof(nlmsghdr) + sizeof(int)) && answer.header.nlmsg_type == NLMSG_ERROR) {
      int error = 0;
      std::memcpy(&error, room + sizeof(nlmsghdr), sizeof error);
      return witness.untested("AUDIT_GET: %s", error_name(-error));
    }
    constexpr auto kUpToPid = static_cast<ssize_t>(sizeof(nlmsghdr) + offsetof(audit_status, pid) + sizeof(std::uint32_t));
    if (length < kUpToPid) return witness.untested("AUDIT_GET: a short answer");
    if (answer.status.pid == 0) return witness.no("the kernel knows of no audit daemon");
    witness.yes("the kernel knows of an audit daemon");
  });
}

void find_dmesg(const Machine& machine, Capability& c) {
  constexpr char kRestrict[] = "/proc/sys/kernel/dmesg_restrict";
  if (const auto restricted = read_setting(kRestrict)) {
    const bool allowed = *restricted == "0" || machine.has_in_first_namespace("CAP_SYSLOG");
    c.advertised = {allowed ? Standing::yes : Standing::no, fmt::format("{} is {}", kRestrict, *restricted)};
  } else {
    c.advertised = {Standing::unknown, restricted.error().message};
  }
  c.works = attempt([](Witness& witness) {
    constexpr int kReadAll = 3;  // SYSLOG_ACTION_READ_ALL, syslog(2)
    char text[4096];
    if (::klogctl(kReadAll, text, sizeof text) >= 0) return witness.yes("syslog(SYSLOG_ACTION_READ_ALL) gives the log");
    const int error = errno;
    const UniqueFd log(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (log && (::read(log.get(), text, sizeof text) > 0 || errno == EAGAIN)) return witness.yes("/dev/kmsg can be read");
    witness.no("syslog(SYSLOG_ACTION_READ_ALL): %s; /dev/kmsg: %s", error_name(error), error_name(errno));
  });
}

/// Counts one event while this process does something.
void see_counter(Witness& witness, std::uint32_t type, std::uint64_t config, const char* what) {
  perf_event_attr attributes{};
  attributes.size = PERF_ATTR_SIZE_VER5;
  attributes.type = type;
  attributes.config = config;
  attributes.disabled = 1;
  attributes.exclude_kernel = 1;
  attributes.exclude_hv = 1;
  const UniqueFd counter(static_cast<int>(::syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC)));
  if (!counter) return witness.no("perf_event_open(2) for %s: %s", what, error_name(errno));
  ::ioctl(counter.get(), PERF_EVENT_IOC_ENABLE, 0);
  volatile std::uint64_t sum = 0;
  constexpr int kRounds = 200'000;
  for (int i = 0; i < kRounds; ++i) sum = sum + static_cast<std::uint64_t>(i);
  ::ioctl(counter.get(), PERF_EVENT_IOC_DISABLE, 0);
  std::uint64_t count = 0;
  if (::read(counter.get(), &count, sizeof count) != sizeof count)
    return witness.no("the counter of %s cannot be read", what);
  if (count == 0) return witness.no("the counter of %s stays at 0", what);
  witness.yes("the counter of %s counts", what);
}

void advertise_perf(Capability& c) {
  constexpr char kParanoid[] = "/proc/sys/kernel/perf_event_paranoid";
  const auto paranoid = read_setting(kParanoid);
  c.advertised = paranoid ? Finding{Standing::yes, fmt::format("{} is {}", kParanoid, *paranoid)}
                          : Finding{Standing::unknown, paranoid.error().message};
}

void find_perf(const Machine&, Capability& c) {
  advertise_perf(c);
  c.works =
      attempt([](Witness& witness) { see_counter(witness, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK, "task clock"); });
}

void find_hardware(const Machine&, Capability& c) {
  advertise_perf(c);
  c.works = attempt(
      [](Witness& witness) { see_counter(witness, PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, "instructions"); });
}

void find_ptrace(const Machine&, Capability& c) {
  c.works = attempt([](Witness& witness) {
    constexpr int kNoStop = 255;
    const pid_t tracee = fork_helper([] {
      if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(std::min(errno, kNoStop - 1));
      if (::raise(SIGSTOP) != 0) ::_exit(kNoStop);
      ::syscall(SYS_getppid);
    });
    int status = wait_for(tracee);
    if (WIFEXITED(status) && WEXITSTATUS(status) == kNoStop) return witness.untested("the tracee did not stop by raise(3)");
    if (WIFEXITED(status)) return witness.no("ptrace(PTRACE_TRACEME): %s", error_name(WEXITSTATUS(status)));
    if (!WIFSTOPPED(status)) return witness.untested("the tracee died");
    if (::ptrace(PTRACE_SETOPTIONS, tracee, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) != 0 ||
        ::ptrace(PTRACE_SYSCALL, tracee, nullptr, nullptr) != 0)
      return witness.no("ptrace(PTRACE_SYSCALL): %s", error_name(errno));
    status = wait_for(tracee);
    constexpr int kCallStop = SIGTRAP | 0x80;  // ptrace(2), PTRACE_O_TRACESYSGOOD
    if (!WIFSTOPPED(status) || WSTOPSIG(status) != kCallStop) return witness.no("no stop at a call");
    witness.yes("a child stops at its call");
  });
}

}  // namespace

std::vector<Row> observation_rows() {
  return {
      {.id = "observe.audit",
       .title = "audit records can be read",
       .meaning = "Denials and logged calls can be seen from here, as they happen.",
       .since = {3, 16},
       .source = "kernel/audit.c, AUDIT_NLGRP_READLOG",
       .options = {"AUDIT"},
       .find = find_audit},
      {.id = "observe.auditd",
       .title = "an audit daemon is running",
       .meaning = "Records go to its log instead of the kernel's.",
       .since = {},
       .source = "linux/audit.h, AUDIT_GET",
       .options = {},
       .find = find_auditd},
      {.id = "observe.dmesg",
       .title = "the kernel's log can be read",
       .meaning = "Where records go that no audit daemon takes.",
       .since = {},
       .source = "syslog(2)",
       .options = {"PRINTK"},
       .find = find_dmesg},
      {.id = "observe.ptrace",
       .title = "ptrace(2) of a child",
       .meaning = "strace and debuggers work here.",
       .since = {},
       .source = "ptrace(2)",
       .options = {},
       .find = find_ptrace},
      {.id = "observe.perf",
       .title = "perf: counters of software events",
       .meaning = "Time and switches of a sandboxed program can be counted.",
       .since = {2, 6},
       .source = "perf_event_open(2)",
       .options = {"PERF_EVENTS"},
       .find = find_perf},
      {.id = "observe.perf_hardware",
       .title = "perf: counters of the CPU",
       .meaning = "The cost of a filter can be counted in instructions. Many virtual machines have none.",
       .since = {2, 6},
       .source = "perf_event_open(2)",
       .options = {"PERF_EVENTS"},
       .find = find_hardware},
  };
}

}  // namespace sandgauge
