// Keeper: a process that undoes something in the kernel when whoever did it is gone, also when that was killed.
//
//   Result<Keeper> keeper = Keeper::start("/sys/kernel/security/apparmor/.remove", "my-profile");   // first, then the
//   profile
//   ... a program that is executed meanwhile, and may do more of it, inherits keeper->life() ...
//   keeper->dismiss();                              // it has been undone already
//
// It writes the text into the file once no process has life() any more: neither its owner nor a child of it that is not yet
// gone. It has a session of its own and no other descriptors, and takes no signal but SIGKILL.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sandgauge {

class Keeper {
 public:
  /// Fails where pipe(2) or fork(2) do.
  static Result<Keeper> start(const std::string& path, const std::string& text);
  Keeper() = default;  // of nothing
  Keeper(Keeper&& other) noexcept;
  Keeper& operator=(Keeper&& other) noexcept;
  ~Keeper() { dismiss(); }

  /// Close-on-exec.
  [[nodiscard]] int life() const { return life_.get(); }
  [[nodiscard]] bool is_there() const { return pid_ >= 0; }
  /// Ends it; nothing is written.
  void dismiss();

 private:
  UniqueFd life_;
  pid_t pid_ = -1;
};

/// Writes the text at once. False, with errno, if not all of it was taken. Async-signal-safe.
bool write_to(const char* path, const std::string& text);

}  // namespace sandgauge
