// The smaller Linux security modules: Yama, SELinux, lockdown.
#include <sys/ptrace.h>
#include <sys/wait.h>

#if defined(__x86_64__)
#include <sys/io.h>
#endif

#include <algorithm>
#include <csignal>

#include "kernel/filter_call.h"
#include "kernel/rows.h"
#include "kernel/text_file.h"
#include "kernel/trial.h"

namespace sandgauge {
namespace {

/// The list of LSMs, as a finding about one of them.
Finding listed(const Machine& machine, const char* lsm) {
  if (!machine.lsms) return {Standing::unknown, machine.lsms_source};
  const bool there = machine.lists(lsm);
  return {there ? Standing::yes : Standing::no, fmt::format("{} is {}in {}", lsm, there ? "" : "not ", machine.lsms_source)};
}

void find_yama(const Machine& machine, Capability& c) {
  const auto scope = read_setting("/proc/sys/kernel/yama/ptrace_scope");
  c.advertised = listed(machine, "yama");
  if (scope) {
    c.value = *scope;
    c.advertised = {*scope == "0" ? Standing::no : Standing::yes, "kernel.yama.ptrace_scope is " + *scope};
  }
  c.works = attempt([&](Witness& witness) {
    constexpr unsigned kNobody = 65534;
    if (machine.host.uid != 0 && machine.has("CAP_SYS_PTRACE")) return witness.untested("CAP_SYS_PTRACE may trace anything");
    if (machine.host.uid == 0 && ::syscall(SYS_setresuid, kNobody, kNobody, kNobody) != 0)
      return witness.untested("cannot become an ordinary user to try it: setresuid(2): %s", error_name(errno));
    ::prctl(PR_SET_DUMPABLE, 1);  // it went with the user id, and would deny the tracer too
    const pid_t target = fork_helper([] { ::pause(); });
    const int own = ::ptrace(PTRACE_SEIZE, target, nullptr, nullptr) == 0 ? 0 : errno;
    if (own == 0) ::kill(target, SIGKILL);
    const pid_t sibling_target = fork_helper([] { ::pause(); });
    const int status = wait_for(fork_helper(
        [&] { ::_exit(::ptrace(PTRACE_SEIZE, sibling_target, nullptr, nullptr) == 0 ? 0 : std::min(errno, 255)); }));
    if (!WIFEXITED(status)) return witness.untested("the tracer died");
    const int sibling = WEXITSTATUS(status);
    if (sibling == 0) return witness.no("a process may trace another one of the same user that is not its child");
    if (own != 0 && !(scope && (*scope == "2" || *scope == "3")))
      return witness.untested("a process may not even trace its child: %s", error_name(own));
    if (sibling != EPERM) return witness.untested("tracing another process: %s", error_name(sibling));
    if (machine.host.outer_filters != 0 && own != 0)
      return witness.untested("a filter around this process may deny ptrace(2)");
    witness.yes("a process may %strace its child, and no other one of the same user", own == 0 ? "" : "not ");
  });
}

void find_selinux(const Machine& machine, Capability& c) {
  c.advertised = listed(machine, "selinux");
  const auto enforce = read_setting("/sys/fs/selinux/enforce");
  if (enforce) {
    c.value = *enforce == "1" ? "enforcing" : "permissive";
    c.advertised = {*enforce == "1" ? Standing::yes : Standing::no, "/sys/fs/selinux/enforce is " + *enforce};
    c.works = {Standing::untested, "to see it deny something a policy would have to be changed"};
    return;
  }
  // Its file system is known to the kernel only while SELinux runs (Linux security/selinux/selinuxfs.c, init_sel_fs).
  const auto known = read_text_file("/proc/filesystems");
  if (!known) {
    c.works = {Standing::untested, known.error().message};
  } else if (known->find("\tselinuxfs\n") == std::string::npos) {
    c.works = {Standing::no, "selinuxfs is not in /proc/filesystems: SELinux does not run"};
  } else {
    c.works = {Standing::untested, enforce.error().message};
  }
}

void find_lockdown(const Machine& machine, Capability& c) {
  constexpr char kMode[] = "/sys/kernel/security/lockdown";
  c.advertised = listed(machine, "lockdown");
  if (const auto modes = read_setting(kMode)) {  // "none [integrity] confidentiality"
    const std::size_t begin = modes->find('[');
    const std::size_t end = modes->find(']', begin);
    if (begin != std::string::npos && end != std::string::npos) c.value = modes->substr(begin + 1, end - begin - 1);
    c.advertised = {c.value == "none" || c.value.empty() ? Standing::no : Standing::yes,
                    fmt::format("{}: {}", kMode, *modes)};
  } else if (c.advertised.standing == Standing::yes) {
    c.advertised = {Standing::unknown,
                    fmt::format("{}; which mode it is in cannot be read: {}", c.advertised.evidence, modes.error().message)};
  }
#if defined(__x86_64__)
  c.works = attempt([&](Witness& witness) {
    if (!machine.has_in_first_namespace("CAP_SYS_RAWIO"))
      return witness.untested("needs CAP_SYS_RAWIO in the first user namespace");
    // Port 0x80 is where a PC's start-up code shows its progress. It is not written to, only asked for, by this child alone.
    constexpr unsigned long kPort = 0x80;
    if (::ioperm(kPort, 1, 1) == 0) return witness.no("a privileged process gets access to I/O ports");
    if (errno != EPERM)
      return witness.untested("what it would deny, I/O ports, this kernel does not have: %s", error_name(errno));
    if (machine.host.outer_filters != 0) return witness.untested("ioperm(2): EPERM, maybe by a filter around this process");
    witness.yes("a privileged process is denied I/O ports: EPERM");
  });
#else
  c.works = {Standing::untested, "written for x86_64 only"};
#endif
}

}  // namespace

std::vector<Row> lsm_rows() {
  return {
      {.id = "lsm.yama",
       .title = "Yama: ptrace only of one's own children",
       .meaning = "A program that was broken into cannot read the memory of the same user's other programs.",
       .since = {3, 4},
       .source = "ptrace(2), /proc/sys/kernel/yama/ptrace_scope",
       .options = {"SECURITY_YAMA"},
       .find = find_yama},
      {.id = "lsm.selinux",
       .title = "SELinux, enforcing",
       .meaning = "Labels decide what a program may do, whatever its user.",
       .since = {2, 6},
       .source = "Linux Documentation/admin-guide/LSM/SELinux.rst",
       .options = {"SECURITY_SELINUX"},
       .find = find_selinux},
      {.id = "lsm.lockdown",
       .title = "kernel lockdown",
       .meaning = "Even root cannot change or read the running kernel. It may forbid BPF programs and tracing, too.",
       .since = {5, 4},
       .source = "kernel_lockdown(7)",
       .options = {"SECURITY_LOCKDOWN_LSM"},
       .find = find_lockdown},
  };
}

}  // namespace sandgauge
