// seccomp: the two modes, the ways to enter them, and what a filter may be loaded with.
#include <linux/capability.h>
#include <sys/wait.h>

#include <csignal>

#include "kernel/filter_call.h"
#include "kernel/rows.h"
#include "kernel/text_file.h"
#include "kernel/trial.h"

namespace sandgauge {
namespace {

/// Asked with a pointer that cannot be read: EFAULT says that the kernel knows the request, EINVAL that it does not.
Finding asked(const char* what, const std::function<long()>& call) {
  const long result = ask([&call] { return call() < 0 ? -errno : 0; });
  const int error = static_cast<int>(-result);
  if (result == 0 || error == EFAULT) return {Standing::yes, fmt::format("{} is known", what)};
  if (error == EINVAL || error == ENOSYS || error == EOPNOTSUPP)
    return {Standing::no, fmt::format("{}: {}", what, error_name(error))};
  return {Standing::unknown, fmt::format("{}: {}", what, error_name(error))};
}

void find_strict(const Machine& machine, Capability& c) {
  const auto mode = parse_status_line(machine.status, "Seccomp");
  c.advertised = mode ? Finding{Standing::yes, "/proc/self/status has a line Seccomp:"}
                      : Finding{machine.status.empty() ? Standing::unknown : Standing::no,
                                "/proc/self/status: " + mode.error().message};
  if (machine.host.outer_filters != 0) {
    c.works = {Standing::untested, "a process under a filter may not enter strict mode, and this one is"};
    return;
  }
  c.works = attempt([](Witness& witness) {
    constexpr int kRefused = 1;
    constexpr int kSurvived = 2;
    constexpr int kLeft = 7;
    const auto enter = [] {
      if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) ::_exit(kRefused);
    };
    const int leaver = wait_for(fork_helper([&] {
      enter();
      ::syscall(SYS_exit, kLeft);  // the one way out that strict mode leaves
    }));
    const int caller = wait_for(fork_helper([&] {
      enter();
      ::syscall(SYS_getppid);
      ::syscall(SYS_exit, kSurvived);
    }));
    if (WIFEXITED(caller) && WEXITSTATUS(caller) == kRefused) return witness.no("prctl(PR_SET_SECCOMP) is refused");
    if (WIFEXITED(caller)) return witness.no("getppid(2) is not stopped in strict mode");
    if (WTERMSIG(caller) != SIGKILL || !WIFEXITED(leaver) || WEXITSTATUS(leaver) != kLeft)
      return witness.untested("the child died of signal %d instead of SIGKILL", WTERMSIG(caller));
    witness.yes("getppid(2) kills the child, _exit(2) does not");
  });
}

/// Loads a filter in one of the ways and looks whether it acts.
void see_denial(Witness& witness, const char* way, long (*load)(const sock_fprog&)) {
  if (trial_call() <= 0) return witness.untested("getppid(2) fails before any filter of ours");
  const auto filter = answer(kTrialCall, SECCOMP_RET_ERRNO | EACCES);
  const sock_fprog program{filter.size(), const_cast<sock_filter*>(filter.data())};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (load(program) != 0) return witness.no("%s: %s", way, error_name(errno));
  const long result = trial_call();
  if (result != -EACCES) return witness.no("%s succeeds, and the filter does not act: getppid(2) gives %ld", way, result);
  witness.yes("%s: getppid(2) is denied", way);
}

void find_filter(const Machine&, Capability& c) {
  c.advertised = asked("prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER)",
                       [] { return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, nullptr, 0, 0); });
  c.works = attempt([](Witness& witness) {
    see_denial(witness, "prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER)", [](const sock_fprog& program) {
      return static_cast<long>(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0));
    });
  });
}

void find_syscall(const Machine&, Capability& c) {
  c.advertised =
      asked("seccomp(SECCOMP_SET_MODE_FILTER)", [] { return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, nullptr); });
  c.works = attempt([](Witness& witness) {
    see_denial(witness, "seccomp(2)",
               [](const sock_fprog& program) { return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program); });
  });
}

void find_action_query(const Machine&, Capability& c) {
  const auto query = [](std::uint32_t action) {
    return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0 ? 0 : errno;
  };
  c.advertised = asked("seccomp(SECCOMP_GET_ACTION_AVAIL)",
                       [] { return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, nullptr); });
  c.works = attempt([&](Witness& witness) {
    constexpr std::uint32_t kNoAction = 0x12340000;
    if (const int error = query(SECCOMP_RET_ALLOW)) return witness.no("asked for ALLOW: %s", error_name(error));
    const int error = query(kNoAction);
    if (error != EOPNOTSUPP) return witness.no("asked for an action that does not exist: %s", error_name(error));
    witness.yes("ALLOW is there, and an action that does not exist is EOPNOTSUPP");
  });
}

