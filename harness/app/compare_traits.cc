#include "app/compare_traits.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <functional>

#include "app/compare_act.h"
#include "base/errno_text.h"
#include "compile/bpf.h"

namespace sandgauge {
namespace {

constexpr unsigned kNobody = 65534;

/// What `work` returns in a child, as text.
std::string said_by_child(const std::function<std::string()>& work) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return "not tried: no pipe";
  const UniqueFd from(ends[0]);
  UniqueFd to(ends[1]);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const std::string text = work();
    static_cast<void>(!::write(to.get(), text.data(), std::min<std::size_t>(text.size(), 1000)));
    ::_exit(0);
  }
  to.reset();
  char bytes[1000];
  std::string text;
  for (ssize_t got = 0; pid > 0 && (got = ::read(from.get(), bytes, sizeof bytes)) > 0;)
    text.append(bytes, static_cast<std::size_t>(got));
  int status = 0;
  while (pid > 0 && ::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return text.empty() ? "not tried: the child died" : text;
}

/// The first step that fails; empty if the process is confined.
std::string apply_all(const PreparedSandbox& made) {
  for (const Confinement* one : made.confinements)
    if (const ConfineResult result = one->apply(); result.failed_step != nullptr)
      return fmt::format("{}: {}", result.failed_step, errno_name(result.error));
  return {};
}

std::string as_nobody(Sandbox sandbox, const Intent& intent, const Scene& scene, SandboxTools& tools) {
  return said_by_child([&]() -> std::string {
    if (::geteuid() == 0 && (::setgroups(0, nullptr) != 0 || ::setresgid(kNobody, kNobody, kNobody) != 0 ||
                             ::setresuid(kNobody, kNobody, kNobody) != 0))
      return "not tried: cannot become nobody";
    ::prctl(PR_SET_DUMPABLE, 1);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // another user's process has lost it (PR_SET_PDEATHSIG(2const))
    SandboxTools own{.parser = tools.parser, .bpf_object = tools.bpf_object};
    const PreparedSandbox made = prepare_sandbox(sandbox, intent, scene, own);
    if (!made.trouble.empty()) return "no: " + made.trouble;
    const std::string failed = apply_all(made);
    return failed.empty() ? "yes" : "no: " + failed;
  });
}

std::string act_again(const Intent& intent, const Scene& scene) {
  int executing = 0;
  const long result = perform(intent.act.steps, scene, -1, executing);
  return result < 0 && result >= -4095 ? errno_name(static_cast<int>(-result)) : "done";
}

/// What a process may do to its own sandbox. Returns what was tried, and what it gave.
std::string try_to_lift(Sandbox sandbox, const PreparedSandbox& made) {
  const auto told = [](const char* what, int error) {
    return fmt::format("{}: {}", what, error == 0 ? "succeeds" : errno_name(error));
  };
  switch (sandbox) {
    case Sandbox::seccomp: {
      const auto program = compile_bpf({});
      if (!program) return "no filter";
      return told("a filter that allows everything, on top", SeccompFilter(*program, {}, false).apply().error);
    }
    case Sandbox::landlock: {
      const auto other = LandlockDenial::make({.deny = {"make_block"}}, landlock_abi());
      return other ? told("another ruleset, on top", other->apply().error) : other.error().message;
    }
    case Sandbox::apparmor: {
      const int fd = ::open("/proc/self/attr/apparmor/current", O_WRONLY | O_CLOEXEC);
      constexpr char kRequest[] = "changeprofile unconfined";
      const int error = ::write(fd, kRequest, sizeof kRequest - 1) < 0 ? errno : 0;
      ::close(fd);
      return told("aa_change_profile to unconfined", error);
    }
    case Sandbox::bpf_lsm: return told("BPF_LINK_DETACH by a root that has the link", made.bpf->try_to_detach());
    default: return {};
  }
}

std::string lift_inside(Sandbox sandbox, const Intent& intent, const Scene& scene, const PreparedSandbox& made) {
  return said_by_child([&]() -> std::string {
    if (const std::string failed = apply_all(made); !failed.empty()) return "not tried: " + failed;
    const std::string before = act_again(intent, scene);
    const std::string attempt = try_to_lift(sandbox, made);
    const std::string after = act_again(intent, scene);
    return fmt::format("{} ({}; then the act: {})", after == before ? "no" : "yes", attempt, after);
  });
}

/// The child acts, waits until what can be taken away from outside has been, and acts again.
std::string lift_outside(Sandbox sandbox, const Intent& intent, const Scene& scene, PreparedSandbox& made) {
  if (sandbox != Sandbox::apparmor && sandbox != Sandbox::bpf_lsm)
    return "no (the kernel has no operation for it, not even for root)";
  int ready[2];
  int lifted[2];
  if (::pipe2(ready, O_CLOEXEC) != 0 || ::pipe2(lifted, O_CLOEXEC) != 0) return "not tried: no pipe";
  const UniqueFd ready_read(ready[0]);
  UniqueFd ready_write(ready[1]);
  const UniqueFd lifted_read(lifted[0]);
  UniqueFd lifted_write(lifted[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return "not tried: no process";
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    lifted_write.reset();
    const bool applied = apply_all(made).empty();
    if (made.bpf != nullptr) made.bpf->detach();  // this process's copies of the links would keep them
    const bool confined = applied && act_again(intent, scene) != "done";
    char byte = confined ? 'y' : 'n';
    static_cast<void>(!::write(ready_write.get(), &byte, 1));
    static_cast<void>(!::read(lifted_read.get(), &byte, 1));
    ::_exit(confined && act_again(intent, scene) == "done" ? 0 : 1);
  }
  ready_write.reset();
  char byte = 0;
  static_cast<void>(!::read(ready_read.get(), &byte, 1));
  if (sandbox == Sandbox::apparmor)
    made.apparmor->remove();
  else
    made.bpf->detach();
  lifted_write.reset();
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (byte != 'y') return "not tried: the act was not denied";
  return fmt::format("{} (root {})", WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "yes" : "no",
                     sandbox == Sandbox::apparmor ? "removes the profile" : "closes the link");
}

}  // namespace

SandboxTraits find_traits(Sandbox sandbox, const Intent& intent, const Scene& scene, SandboxTools& tools) {
  SandboxTraits traits{.sandbox = sandbox};
  PreparedSandbox made = prepare_sandbox(sandbox, intent, scene, tools);
  traits.trouble = made.trouble;
  traits.here = made.trouble.empty() && made.expressible;
  if (!traits.here) return traits;
  traits.unprivileged = as_nobody(sandbox, intent, scene, tools);
  traits.lifted_inside = lift_inside(sandbox, intent, scene, made);
  traits.lifted_outside = lift_outside(sandbox, intent, scene, made);
  return traits;
}

}  // namespace sandgauge
