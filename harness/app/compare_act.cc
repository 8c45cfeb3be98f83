#include "app/compare_act.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>

#include "base/deadline.h"
#include "base/errno_text.h"
#include "base/pass_fd.h"
#include "base/shared_slot.h"
#include "execute/execute.h"
#include "judge/fit.h"
#include "policy/call_text.h"
#include "policy/intent_yaml.h"
#include "probe/raw_call.h"
#include "probe/uring_call.h"

namespace sandgauge {
namespace {

/// The exit code of the probe without arguments: it was executed.
constexpr int kProbeUsage = 2;
constexpr std::chrono::seconds kActDeadline{20};
constexpr std::chrono::seconds kRecordDeadline{5};

/// What the child says, in shared memory.
struct ActFacts {
  const char* failed_step;  // of a confinement; a literal
  int error;
  int confined;
  int finished;
  int executing;  // execve(2) itself is the step; it does not come back
  long result;
};

long fork_sleeper() {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody is left to end it when all of this is killed
    while (true) ::pause();
  }
  return pid < 0 ? -errno : pid;
}

std::string word_of(const CallArgument& argument) {
  switch (argument.kind) {
    case CallArgument::Kind::text: return "text:" + argument.text;
    case CallArgument::Kind::scratch: return "scratch";
    default: return std::to_string(static_cast<std::int64_t>(argument.number));
  }
}

/// Executes the probe, which makes the call and writes its facts. Comes back only if that fails.
long execute_probe(const CallRequest& request, const std::string& program, int facts_fd) {
  std::vector<std::string> words{
      program, "--abi", std::string(abi_name(request.abi)), "--fd", std::to_string(facts_fd), request.syscall};
  for (const CallArgument& argument : request.args) words.push_back(word_of(argument));
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  ::fcntl(facts_fd, F_SETFD, 0);
  ::execv(pointers[0], pointers.data());
  return -errno;
}

/// "returned=1\nresult=-13\n" to -13; false if there is no result.
bool read_probe_facts(int fd, long& result) {
  char bytes[2048];
  const ssize_t length = ::read(fd, bytes, sizeof bytes);
  const std::string_view text(bytes, length > 0 ? static_cast<std::size_t>(length) : 0);
  const std::size_t at = text.find("\nresult=");
  if (at == std::string_view::npos) return false;
  return std::from_chars(text.data() + at + 8, text.data() + text.size(), result).ec == std::errc();
}

[[noreturn]] void play(const Act& act, const Scene& scene, const std::vector<const Confinement*>& confinements, int facts_fd,
                       ActFacts& facts) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, "sg-act");
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  for (const Confinement* one : confinements) {
    const ConfineResult result = one->apply();
    if (result.failed_step == nullptr) continue;
    facts.failed_step = result.failed_step;
    facts.error = result.error;
    ::_exit(1);
  }
  facts.confined = 1;
  facts.result = perform(act.steps, scene, facts_fd, facts.executing);
  facts.finished = 1;
  ::_exit(0);
}

/// The wait status, or -1 if the child did not end in time and was killed.
int wait_for_act(pid_t pid) {
  const UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const Deadline deadline(kActDeadline);
  bool ended = false;
  while (!ended && !deadline.passed()) {
    pollfd readable{.fd = handle.get(), .events = POLLIN, .revents = 0};
    ended = ::poll(&readable, 1, deadline.poll_timeout()) > 0;
  }
  ::kill(-pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return ended ? status : -1;
}

/// Of an AppArmor record what was done to what: `apparmor="DENIED" operation="mkdir" name="..." denied_mask="c"`.
std::string essence_of(const std::string& text) {
  std::string kept;
  for (const std::string_view key :
       {"apparmor=", "operation=", "name=", "family=", "capname=", "peer=", "denied_mask=", "blockers=", "path="}) {
    const std::size_t at = text.starts_with(key) ? 0 : text.find(" " + std::string(key)) + 1;
    if (at == 0 && !text.starts_with(key)) continue;
    kept += (kept.empty() ? "" : " ") + text.substr(at, text.find(' ', at) - at);
  }
  return kept.empty() ? text : kept;
}

std::string records_of(pid_t pid, const Witnesses& witnesses) {
  std::string text;
  const auto add = [&text](const std::string& line) { text += (text.empty() ? "" : "; ") + line; };
  if (witnesses.audit != nullptr) {
    std::vector<AuditRecord> records;
    static_cast<void>(witnesses.audit->catch_up(records, kRecordDeadline));
    for (const AuditRecord& record : records)
      if (record.pid == pid)
        add(fmt::format("audit 1326 syscall={} sig={} code={:#x}", record.syscall, record.signal, record.code));
    for (const OtherRecord& record : witnesses.audit->take_others())
      if (record.pid == pid) add(fmt::format("audit {} {}", record.type, essence_of(record.text)));
  }
  if (witnesses.bpf != nullptr) {
    for (const BpfEvent& event : witnesses.bpf->take_events())
      add(fmt::format("BPF event {}{}{}{}", event.hook, event.denied ? " denied" : "", event.text.empty() ? "" : " ",
                      event.text));
  }
  return text;
}

/// Where the scene is says nothing: the same trial gives the same words.
std::string without_folder(std::string text, const std::string& folder) {
  for (std::size_t at = 0; (at = text.find(folder, at)) != std::string::npos; at += 7)
    text.replace(at, folder.size(), "{scene}");
  return text;
}

}  // namespace

