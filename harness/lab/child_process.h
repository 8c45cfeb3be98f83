// ChildProcess: a program of the host that this process started, killed and reaped when its owner goes.
//
//   Result<ChildProcess> child = ChildProcess::start(words, {{.child = 1, .ours = pipe.write_end()}}, options);
//   poll({child->pidfd(), POLLIN}, ...);      // readable when it has ended
//   int status = child->wait();
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sandgauge {

/// The child's descriptor `child` is our descriptor `ours`.
struct InheritedFd {
  int child = -1;
  int ours = -1;
};

struct PipeEnds {
  UniqueFd read;
  UniqueFd write;
};
/// Both ends are close-on-exec; the read end does not block.
Result<PipeEnds> make_pipe();

class ChildProcess {
 public:
  /// A program without '/' is looked up in PATH. Stdin is /dev/null; other descriptors are those of `inherited` only. It
  /// dies (SIGKILL) when the calling thread does, leaves no core, gets no terminal's Ctrl-C, and has no signals blocked.
  /// Fails with the errno of exec(2) or chdir(2).
  static Result<ChildProcess> start(const std::vector<std::string>& words, std::span<const InheritedFd> inherited,
                                    const std::string& folder = {}, const std::vector<std::string>& environment = {});
  ChildProcess(ChildProcess&& other) noexcept : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)) {}
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();

  [[nodiscard]] int pidfd() const { return pidfd_.get(); }
  void kill() const;
  /// Waits for its end; its wait status. Once only.
  int wait();

 private:
  ChildProcess(pid_t pid, UniqueFd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  pid_t pid_ = -1;
  UniqueFd pidfd_;
};

}  // namespace sandgauge