void find_inheritance(const Machine&, Capability& c) {
  c.works = attempt([](Witness& witness) {
    if (const long loaded = load_filter(answer(kTrialCall, SECCOMP_RET_ERRNO | EACCES)); loaded < 0)
      return witness.untested("seccomp(2): %s", error_name(static_cast<int>(-loaded)));
    const pid_t child = ::fork();  // fork_helper() asks for its parent, which is denied here
    if (child == 0) ::_exit(trial_call() == -EACCES ? 0 : 1);
    const int status = child > 0 ? wait_for(child) : -1;
    if (!WIFEXITED(status)) return witness.untested("fork(2) failed, or the child died");
    if (WEXITSTATUS(status) != 0) return witness.no("a child made by fork(2) is not denied getppid(2)");
    witness.yes("a child made by fork(2) is denied getppid(2) too");
  });
}

void find_no_new_privs(const Machine& machine, Capability& c) {
  const auto line = parse_status_line(machine.status, "NoNewPrivs");
  c.advertised = line                     ? Finding{Standing::yes, "/proc/self/status has a line NoNewPrivs: " + *line}
                 : machine.status.empty() ? Finding{Standing::unknown, "/proc/self/status cannot be read"}
                                          : Finding{Standing::no, "/proc/self/status: " + line.error().message};
  c.works = attempt([](Witness& witness) {
    if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
      return witness.untested("this process is under NO_NEW_PRIVS already, so a child cannot be seen to enter it");
    // Without CAP_SYS_ADMIN a filter needs NO_NEW_PRIVS: that is the effect that can be seen without a set-uid program.
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3]{};
    if (::syscall(SYS_capset, &header, none) != 0) return witness.untested("capset(2): %s", error_name(errno));
    const auto filter = answer(kTrialCall, SECCOMP_RET_ERRNO | EACCES);
    const long before = load_as_is(filter);
    if (before != -EACCES)
      return witness.untested("a filter without privilege and without NO_NEW_PRIVS: %s",
                              before < 0 ? error_name(static_cast<int>(-before)) : "it loads");
    const long after = load_filter(filter);
    if (after != 0) return witness.no("a filter under NO_NEW_PRIVS: %s", error_name(static_cast<int>(-after)));
    if (::prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0) return witness.no("NO_NEW_PRIVS can be given up again");
    witness.yes("without privilege a filter loads only under NO_NEW_PRIVS, which cannot be given up");
  });
}

}  // namespace

std::vector<Row> seccomp_mode_rows() {
  return {
      {.id = "seccomp.strict",
       .title = "strict mode",
       .meaning = "A process can give up everything but read, write, _exit and sigreturn.",
       .since = {2, 6},
       .source = "seccomp(2), SECCOMP_SET_MODE_STRICT",
       .options = {"SECCOMP"},
       .find = find_strict},
      {.id = "seccomp.filter",
       .title = "filters, loaded by prctl(2)",
       .meaning = "A classic BPF program decides on each call. Without it there is no seccomp sandbox at all.",
       .since = {3, 5},
       .source = "prctl(2), PR_SET_SECCOMP",
       .options = {"SECCOMP_FILTER"},
       .find = find_filter},
      {.id = "seccomp.syscall",
       .title = "filters, loaded by seccomp(2)",
       .meaning = "Needed for every flag: one filter for all threads, logging, listeners.",
       .since = {3, 17},
       .source = "seccomp(2), SECCOMP_SET_MODE_FILTER",
       .options = {"SECCOMP_FILTER"},
       .find = find_syscall},
      {.id = "seccomp.action_query",
       .title = "asking for an action (GET_ACTION_AVAIL)",
       .meaning = "A program can find out whether an action exists before it builds a filter with it.",
       .since = {4, 14},
       .source = "seccomp(2), SECCOMP_GET_ACTION_AVAIL",
       .options = {"SECCOMP_FILTER"},
       .find = find_action_query},
      {.id = "seccomp.inherit",
       .title = "children inherit the filter",
       .meaning = "A sandboxed program cannot leave its sandbox by starting a child.",
       .since = {3, 5},
       .source = "seccomp(2), SECCOMP_SET_MODE_FILTER",
       .options = {"SECCOMP_FILTER"},
       .find = find_inheritance},
      {.id = "seccomp.no_new_privs",
       .title = "NO_NEW_PRIVS",
       .meaning = "A process without privilege can load filters, and no set-uid program can be fooled by them.",
       .since = {3, 5},
       .source = "prctl(2), PR_SET_NO_NEW_PRIVS",
       .options = {},
       .find = find_no_new_privs},
  };
}

}  // namespace sandgauge