long perform(const std::vector<std::string>& steps, const Scene& scene, int facts_fd, int& executing) {
  long result = 0;
  for (const std::string& written : steps) {
    const std::string step = scene.fill(written, result);
    const auto [prefix, call] = split_step(step);
    if (call == "fork") {
      result = fork_sleeper();
    } else if (call == "receive") {
      result = receive_fd(scene.passing_fd(), MSG_DONTWAIT);
    } else {
      const auto request = parse_call(call);
      if (!request) return -EBADMSG;
      if (prefix == "exec") return execute_probe(*request, scene.fill("{other_program}"), facts_fd);
      const auto placed = place_call(*request);
      if (!placed) return -EBADMSG;
      if (prefix == "uring") {
        result = uring_call(*placed);
      } else {
        std::uint64_t args[6];
        std::ranges::copy(placed->args, args);
        executing = request->syscall.starts_with("execve") ? 1 : 0;
        result = raw_call(placed->abi, placed->number, args);
      }
    }
    if (result < 0 && result >= -4095) return result;
  }
  return result;
}

ActSeen try_act(const Act& act, const Scene& scene, const std::vector<const Confinement*>& confinements,
                const Witnesses& witnesses) {
  ActSeen seen{.name = act.name};
  const auto broken = [&seen](const std::string& why) { return seen.trouble = why, seen; };
  const auto facts = SharedSlot<ActFacts>::make();
  int ends[2];
  if (!facts || ::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return broken("no memory or descriptors");
  const UniqueFd from_probe(ends[0]);
  UniqueFd to_probe(ends[1]);
  if (witnesses.audit != nullptr) static_cast<void>(witnesses.audit->start_over());
  const pid_t pid = ::fork();
  if (pid < 0) return broken("fork: " + errno_text(errno));
  if (pid == 0) play(act, scene, confinements, to_probe.get(), **facts);
  to_probe.reset();
  const int status = wait_for_act(pid);
  seen.record = without_folder(records_of(pid, witnesses), scene.fill("{scene}"));
  if (!act.names.empty()) seen.named = record_names(seen.record, scene.fill(act.names));
  if (!act.leaves.empty())
    seen.left = act.leaves[0] == '!' ? !scene.exists(std::string_view(act.leaves).substr(1)) : scene.exists(act.leaves);
  const ActFacts& said = **facts;
  long result = said.result;
  if (said.failed_step != nullptr) return broken(fmt::format("{}: {}", said.failed_step, errno_text(said.error)));
  if (status == -1) return broken("it did not end");
  if (WIFSIGNALED(status)) {
    seen.end = ActEnd::killed;
    seen.signal = WTERMSIG(status);
    return seen;
  }
  if (said.finished == 0 && said.executing != 0) {
    // The dynamic loader was executed, and may not have been let to load the program: it says so in words only.
    result = WEXITSTATUS(status) == kProbeUsage ? 0 : -EACCES;
  } else if (said.finished == 0 && !read_probe_facts(from_probe.get(), result)) {
    return broken(fmt::format("it ended with exit code {} and no word", WEXITSTATUS(status)));
  }
  const bool denied = result < 0 && result >= -4095;
  seen.end = denied ? ActEnd::denied : ActEnd::done;
  seen.error = denied ? static_cast<int>(-result) : 0;
  return seen;
}

}  // namespace sandgauge
