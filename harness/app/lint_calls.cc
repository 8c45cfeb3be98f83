#include "app/lint_calls.h"

#include <algorithm>

#include "model/syscalls.h"

namespace sandgauge {
namespace {

/// What io_uring(7) does by IORING_OP_*, and since when it is not optional: io_uring_enter(2).
constexpr std::string_view kDoneByIoUring[] = {
    "openat", "openat2", "mkdirat",   "unlinkat", "renameat2", "linkat",   "symlinkat", "socket",   "connect",
    "bind",   "listen",  "accept",    "accept4",  "sendmsg",   "sendto",   "recvmsg",   "recvfrom", "read",
    "write",  "statx",   "fallocate", "splice",   "ftruncate", "setxattr", "fsetxattr", "getxattr", "fgetxattr",
    "open",   "mkdir",   "unlink",    "rename",   "link",      "symlink"};

/// glibc and musl try the older call only after ENOSYS: their sysdeps/unix/sysv/linux, and src/.
struct Fallback {
  std::string_view name;
  std::string_view older;
};
constexpr Fallback kFallbacks[] = {{"clone3", "clone"},
                                   {"faccessat2", "faccessat"},
                                   {"fchmodat2", "fchmodat"},
                                   {"statx", "newfstatat"},
                                   {"openat2", "openat"},
                                   {"epoll_pwait2", "epoll_pwait"},
                                   {"preadv2", "preadv"},
                                   {"pwritev2", "pwritev"},
                                   {"close_range", "close"},
                                   {"clock_gettime64", "clock_gettime"},
                                   {"clock_nanosleep_time64", "clock_nanosleep"},
                                   {"futex_time64", "futex"},
                                   {"ppoll_time64", "ppoll"},
                                   {"pselect6_time64", "pselect6"},
                                   {"utimensat_time64", "utimensat"}};

}  // namespace

std::string joined_names(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 8;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kMost; ++i)
    text += fmt::format("{}{}", i == 0 ? "" : i + 1 == names.size() ? " and " : ", ", names[i]);
  return names.size() > kMost ? fmt::format("{} and {} more", text, names.size() - kMost) : text;
}

bool has_fallback(std::string_view name) {
  return std::ranges::find(kFallbacks, name, &Fallback::name) != std::end(kFallbacks);
}

void lint_other_abis(const LintSubject& subject, std::vector<LintFinding>& findings) {
  const Abi own = subject.policy().architectures.empty() ? native_abi() : subject.policy().architectures.front();
  for (const Abi abi : {Abi::x86_64, Abi::i386, Abi::x32}) {
    if (abi == own || own == Abi::aarch64) continue;
    std::vector<std::string> names;
    std::optional<Call> witness;
    const ResolvedRule* place = nullptr;
    for (const SyscallEntry& entry : every_syscall()) {
      const auto number = syscall_number(own, entry.name);
      const auto foreign = syscall_number(abi, entry.name);
      if (!number || !foreign) continue;
      const ResolvedRule* denial = subject.denying_rule(own, *number);
      // Of an allow list it is enough to look at what nobody allows.
      const bool denied = denial != nullptr || (!is_open(subject.policy().default_action) && subject.closed(own, *number));
      const auto call = denied ? subject.open_call(abi, *foreign) : std::nullopt;
      if (!call) continue;
      names.emplace_back(entry.name);
      if (!witness) witness = call;
      if (place == nullptr) place = denial;
    }
    if (!witness) continue;
    findings.push_back(subject.proved(
        subject.finding(Severity::high, "open-abi", place,
                        fmt::format("{} {} denied for {}, but open when made as {} calls", joined_names(names),
                                    names.size() == 1 ? "is" : "are", abi_name(own), abi_name(abi))),
        *witness));
  }
}

void lint_multiplexers(const LintSubject& subject, std::vector<LintFinding>& findings) {
  struct Behind {
    std::string_view name;
    std::string_view multiplexer;
    std::uint64_t number;  // linux/net.h, linux/ipc.h
  };
  constexpr Behind kBehind[] = {{"socket", "socketcall", 1}, {"bind", "socketcall", 2},    {"connect", "socketcall", 3},
                                {"listen", "socketcall", 4}, {"sendto", "socketcall", 11}, {"sendmsg", "socketcall", 16},
                                {"shmget", "ipc", 23},       {"shmat", "ipc", 21},         {"semget", "ipc", 2},
                                {"msgget", "ipc", 13}};
  if (std::ranges::find(subject.policy().architectures, Abi::i386) == subject.policy().architectures.end()) return;
  for (const Behind& behind : kBehind) {
    const auto rules = subject.rules_of(Abi::i386, *syscall_number(Abi::i386, behind.name));
    const auto tested =
        std::ranges::find_if(rules, [](const ResolvedRule* rule) { return !rule->when.empty() || !is_open(rule->action); });
    const Call around{.abi = Abi::i386, .number = *syscall_number(Abi::i386, behind.multiplexer), .args = {behind.number}};
    if (tested == rules.end() || !subject.open(around)) continue;
    findings.push_back(subject.proved(
        subject.finding(Severity::medium, "open-multiplexer", *tested,
                        fmt::format("i386 programs can make {} by {}, which is open and whose arguments no filter can see",
                                    behind.name, behind.multiplexer)),
        around));
  }
}

void lint_io_uring(const LintSubject& subject, std::vector<LintFinding>& findings) {
  for (const Abi abi : subject.policy().architectures) {
    const auto setup = syscall_number(abi, "io_uring_setup");
    const auto witness = setup ? subject.open_call(abi, *setup) : std::nullopt;
    if (!witness) continue;
    std::vector<std::string> denied;
    const ResolvedRule* place = nullptr;
    for (const std::string_view name : kDoneByIoUring) {
      const auto number = syscall_number(abi, name);
      const ResolvedRule* denial = number ? subject.denying_rule(abi, *number) : nullptr;
      if (!number || !subject.closed(abi, *number)) continue;
      if (denial == nullptr && is_open(subject.policy().default_action)) continue;
      denied.emplace_back(name);
      if (place == nullptr) place = denial;
    }
    if (denied.empty()) continue;
    findings.push_back(subject.proved(
        subject.finding(place != nullptr ? Severity::high : Severity::medium, "open-io-uring", place,
                        fmt::format("{} {} denied, but io_uring is open and does the same without a system call that a "
                                    "filter sees",
                                    joined_names(denied), denied.size() == 1 ? "is" : "are")),
        *witness));
    return;
  }
}

void lint_fallbacks(const LintSubject& subject, std::vector<LintFinding>& findings) {
  for (const Abi abi : subject.policy().architectures) {
    if (abi != subject.policy().architectures.front()) continue;
    for (const Fallback& fallback : kFallbacks) {
      const auto number = syscall_number(abi, fallback.name);
      const auto older = syscall_number(abi, fallback.older);
      if (!number || !older || !subject.closed(abi, *number) || !subject.open_call(abi, *older)) continue;
      const Call call{.abi = abi, .number = *number};
      const Action action = subject.decide(call);
      if (tells_libc_to_fall_back(action) || action.kind == ActionKind::trace || action.kind == ActionKind::notify) continue;
      const ResolvedRule* rule = subject.denying_rule(abi, *number);
      findings.push_back(subject.proved(subject.finding(Severity::medium, "not-enosys", rule,
                                                        fmt::format("{} gets {}: libc falls back to {} only after ENOSYS",
                                                                    fallback.name, to_string(action), fallback.older)),
                                        call));
    }
  }
}

}  // namespace sandgauge
