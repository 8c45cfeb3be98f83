#include "app/learn.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <set>

#include "app/command_line.h"
#include "app/complain.h"
#include "app/convert.h"
#include "app/installation.h"
#include "base/errno_text.h"
#include "base/machine_lock.h"
#include "base/unique_fd.h"
#include "confine/preload.h"
#include "confine/seccomp.h"
#include "model/syscalls.h"
#include "observe/observation_text.h"
#include "policy/yaml_reader.h"
#include "report/escape.h"
#include "report/learned.h"
#include "report/output.h"

namespace sandgauge {
namespace {

constexpr KernelVersion kWaitKillableSince{6, 0};

std::vector<std::string> own_environment() {
  std::vector<std::string> words;
  for (char** word = environ; word != nullptr && *word != nullptr; ++word) words.emplace_back(*word);
  return words;
}

/// One answer to every call of every ABI. By ptrace it only marks, with attach preload, when the program's own calls begin.
Program filter_for(FollowBy by) {
  const std::uint32_t answer = by == FollowBy::log      ? SECCOMP_RET_LOG
                               : by == FollowBy::notify ? SECCOMP_RET_USER_NOTIF
                                                        : SECCOMP_RET_ALLOW;
  return {{BPF_STMT(BPF_RET | BPF_K, answer)}};
}

std::string end_of(const Followed& followed) {
  switch (followed.end.kind) {
    case End::Kind::exited: return fmt::format("exited with {}", followed.end.exit_code);
    case End::Kind::signaled:
      return fmt::format("killed by {}{}", signal_name(followed.end.signal), followed.end.core ? ", core dumped" : "");
    case End::Kind::deadline:
    case End::Kind::interrupted: break;
  }
  return fmt::format("killed, for it did not end by itself after {}", followed.interrupted_by);
}

Result<Followed> follow_command(const LearnOptions& options) {
  const auto path = find_command(options.command[0]);
  if (!path) return fail(path.error());
  FollowRequest request{.by = options.by, .path = *path, .words = options.command, .environment = own_environment()};
  const bool listens = options.by == FollowBy::notify;
  const FilterFlags flags{.wait_killable = listens && default_context().kernel >= kWaitKillableSince};
  const Program program = filter_for(options.by);
  const SeccompFilter filter(program, flags, listens);
  std::optional<Preload> preload;
  if (options.delivery == Delivery::preload) {
    const auto library = find_preload_library();
    if (!library) return fail(library.error());
    auto made = Preload::make();
    if (!made) return fail(made.error());
    preload.emplace(std::move(*made));
    if (auto handed = preload->hand_over(program); !handed) return fail(handed.error());
    preload->set_flags(seccomp_flags(flags, listens));
    request.environment = preload->environment(std::move(request.environment), *library);
    request.handed_fd = preload->fd();
    request.sheet = &preload->sheet();
  } else if (options.by != FollowBy::ptrace) {
    request.confinement = &filter;
  }
  MachineLock lock;
  if (options.by == FollowBy::log && !lock.take(MachineLock::Kind::shared, kLockPatience, -1))
    return fail("another run of sandgauge on this machine keeps its audit settings to itself");
  auto followed = follow(request);
  if (!followed || !preload) return followed;
  if (const auto failure = preload->failure())
    return fail("{}: {}{}: nothing was learnt", *path, failure->step,
                failure->error != 0 ? ": " + errno_text(failure->error) : "");
  return followed;
}

Result<Observation> read_log(const std::string& file) {
  const auto text = read_text(file, kLargestObservation);
  if (!text) return fail(text.error());
  return parse_observation(*text, shown_name(file));
}

/// By the mark that its linker leaves for `go version` to find (Go's debug/buildinfo).
bool is_go_program(const std::string& path) {
  constexpr std::string_view kMark = "\xff Go buildinf:";
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat facts {};
  if (!fd || ::fstat(fd.get(), &facts) != 0 || facts.st_size <= 0) return false;
  const auto size = static_cast<std::size_t>(facts.st_size);
  void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (memory == MAP_FAILED) return false;
  const bool found = ::memmem(memory, size, kMark.data(), kMark.size()) != nullptr;
  ::munmap(memory, size);
  return found;
}

/// What Go's runtime calls of its own accord, to sleep, wake, collect garbage, preempt and wait for descriptors: as the
/// moment has it, not the program (src/runtime/sys_linux_*.s, netpoll_epoll.go).
constexpr std::string_view kCallsOfGo[] = {
    "clock_gettime", "clone",     "close",        "epoll_create1",  "epoll_ctl",    "epoll_pwait",
    "eventfd2",      "exit",      "exit_group",   "futex",          "getpid",       "gettid",
    "madvise",       "mincore",   "mmap",         "munmap",         "nanosleep",    "pipe2",
    "prctl",         "read",      "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sched_getaffinity",
    "sched_yield",   "setitimer", "sigaltstack",  "tgkill",         "timer_create", "timer_delete",
    "timer_settime", "write"};

/// The calls that a profile of the command needs though one run may not show them; says so.
std::vector<std::string_view> calls_besides(const LearnOptions& options, const Followed& followed, const std::string& name) {
  if (options.output.empty()) return {};
  if (const auto path = find_command(options.command[0]); path && is_go_program(*path)) {
    std::vector<std::string_view> besides;
    for (const std::string_view call : kCallsOfGo) {
      const auto number = syscall_number(native_abi(), call);
      const auto same = [&](const ObservedCall& each) { return each.abi == native_abi() && each.number == number; };
      if (number && std::ranges::none_of(followed.seen.calls, same)) besides.push_back(call);
    }
    if (!besides.empty())
      complain(fmt::format("{}: a Go program: its runtime's own calls differ from run to run, so these are allowed too: {}",
                           name, fmt::join(besides, " ")));
    return besides;
  }
  if (followed.threads)
    complain(
        fmt::format("{}: it has threads: its calls differ from run to run; a profile that holds is made of the tables of "
                    "several: learn --table N.txt -- CMD, then cat *.txt | learn --from - -o FILE",
                    name));
  return {};
}

int write_results(const LearnOptions& options, const Observation& seen, const std::vector<std::string_view>& besides) {
  if (options.output != "-" || options.table != "-")
    if (auto done = write_report(options.table, learned_table(seen)); !done)
      return complain(done.error().message, kExitCouldNotRun);
  if (options.output.empty()) return kExitAsExpected;
  if (seen.ends_uncounted)
    complain("exit and exit_group are allowed too: strace -c counts calls as they return, so its table never has them");
  Profile profile{.file = "what was learnt", .policy = policy_of(seen, besides)};
  // These have an answer of their own for calls of other architectures, so there is nothing to say.
  if (options.to == ProfileFormat::oci || options.to == ProfileFormat::env)
    profile.policy.foreign_action = {ActionKind::kill_thread, 0};
  const auto written = write_as(profile, options.to);
  if (!written) return complain(written.error().message, kExitCouldNotRun);
  for (const std::string& lost : written->lost) complain(fmt::format("{} cannot say: {}", format_name(options.to), lost));
  if (auto done = write_report(options.output, written->text); !done)
    return complain(done.error().message, kExitCouldNotRun);
  return kExitAsExpected;
}

}  // namespace

Policy policy_of(const Observation& seen, const std::vector<std::string_view>& besides) {
  Policy policy;
  policy.default_action = {ActionKind::kill_process, 0};
  policy.architectures.clear();
  std::set<std::string> names;
  for (const ObservedCall& call : seen.calls) {
    if (std::ranges::find(policy.architectures, call.abi) == policy.architectures.end())
      policy.architectures.push_back(call.abi);
    const std::string_view name = syscall_name(call.abi, call.number);
    names.insert(name.empty() ? std::to_string(call.number) : std::string(name));
  }
  names.insert(besides.begin(), besides.end());
  if (seen.ends_uncounted) names.insert(kUncountedEnds.begin(), kUncountedEnds.end());
  std::ranges::sort(policy.architectures);
  policy.rules.push_back({.syscalls = {names.begin(), names.end()}, .action = {ActionKind::allow, 0}, .when = {}});
  return policy;
}

int learn(const LearnOptions& options) {
  for (const std::string& place : {options.table, options.output})
    if (!place.empty())
      if (const auto usable = check_report_path(place); !usable) return complain(usable.error().message, kExitCouldNotRun);
  if (!options.from.empty()) {
    const auto seen = read_log(options.from);
    if (!seen) return complain(seen.error().message, kExitUsage);
    return write_results(options, *seen, {});
  }
  const auto followed = follow_command(options);
  if (!followed) return complain(followed.error().message, kExitCouldNotRun);
  const std::string name = visible(options.command[0]);
  if (!followed->interrupted_by.empty()) complain("ended early by " + followed->interrupted_by);
  if (followed->seen.calls.empty()) return complain(name + ": no call was seen", kExitCouldNotRun);
  const int written = write_results(options, followed->seen, calls_besides(options, *followed, name));
  const std::string tasks = followed->processes == 0 ? "" : fmt::format("; tasks: {}", followed->processes);
  complain(fmt::format("{}: {}{}", name, end_of(*followed), tasks));
  if (followed->records_lost) complain("audit records were lost: what was learnt is not complete");
  if (written != kExitAsExpected) return written;
  if (followed->end.kind == End::Kind::interrupted) return kExitCouldNotRun;
  return followed->records_lost ? kExitMismatch : kExitAsExpected;
}

}  // namespace sandgauge
