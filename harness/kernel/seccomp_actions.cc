// seccomp: the eight actions, each told from the others by its own effect.
#include <poll.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <csignal>

#include "base/shared_slot.h"
#include "kernel/filter_call.h"
#include "kernel/listener.h"
#include "kernel/log_trial.h"
#include "kernel/rows.h"
#include "kernel/text_file.h"
#include "kernel/threads.h"
#include "kernel/trial.h"

namespace sandgauge {
namespace {

/// actions_avail for its word, and GET_ACTION_AVAIL.
void advertise(Capability& c, const char* word, std::uint32_t action) {
  constexpr char kAvailable[] = "/proc/sys/kernel/seccomp/actions_avail";
  const long result = ask([action] {
    const std::uint32_t value = action;
    return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &value) == 0 ? 0 : -errno;
  });
  const bool known = result == 0;
  const int error = static_cast<int>(-result);
  const auto text = read_setting(kAvailable);
  const auto listed = text ? parse_action_list(*text) : Result<std::set<std::string>>(fail(text.error()));
  const std::string asked = fmt::format("GET_ACTION_AVAIL: {}", known ? "yes" : error_name(error));
  if (!listed) {
    const bool tells = known || error == EOPNOTSUPP;
    c.advertised = {!tells  ? Standing::unknown
                    : known ? Standing::yes
                            : Standing::no,
                    fmt::format("{}; {}", asked, listed.error().message)};
    return;
  }
  const bool in_list = listed->contains(word);
  c.advertised = {in_list ? Standing::yes : Standing::no,
                  fmt::format("{} is {}in actions_avail; {}", word, in_list ? "" : "not ", asked)};
}

/// False, with a finding, if the calls that every trial makes do not work here.
bool can_begin(Witness& witness) {
  if (trial_call() > 0) return true;
  witness.untested("getppid(2) fails before any filter of ours");
  return false;
}

bool loads(Witness& witness, std::span<const sock_filter> code, unsigned long flags = 0) {
  const long loaded = load_filter(code, flags);
  if (loaded >= 0) return true;
  witness.no("the filter does not load: %s", error_name(static_cast<int>(-loaded)));
  return false;
}

/// What a thread's call under KILL or KILL_PROCESS leaves of its process.
struct KillFacts {
  int load_error;
  int returned;
  int survived;
};

/// The wait status of a process with two threads, one of which makes the call that the filter answers with `action`.
int kill_one_thread(std::uint32_t action, KillFacts& facts) {
  return wait_for(fork_helper([&] {
    const bool made = on_thread([&] {
      const long loaded = load_filter(answer(kTrialCall, action));
      facts.load_error = loaded < 0 ? static_cast<int>(-loaded) : 0;
      if (loaded < 0) return;
      trial_call();
      facts.returned = 1;
    });
    facts.survived = made ? 1 : 0;
  }));
}

void see_kill(Witness& witness, std::uint32_t action, bool whole_process) {
  const auto facts = SharedSlot<KillFacts>::make();
  if (!facts) return witness.untested("no shared memory");
  const int status = kill_one_thread(action, **facts);
  if ((*facts)->load_error != 0) return witness.no("the filter does not load: %s", error_name((*facts)->load_error));
  if ((*facts)->returned != 0) return witness.no("the call comes back");
  const bool by_sigsys = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
  if (whole_process) {
    if ((*facts)->survived != 0) return witness.no("only the calling thread dies");
    if (!by_sigsys) return witness.untested("the process did not die of SIGSYS");
    return witness.yes("the process dies of SIGSYS with both of its threads");
  }
  if (by_sigsys) return witness.no("the whole process dies");
  if ((*facts)->survived == 0) return witness.untested("the other thread did not go on");
  witness.yes("the calling thread dies and the other one goes on");
}

void find_kill(const Machine&, Capability& c) {
  advertise(c, "kill_thread", SECCOMP_RET_KILL_THREAD);
  c.works = attempt([](Witness& witness) { see_kill(witness, SECCOMP_RET_KILL_THREAD, false); });
}

void find_kill_process(const Machine&, Capability& c) {
  advertise(c, "kill_process", SECCOMP_RET_KILL_PROCESS);
  c.works = attempt([](Witness& witness) { see_kill(witness, SECCOMP_RET_KILL_PROCESS, true); });
}

volatile sig_atomic_t trapped_call = 0;
volatile sig_atomic_t trapped_data = 0;

void find_trap(const Machine&, Capability& c) {
  advertise(c, "trap", SECCOMP_RET_TRAP);
  c.works = attempt([](Witness& witness) {
    if (!can_begin(witness)) return;
    constexpr int kData = 77;
    struct sigaction action {};
    action.sa_flags = SA_SIGINFO;
    action.sa_sigaction = [](int, siginfo_t* info, void*) {
      trapped_call = info->si_syscall;
      trapped_data = info->si_errno;
    };
    ::sigaction(SIGSYS, &action, nullptr);
    if (!loads(witness, answer(kTrialCall, SECCOMP_RET_TRAP | kData))) return;
    trial_call();
    if (trapped_call != static_cast<int>(kTrialCall)) return witness.no("the handler of SIGSYS does not run");
    if (trapped_data != kData) return witness.no("si_errno is %d instead of %d", static_cast<int>(trapped_data), kData);
    witness.yes("SIGSYS with the call's number and the filter's data");
  });
}

void find_errno(const Machine&, Capability& c) {
  advertise(c, "errno", SECCOMP_RET_ERRNO);
  c.works = attempt([](Witness& witness) {
    if (!can_begin(witness) || !loads(witness, answer(kTrialCall, SECCOMP_RET_ERRNO | EXDEV))) return;
    const long result = trial_call();
    if (result != -EXDEV) return witness.no("ERRNO(EXDEV) makes getppid(2) give %ld", result);
    witness.yes("ERRNO(EXDEV) makes getppid(2) fail with EXDEV");
  });
}

void find_trace(const Machine&, Capability& c) {
  advertise(c, "trace", SECCOMP_RET_TRACE);
  c.works = attempt([](Witness& witness) {
    if (!can_begin(witness)) return;
    constexpr unsigned kMessage = 7;
    const pid_t tracee = fork_helper([] {
      if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
      if (::raise(SIGSTOP) != 0) ::_exit(3);
      if (load_filter(answer(kTrialCall, SECCOMP_RET_TRACE | kMessage)) < 0) ::_exit(2);
      trial_call();
    });
    int status = wait_for(tracee);
    const bool refused = WIFEXITED(status) && WEXITSTATUS(status) == 1;
    if (!WIFSTOPPED(status))
      return witness.untested(refused ? "ptrace(PTRACE_TRACEME) is refused" : "the tracee did not stop by raise(3)");
    if (::ptrace(PTRACE_SETOPTIONS, tracee, nullptr, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL) != 0)
      return witness.no("PTRACE_O_TRACESECCOMP: %s", error_name(errno));
    ::ptrace(PTRACE_CONT, tracee, nullptr, nullptr);
    status = wait_for(tracee);
    if (WIFEXITED(status)) return witness.no(WEXITSTATUS(status) == 2 ? "the filter does not load" : "no stop at the call");
    if (status >> 8 != (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)) return witness.no("another stop than PTRACE_EVENT_SECCOMP");
    unsigned long message = 0;
    ::ptrace(PTRACE_GETEVENTMSG, tracee, nullptr, &message);
    if (message != kMessage) return witness.no("PTRACE_EVENT_SECCOMP with message %lu instead of %u", message, kMessage);
    witness.yes("PTRACE_EVENT_SECCOMP with the filter's data as message");
  });
}

void find_log(const Machine&, Capability& c) {
  advertise(c, "log", SECCOMP_RET_LOG);
  c.works = attempt([](Witness& witness) {
    if (!can_begin(witness) || !loads(witness, answer(kTrialCall, SECCOMP_RET_LOG))) return;
    if (trial_call() <= 0) return witness.no("the call does not run");
    witness.yes("the call runs");
  });
  if (c.works.standing == Standing::yes) c.works = try_logging().action;
}

void find_allow(const Machine&, Capability& c) {
  advertise(c, "allow", SECCOMP_RET_ALLOW);
  c.works = attempt([](Witness& witness) {
    // Another call is denied, to be sure that a filter is there.
    if (!can_begin(witness) || !loads(witness, answer(SYS_getpgid, SECCOMP_RET_ERRNO | EACCES))) return;
    if (::getpgid(0) >= 0 || errno != EACCES) return witness.no("the filter does not act");
    if (trial_call() <= 0) return witness.no("the call does not run");
    witness.yes("under a filter that denies another call, the call runs");
  });
}

void find_notify(const Machine&, Capability& c) {
  advertise(c, "user_notif", SECCOMP_RET_USER_NOTIF);
  c.works = attempt([](Witness& witness) {
    Listened listened;
    if (!listen_to_call(witness, listened)) return;
    constexpr int kValue = 4711;
    if (!reply(witness, listened, {.id = listened.notification.id, .val = kValue})) return;
    if (const long result = listened.result(); result != kValue)
      return witness.no("the listener's value does not arrive: the call gives %ld", result);
    witness.yes("a listener sees the call and gives it its result");
  });
}

}  // namespace

