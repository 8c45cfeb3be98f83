// Interrupts: SIGINT, SIGTERM, SIGHUP and SIGPIPE as a descriptor, so that what was started is ended before this process
// goes.
//
//   Result<Interrupts> interrupts = Interrupts::hold();
//   poll({interrupts->fd(), POLLIN}, ...);
//   if (int signal = interrupts->pending()) ...
//
// While it lives, these signals stay pending for the process and its threads; a child must reset its mask before exec(2).
// Fails only where signalfd(2) does.
#pragma once

#include <signal.h>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sandgauge {

class Interrupts {
 public:
  static Result<Interrupts> hold();
  Interrupts(Interrupts&&) = default;
  Interrupts& operator=(Interrupts&&) = delete;
  ~Interrupts();

  /// Readable while a signal is pending. It is never read, so that every thread sees it.
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// The first of the signals that is pending, or 0.
  [[nodiscard]] int pending() const;

 private:
  Interrupts(UniqueFd fd, sigset_t before) : fd_(std::move(fd)), before_(before) {}
  UniqueFd fd_;
  sigset_t before_{};
};

}  // namespace sandgauge
