#include <algorithm>
#include <set>

#include "app/lint_calls.h"
#include "model/syscalls.h"

namespace sandgauge {
namespace {

using Family = std::vector<std::string_view>;

/// Calls that do the same: who has one of them needs no other. From the man pages: section "VERSIONS" and "See also".
const std::vector<Family> kTwins = {
    {"open", "openat", "openat2", "creat"},
    {"mkdir", "mkdirat"},
    {"rmdir", "unlinkat"},
    {"unlink", "unlinkat"},
    {"link", "linkat"},
    {"symlink", "symlinkat"},
    {"rename", "renameat", "renameat2"},
    {"mknod", "mknodat"},
    {"chmod", "fchmodat", "fchmodat2", "fchmod"},
    {"chown", "lchown", "fchownat", "fchown", "chown32", "lchown32", "fchown32"},
    {"readlink", "readlinkat"},
    {"access", "faccessat", "faccessat2"},
    {"stat", "newfstatat", "statx", "stat64", "fstatat64", "lstat", "lstat64"},
    {"statfs", "statfs64"},
    {"fstatfs", "fstatfs64"},
    {"truncate", "truncate64"},
    {"ftruncate", "ftruncate64"},
    {"utime", "utimes", "utimensat", "futimesat", "utimensat_time64"},
    {"getxattr", "lgetxattr", "fgetxattr", "getxattrat"},
    {"setxattr", "lsetxattr", "fsetxattr", "setxattrat"},
    {"listxattr", "llistxattr", "flistxattr", "listxattrat"},
    {"removexattr", "lremovexattr", "fremovexattr", "removexattrat"},
    {"execve", "execveat"},
    {"fork", "vfork", "clone", "clone3"},
    {"waitpid", "wait4", "waitid"},
    {"kill", "tkill", "tgkill", "pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo"},
    {"process_vm_readv", "ptrace"},
    {"process_vm_writev", "ptrace"},
    {"sendto", "sendmsg", "sendmmsg"},
    {"recvfrom", "recvmsg", "recvmmsg", "recvmmsg_time64"},
    {"accept", "accept4"},
    {"write", "writev", "pwrite64", "pwritev", "pwritev2", "io_submit"},
    {"read", "readv", "pread64", "preadv", "preadv2", "io_submit"},
    {"fcntl", "fcntl64"},
    {"mmap", "mmap2"},
    {"mprotect", "pkey_mprotect"},
    {"mount", "move_mount"},
    {"umount", "umount2"},
    {"init_module", "finit_module"},
    {"kexec_load", "kexec_file_load"},
    {"settimeofday", "clock_settime", "clock_settime64", "stime", "adjtimex", "clock_adjtime", "clock_adjtime64"},
    {"setuid", "setreuid", "setresuid", "setuid32", "setreuid32", "setresuid32"},
    {"setgid", "setregid", "setresgid", "setgid32", "setregid32", "setresgid32"},
    {"setgroups", "setgroups32"},
    {"setrlimit", "prlimit64"},
    {"quotactl", "quotactl_fd"},
    {"getdents", "getdents64"},
    {"fadvise64", "fadvise64_64", "arm_fadvise64_64"},
    {"sync_file_range", "sync_file_range2", "arm_sync_file_range"},
    {"socketcall", "socket", "bind", "connect", "listen", "accept", "accept4", "sendto", "sendmsg"},
    {"ipc", "shmget", "shmat", "semget", "semop", "msgget", "msgsnd", "msgrcv"},
};

/// Calls that do more than their twins, or are there for something else: that they are denied says nothing of these.
bool is_wider(std::string_view name, const Family& family) {
  if (name == "unlinkat") return family.front() == "rmdir";
  // What i386's multiplexers stand for is lint_multiplexers()' business, and the other way round.
  if (family.front() == "socketcall" || family.front() == "ipc") return true;
  return name == "ptrace" || name == "io_submit" || name == "pkey_mprotect";
}

/// The argument with flags that the call's older twins do not have: who tests only these says nothing of the twins.
struct OwnFlags {
  std::string_view name;
  unsigned argument;
};
constexpr OwnFlags kOwnFlags[] = {
    {"renameat2", 4}, {"unlinkat", 2},  {"linkat", 4},     {"execveat", 4},  {"preadv2", 5},  {"pwritev2", 5},
    {"fchownat", 4},  {"accept4", 3},   {"faccessat2", 3}, {"fchmodat2", 3}, {"statx", 2},    {"newfstatat", 3},
    {"fstatat64", 3}, {"utimensat", 3}, {"umount2", 1},    {"sendto", 3},    {"recvfrom", 3}, {"utimensat_time64", 3}};

bool tests_only_own_flags(std::string_view name, const std::vector<const ResolvedRule*>& rules) {
  const auto* own = std::ranges::find(kOwnFlags, name, &OwnFlags::name);
  return own != std::end(kOwnFlags) && std::ranges::all_of(rules, [&](const ResolvedRule* rule) {
           return std::ranges::all_of(rule->when, [&](const ArgumentTest& test) { return test.index == own->argument; });
         });
}

/// What a profile stops of a call: all of it by a rule, or some of it by a rule's tests.
struct Denial {
  const ResolvedRule* rule = nullptr;
  Call call;  // that is stopped
  bool some = false;
};

std::optional<Denial> denial_of(const LintSubject& subject, Abi abi, std::string_view name) {
  const auto number = syscall_number(abi, name);
  if (!number) return std::nullopt;
  std::optional<Denial> denial;
  if (const ResolvedRule* rule = subject.denying_rule(abi, *number)) {
    denial = Denial{rule, {.abi = abi, .number = *number}};
  } else {
    // The flags of clone are lint_clone3()'s.
    const auto rules = subject.rules_of(abi, *number);
    const auto tested = std::ranges::find_if(rules, [](const ResolvedRule* each) { return !each->when.empty(); });
    if (tested == rules.end() || name == "clone" || tests_only_own_flags(name, rules)) return std::nullopt;
    if (!subject.open_call(abi, *number)) return std::nullopt;
    for (const Call& call : telling_calls(subject, abi, *number))
      if (!denial && !subject.open(call)) denial = Denial{*tested, call, true};
  }
  if (denial && tells_libc_to_fall_back(subject.decide(denial->call))) return std::nullopt;
  return denial;
}

/// Open whatever its arguments, or for a call that is stopped altogether: open at all.
std::optional<Call> open_twin(const LintSubject& subject, Abi abi, std::string_view twin, bool whatever) {
  const auto number = syscall_number(abi, twin);
  if (!number) return std::nullopt;
  const std::vector<Call> calls = telling_calls(subject, abi, *number);
  if (whatever && !std::ranges::all_of(calls, [&](const Call& call) { return subject.open(call); })) return std::nullopt;
  return subject.open_call(abi, *number);
}

using Said = std::set<std::string_view>;

void lint_denied_twin(const LintSubject& subject, Abi abi, std::string_view name, const Family& family, Said& said,
                      std::vector<LintFinding>& findings) {
  const auto denial = denial_of(subject, abi, name);
  if (!denial) return;
  std::vector<std::string> open;
  std::optional<Call> witness;
  for (const std::string_view twin : family) {
    if (twin == name) continue;
    const auto call = open_twin(subject, abi, twin, denial->some);
    if (!call) continue;
    open.emplace_back(twin);
    if (!witness) witness = call;
  }
  // What is said of the first architecture need not be said of the others.
  if (!witness || !said.insert(name).second) return;
  const std::string action = to_string(subject.decide(denial->call));
  findings.push_back(
      subject.proved(subject.finding(Severity::high, "open-twin", denial->rule,
                                     fmt::format("{} gets {}{}, but {} can do the same and {} open{}", name, action,
                                                 denial->some ? " for some arguments" : "", joined_names(open),
                                                 open.size() == 1 ? "is" : "are", denial->some ? " for all" : "")),
                     *witness));
}

/// clone(2)'s flags are an argument, clone3(2)'s are in memory.
void lint_clone3(const LintSubject& subject, Abi abi, Said& said, std::vector<LintFinding>& findings) {
  const auto clone = syscall_number(abi, "clone");
  const auto clone3 = syscall_number(abi, "clone3");
  if (!clone || !clone3) return;
  const auto rules = subject.rules_of(abi, *clone);
  const auto tested = std::ranges::find_if(rules, [](const ResolvedRule* rule) { return !rule->when.empty(); });
  const auto witness = subject.open_call(abi, *clone3);
  if (tested == rules.end() || !witness || !said.insert("clone").second) return;
  findings.push_back(
      subject.proved(subject.finding(Severity::high, "open-twin", *tested,
                                     "the flags of clone are tested, but clone3, whose flags no filter can see, is open"),
                     *witness));
}

/// Other names for what a call does, from the families and from the ways in which names differ between architectures.
std::set<std::string_view> counterparts(const std::string& name) {
  std::set<std::string_view> names;
  for (const Family& family : kTwins)
    if (std::ranges::find(family, name) != family.end())
      for (const std::string_view other : family) names.insert(other);
  for (const std::string_view ending : {"32", "64", "_time64"}) {
    for (const SyscallEntry& entry : every_syscall())
      if (entry.name == name + std::string(ending) || std::string(entry.name) + std::string(ending) == name)
        names.insert(entry.name);
  }
  names.erase(name);
  return names;
}

}  // namespace

void lint_twins(const LintSubject& subject, std::vector<LintFinding>& findings) {
  Said said;
  for (const Abi abi : subject.policy().architectures) {
    for (const Family& family : kTwins)
      for (const std::string_view name : family) {
        // Newer forms are denied so that libc takes the older one; lint_fallbacks() looks at how.
        if (!is_wider(name, family) && !has_fallback(name)) lint_denied_twin(subject, abi, name, family, said, findings);
      }
    lint_clone3(subject, abi, said, findings);
  }
}

void lint_absent(const LintSubject& subject, std::vector<LintFinding>& findings) {
  using About = ProfileNote::About;
  if (!is_open(subject.policy().default_action)) return;
  for (const ProfileNote& note : subject.profile().notes) {
    const bool absent = note.about == About::unlisted || note.about == About::other_architecture;
    if (!absent || note.syscall.empty() || is_open(note.action)) continue;
    const std::set<std::string_view> names = counterparts(note.syscall);
    std::vector<std::string> open;
    std::optional<Call> witness;
    bool any = false;
    for (const std::string_view name : names)
      for (const Abi abi : subject.policy().architectures) {
        const auto number = syscall_number(abi, name);
        if (!number) continue;
        any = true;
        const auto call = subject.open_call(abi, *number);
        if (!call || std::ranges::find(open, name) != open.end()) continue;
        open.emplace_back(name);
        if (!witness) witness = call;
      }
    if (any && !witness) continue;  // a list for several machines, and complete
    const std::string absent_here =
        fmt::format("this rule stops nothing: the profile's architectures have no {}", note.syscall);
    if (!witness) {
      findings.push_back(subject.finding(Severity::low, "absent-syscall", note.place, absent_here));
      continue;
    }
    findings.push_back(subject.proved(subject.finding(Severity::high, "absent-syscall", note.place,
                                                      fmt::format("{}, and {}, which can do the same, {} open", absent_here,
                                                                  joined_names(open), open.size() == 1 ? "is" : "are")),
                                      *witness));
  }
}

}  // namespace sandgauge