std::vector<Row> seccomp_action_rows() {
  const auto row = [](const char* id, const char* title, const char* meaning, KernelVersion since,
                      void (*find)(const Machine&, Capability&)) {
    return Row{id, title, meaning, since, "seccomp(2), \"Filters\"", {"SECCOMP_FILTER"}, find};
  };
  return {
      row("seccomp.kill", "KILL: the calling thread dies", "A forbidden call ends the thread that made it, not its process.",
          {3, 5}, find_kill),
      row("seccomp.kill_process", "KILL_PROCESS: the whole process dies",
          "A forbidden call leaves no half-dead program with some of its threads.", {4, 14}, find_kill_process),
      row("seccomp.trap", "TRAP: SIGSYS to the caller", "A program can handle its own forbidden calls, or say which it was.",
          {3, 5}, find_trap),
      row("seccomp.errno", "ERRNO: the call fails", "A forbidden call fails as an ordinary error would.", {3, 5},
          find_errno),
      row("seccomp.trace", "TRACE: a tracer decides", "A debugger or a user-space kernel can take over a call.", {3, 5},
          find_trace),
      row("seccomp.log", "LOG: the call runs and is recorded", "A new filter can be tried out before it denies anything.",
          {4, 14}, find_log),
      row("seccomp.allow", "ALLOW: the call runs", "What every filter does with most calls.", {3, 5}, find_allow),
      row("seccomp.notify", "NOTIFY: a listener decides",
          "A supervisor can answer a call for the sandboxed program, e.g. mount(2) or mknod(2) in a container.", {5, 0},
          find_notify),
  };
}

}  // namespace sandgauge
