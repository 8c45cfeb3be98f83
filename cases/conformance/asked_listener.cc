#include "conformance/asked_listener.h"

#include <poll.h>

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "base/pass_fd.h"

namespace sandgauge {
namespace {

/// The kernel allows one listener among all filters of a task, the run's own surroundings included.
bool is_under_a_listener(Stage& stage) {
  constexpr int kBusy = 1;
  const int status = stage.child([&] {
    stage.set_no_new_privs();
    const std::int64_t made = stage.try_load(Filter::always(SECCOMP_RET_ALLOW), SECCOMP_FILTER_FLAG_NEW_LISTENER);
    stage.end(made == -EBUSY ? kBusy : 0);
  });
  return WIFEXITED(status) && WEXITSTATUS(status) == kBusy;
}

/// The state letter of /proc/TASK/stat; 'X' if there is no such task.
char state_of(pid_t task) {
  char path[32];
  std::snprintf(path, sizeof path, "/proc/%d/stat", task);
  const UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC));
  char text[256] = {};
  if (!file || ::read(file.get(), text, sizeof text - 1) <= 0) return 'X';
  const char* name_end = std::strrchr(text, ')');
  return name_end != nullptr && name_end[1] == ' ' ? name_end[2] : 'X';
}

}  // namespace

void require_no_listener(Stage& stage) {
  if (stage.host().outer_filters != 0 && is_under_a_listener(stage))
    stage.skip("a filter around this run has a listener, and the kernel allows only one");
}

AskedListener::AskedListener(Stage& stage, const AskFor& plan) : stage_(stage) {
  require_no_listener(stage);
  const Filter filter = Filter::answer(static_cast<std::uint32_t>(plan.number), plan.answer);
  const unsigned flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | plan.flags;
  fd_.reset(static_cast<int>(plan.as_it_is ? stage.load_as_it_is(filter, flags) : stage.load(filter, flags)));
}

int AskedListener::events() const {
  pollfd entry{fd(), POLLIN | POLLOUT, 0};
  return ::poll(&entry, 1, 0) < 0 ? -errno : entry.revents;
}

bool AskedListener::asked_before(int over) const {
  pollfd entries[2] = {{fd(), POLLIN, 0}, {over, POLLIN, 0}};
  while (::poll(entries, 2, -1) < 0)
    if (errno != EINTR) stage_.broken("poll", errno);
  return (entries[0].revents & POLLIN) != 0;
}

bool AskedListener::pending(int over) const {
  const bool asked = asked_before(over);
  if (!asked) stage_.never("the call was over and the listener had not been asked");
  return asked;
}

void Caller::started(pid_t pid) {
  pid_ = pid;
  pidfd_.reset(static_cast<int>(stage_.must("pidfd_open", raw_syscall(SYS_pidfd_open, pid, 0))));
}

bool Caller::notifies(seccomp_notif& request) const {
  if (!pending()) return false;
  const std::int64_t received = listener_->receive(request);
  if (received != 0) stage_.fails_with("receiving the notification", 0, received);
  return received == 0;
}

bool Caller::ends_unasked() const {
  const bool asked = listener_->asked_before(pidfd_.get());
  if (asked) stage_.never("the listener was asked");
  return !asked;
}

bool Caller::comes_to_state(char state) const {
  const bool reached = reaches_state(pid_, state);
  stage_.equal("the caller's state in /proc/PID/stat", state, reached ? state : state_of(pid_));
  return reached;
}

void Caller::send(int signal) const { stage_.must("kill", raw_syscall(SYS_kill, pid_, signal)); }

bool reaches_state(pid_t task, char state) {
  constexpr int kMostLooks = 100'000;  // longer than any case may take
  // Asleep and not only yielding: who outranks the task (outrank_callers) would keep it from running. It then ran when
  // the kernel throttles real-time threads, and from Linux 6.12 on (the fair server, kernel/sched/deadline.c) in their
  // midst.
  constexpr timespec kBetweenLooks{0, 50'000};
  for (int look = 0; look < kMostLooks; ++look) {
    const char now = state_of(task);
    if (now == state) return true;
    if (now == 'X' || now == 'Z') return false;
    ::nanosleep(&kBetweenLooks, nullptr);
  }
  return false;
}

Pipe::Pipe(Stage& stage) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) stage.broken("pipe2", errno);
  out.reset(ends[0]);
  in.reset(ends[1]);
}

SocketPair::SocketPair(Stage& stage) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) stage.broken("socketpair", errno);
  near_end.reset(ends[0]);
  far_end.reset(ends[1]);
}

void say(int fd) {
  const char byte = '!';
  raw_syscall(SYS_write, fd, reinterpret_cast<std::intptr_t>(&byte), 1);
}

bool heard(int fd) {
  char byte = 0;
  std::int64_t got = 0;
  do {
    got = raw_syscall(SYS_read, fd, reinterpret_cast<std::intptr_t>(&byte), 1);
  } while (got == -EINTR);
  return got == 1;
}

void send_descriptor(Stage& stage, int socket, int descriptor) {
  if (const int error = send_fd(socket, descriptor); error != 0) stage.broken("sendmsg of a descriptor", -error);
}

int receive_descriptor(Stage& stage, int socket) {
  const int fd = receive_fd(socket);
  if (fd == -EPIPE) stage.end(1);
  if (fd < 0) stage.broken("recvmsg of a descriptor", -fd);
  return fd;
}

}  // namespace sandgauge
