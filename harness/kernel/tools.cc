#include "kernel/tools.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <iterator>

#include "base/pass_fd.h"
#include "base/unique_fd.h"
#include "kernel/trial.h"

namespace sandgauge {
namespace {

constexpr rlim_t kFewestFiles = 128;  // trials use descriptors up to 77
constexpr int kExit = 7;

pid_t checker = -1;  // the process whose child looks
volatile sig_atomic_t signals_caught = 0;

bool signal_arrives(const std::function<int()>& send) {
  signals_caught = 0;
  ::signal(SIGUSR1, [](int) { signals_caught = signals_caught + 1; });
  return send() == 0 && signals_caught == 1;
}

pid_t ended_child() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(kExit);
  return pid;
}

bool waitid_works() {
  siginfo_t info{};
  const pid_t pid = ended_child();
  return pid > 0 && ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) == 0 && info.si_pid == pid &&
         info.si_status == kExit;
}

bool wait4_works() {
  int status = 0;
  const pid_t pid = ended_child();
  return pid > 0 && ::waitpid(pid, &status, __WALL) == pid && WIFEXITED(status) && WEXITSTATUS(status) == kExit;
}

/// A pipe with one byte in it.
struct FullPipe {
  UniqueFd out;
  UniqueFd in;
  bool made = false;
  FullPipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    out.reset(ends[0]);
    in.reset(ends[1]);
    made = ::write(in.get(), "x", 1) == 1;
  }
};

bool poll_works() {
  const FullPipe pipe;
  pollfd entry{.fd = pipe.out.get(), .events = POLLIN, .revents = 0};
  return pipe.made && ::poll(&entry, 1, 0) == 1 && (entry.revents & POLLIN) != 0;
}

bool ioctl_works() {
  const FullPipe pipe;
  int bytes = 0;
  return pipe.made && ::ioctl(pipe.out.get(), FIONREAD, &bytes) == 0 && bytes == 1;
}

bool passing_works() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return false;
  const UniqueFd from(ends[0]);
  const UniqueFd into(ends[1]);
  int error = send_fd(from.get(), from.get());
  if (error == 0) error = receive_fd(into.get(), MSG_DONTWAIT);
  if (error < 0) errno = -error;
  return error >= 0;
}

bool enough_files() {
  rlimit files{};
  const bool enough = ::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= kFewestFiles;
  if (!enough) errno = EMFILE;
  return enough;
}

struct Tool {
  const char* name;
  bool (*works)();  // where not, errno may say why
};

/// In an order in which none needs a later one.
constexpr Tool kTools[] = {
    {"having 128 files open (RLIMIT_NOFILE)", enough_files},
    {"pipe2(2)", [] { return FullPipe().made; }},
    {"open(2) of /dev/null", [] { return static_cast<bool>(UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC))); }},
    {"fcntl(2)", [] { return ::fcntl(FullPipe().out.get(), F_GETFD) == FD_CLOEXEC; }},
    {"poll(2)", poll_works},
    {"ioctl(2)", ioctl_works},
    {"passing a descriptor by sendmsg(2)", passing_works},
    {"getppid(2)", [] { return ::syscall(SYS_getppid) == checker; }},
    {"getpgid(2)", [] { return ::getpgid(0) > 0; }},
    {"kill(2)", [] { return signal_arrives([] { return ::kill(::getpid(), SIGUSR1); }); }},
    {"tgkill(2)", [] { return signal_arrives([] { return ::raise(SIGUSR1); }); }},
    {"waitid(2)", waitid_works},
    {"wait4(2)", wait4_works},
    {"prctl(PR_SET_NO_NEW_PRIVS)",
     [] { return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1; }},
};

}  // namespace

std::string find_broken_tool(const std::set<std::string_view>& only) {
  checker = ::getpid();
  std::string at;  // the tool that was tried last
  const Finding found = attempt_plainly(
      [&only](Witness& witness) {
        for (const Tool& tool : kTools) {
          if (!only.empty() && !only.contains(tool.name)) continue;
          witness.value("%s", tool.name);
          errno = 0;
          if (!tool.works()) return witness.no("%s", errno != 0 ? error_name(errno) : "it does not do what it should");
        }
        witness.yes("all of them work");
      },
      &at);
  if (found.standing == Standing::yes) return "";
  if (at.empty()) return found.evidence;
  return fmt::format("{} does not work here: {}", at, found.evidence);
}

const std::string& broken_tool() {
  static const std::string broken = find_broken_tool();
  return broken;
}

}  // namespace sandgauge
