#include "conformance/logged_actions.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/errno_text.h"
#include "conformance/proc_files.h"

namespace sandgauge {
namespace {

constexpr int kRestore = SIGTERM;

std::int64_t write_at_start(int fd, std::string_view text) {
  const ssize_t written = ::pwrite(fd, text.data(), text.size(), 0);
  return written < 0 ? -errno : written;
}

}  // namespace

LoggedActions::LoggedActions(Stage& stage)
    : stage_(stage), fd_(::open(kActionsLogged, O_RDWR | O_CLOEXEC)), found_(text_of_file(kActionsLogged)) {
  if (!fd_) stage.skip(fmt::format("{} cannot be written here: {}", kActionsLogged, errno_text(errno)));
  // Root of a user namespace can open it and not write it.
  if (const std::int64_t same = try_write(found_ + '\n'); same < 0)
    stage.skip(fmt::format("{} cannot be written here: {}", kActionsLogged, errno_text(static_cast<int>(-same))));
  int ready[2];
  if (::pipe2(ready, O_CLOEXEC) != 0) stage.broken("pipe2", errno);
  const pid_t parent = ::getpid();
  guard_ = stage.start_child([&] {
    ::close(ready[0]);
    sigset_t mask;
    ::sigfillset(&mask);  // what else there is to ignore; SIGKILL has its own way
    ::sigprocmask(SIG_SETMASK, &mask, nullptr);
    ::prctl(PR_SET_PDEATHSIG, kRestore);
    if (::getppid() == parent) be_guard(ready[1]);
  });
  ::close(ready[1]);
  char byte = 0;
  if (::read(ready[0], &byte, 1) != 1) stage.broken("start of the guard of a sysctl");
  ::close(ready[0]);
}

void LoggedActions::be_guard(int ready_fd) const {
  const sched_param first{.sched_priority = 1};
  ::sched_setscheduler(0, SCHED_FIFO, &first);  // refused somewhere: then it is only likely to be in time
  if (::write(ready_fd, "", 1) != 1) return;
  sigset_t wanted;
  ::sigemptyset(&wanted);
  ::sigaddset(&wanted, kRestore);
  while (::sigwaitinfo(&wanted, nullptr) < 0) {
  }
  write_at_start(fd_.get(), found_ + '\n');  // of an empty text the kernel takes no notice
}

std::int64_t LoggedActions::try_write(std::string_view words) const { return write_at_start(fd_.get(), words); }

void LoggedActions::write(std::string_view words) const { stage_.must("write actions_logged", try_write(words)); }

void LoggedActions::restore() {
  if (guard_ == 0) return;
  ::kill(guard_, kRestore);
  stage_.wait_for(guard_);
  guard_ = 0;
  if (text_of_file(kActionsLogged) != found_) stage_.broken("actions_logged is not what it was before");
}

}  // namespace sandgauge
