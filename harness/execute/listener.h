// Listener: the supervising end of SECCOMP_FILTER_FLAG_NEW_LISTENER (seccomp_unotify(2)).
//
//   UniqueFd socket = ...;                       // the courier's other end
//   Result<Listener> listener = Listener::receive(socket.get(), plan, call);
//   ... poll(2) says POLLIN: listener->answer(outcome) ...
#pragma once

#include <optional>

#include "base/result.h"
#include "base/unique_fd.h"
#include "model/call.h"
#include "model/outcome.h"
#include "model/probe.h"

namespace sandgauge {

class Listener {
 public:
  /// Takes the descriptor that the child's courier sent. The plan answers notifications of `call` (its ABI and number), or
  /// all when there is none; others get FLAG_CONTINUE. Fails if nothing, or no descriptor, was sent.
  static Result<Listener> receive(int socket, ListenerPlan plan, std::optional<Call> call);

  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Receives one notification, records it and answers it. A caller that died meanwhile is no error.
  void answer(Outcome& outcome) const;

 private:
  Listener(UniqueFd fd, ListenerPlan plan, std::optional<Call> call) : fd_(std::move(fd)), plan_(plan), call_(call) {}

  UniqueFd fd_;
  ListenerPlan plan_;
  std::optional<Call> call_;
};

}  // namespace sandgauge
