#include "report/output.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <memory>
#include <utility>

#include "base/errno_text.h"
#include "base/unique_fd.h"

namespace sandgauge {
namespace {

/// Keeps this thread alive when write(2) raises SIGPIPE or SIGXFSZ. Blocked rather than ignored: a disposition would be seen
/// by other threads, and inherited by the programs that they start.
class WriteSignalsHeld {
 public:
  WriteSignalsHeld() {
    sigemptyset(&held_);
    sigset_t pending;
    sigpending(&pending);
    for (const int signal : {SIGPIPE, SIGXFSZ})
      if (sigismember(&pending, signal) == 0) sigaddset(&held_, signal);
    pthread_sigmask(SIG_BLOCK, &held_, &before_);
  }
  WriteSignalsHeld(const WriteSignalsHeld&) = delete;
  WriteSignalsHeld& operator=(const WriteSignalsHeld&) = delete;
  ~WriteSignalsHeld() {
    const timespec now{};
    while (sigtimedwait(&held_, nullptr, &now) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t held_{};  // without those that were pending already: they are not ours to take
  sigset_t before_{};
};

Unexpected failed(const std::string& path, std::string_view step) {
  return fail("cannot write {}: {}: {}", path, step, errno_text(errno));
}

/// False with errno. A non-blocking descriptor, which standard output may be by inheritance, is waited for.
bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written >= 0) {
      content.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd wait{.fd = fd, .events = POLLOUT, .revents = 0};
      ::poll(&wait, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

/// Removes the file unless it was renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!renamed_) ::unlink(path_.c_str());
  }
  bool rename_to(const std::string& target) {
    renamed_ = ::rename(path_.c_str(), target.c_str()) == 0;
    return renamed_;
  }

 private:
  std::string path_;
  bool renamed_ = false;
};

/// Where the links lead; the path itself if nothing is there yet.
std::string resolved(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), ::free);
  return real ? std::string(real.get()) : path;
}

/// A name in the target's directory that nobody else has: a process id would not do, since containers may share the
/// directory. It is not made from the target's name, which may be as long as names can be.
Result<std::string> temporary_path(const std::string& target) {
  std::uint64_t random = 0;
  if (::getentropy(&random, sizeof(random)) != 0) return fail("getentropy: {}", errno_text(errno));
  return fmt::format("{}.sandgauge-{:016x}.tmp", target.substr(0, target.rfind('/') + 1), random);
}

Result<void> replace_file(const std::string& path, const struct stat* existing, std::string_view content) {
  const std::string target = resolved(path);
  const Result<std::string> temporary_name = temporary_path(target);
  if (!temporary_name) return fail(temporary_name.error());
  UniqueFd fd(::open(temporary_name->c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!fd) return failed(path, "create a temporary file beside it");
  TemporaryFile temporary(*temporary_name);
  if (existing != nullptr) {
    // The owner first: chown(2) clears the set-id bits. Without the right to give files away it stays ours.
    if (::fchown(fd.get(), existing->st_uid, existing->st_gid) != 0 && errno != EPERM) return failed(path, "fchown");
    if (::fchmod(fd.get(), existing->st_mode & 07777) != 0) return failed(path, "fchmod");
  }
  if (!write_all(fd.get(), content)) return failed(path, "write");
  if (::fsync(fd.get()) != 0) return failed(path, "fsync");
  if (::close(fd.release()) != 0) return failed(path, "close");
  if (!temporary.rename_to(target)) return failed(path, "rename");
  return {};
}

Result<void> write_directly(const std::string& path, std::string_view content) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC));
  if (!fd) return failed(path, "open");
  if (!write_all(fd.get(), content)) return failed(path, "write");
  return {};
}

}  // namespace

Result<void> write_report(const std::string& path, std::string_view content) {
  const WriteSignalsHeld held;
  if (path == "-" || path == "/dev/stdout") {
    // What was printed before comes first.
    if (std::fflush(stdout) != 0 || !write_all(STDOUT_FILENO, content)) return failed("standard output", "write");
    return {};
  }
  struct stat existing {};
  if (::stat(path.c_str(), &existing) != 0) {
    if (errno != ENOENT) return failed(path, "stat");
    return replace_file(path, nullptr, content);
  }
  if (S_ISDIR(existing.st_mode)) return fail("cannot write {}: {}", path, errno_text(EISDIR));
  if (!S_ISREG(existing.st_mode)) return write_directly(path, content);
  return replace_file(path, &existing, content);
}

Result<void> check_report_path(const std::string& path) {
  if (path == "-" || path == "/dev/stdout") return {};
  struct stat existing {};
  const bool exists = ::stat(path.c_str(), &existing) == 0;
  if (!exists && errno != ENOENT) return failed(path, "stat");
  if (exists && S_ISDIR(existing.st_mode)) return fail("cannot write {}: {}", path, errno_text(EISDIR));
  if (exists && !S_ISREG(existing.st_mode)) {
    if (::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0) return failed(path, "open");
    return {};
  }
  const std::string target = resolved(path);
  const std::string folder = target.find('/') == std::string::npos ? "." : target.substr(0, target.rfind('/') + 1);
  if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0)
    return failed(path, "create a temporary file beside it");
  return {};
}

}  // namespace sandgauge
