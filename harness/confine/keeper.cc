#include "confine/keeper.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/errno_text.h"

namespace sandgauge {
namespace {

/// Async-signal-safe.
[[noreturn]] void keep(int life, const std::string& path, const std::string& text) {
  ::setsid();
  ::prctl(PR_SET_NAME, "sg-keeper");
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, nullptr);
  ::dup2(life, 0);
  ::close_range(1, ~0U, 0);
  char byte = 0;
  while (::read(0, &byte, 1) < 0 && errno == EINTR) {
  }
  write_to(path.c_str(), text);
  ::_exit(0);
}

}  // namespace

bool write_to(const char* path, const std::string& text) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  ::close(fd);
  errno = error;
  return written;
}

Result<Keeper> Keeper::start(const std::string& path, const std::string& text) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail("pipe: {}", errno_text(errno));
  const UniqueFd end(ends[0]);
  Keeper keeper;
  keeper.life_.reset(ends[1]);
  keeper.pid_ = ::fork();
  if (keeper.pid_ < 0) return fail("fork: {}", errno_text(errno));
  if (keeper.pid_ == 0) keep(end.get(), path, text);
  return keeper;
}

Keeper::Keeper(Keeper&& other) noexcept : life_(std::move(other.life_)), pid_(std::exchange(other.pid_, -1)) {}

Keeper& Keeper::operator=(Keeper&& other) noexcept {
  std::swap(life_, other.life_);
  std::swap(pid_, other.pid_);
  return *this;
}

void Keeper::dismiss() {
  if (pid_ < 0) return;
  // A child of the owner may have life() too: its end may be late.
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  life_.reset();
}

}  // namespace sandgauge
