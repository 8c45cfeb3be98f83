// UniqueFd: a file descriptor with one owner, closed when the owner goes.
//
//   UniqueFd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
//   if (!fd) return fail("open: {}", errno_text(errno));
#pragma once

#include <unistd.h>

#include <utility>

namespace sandgauge {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  ~UniqueFd() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace sandgauge
