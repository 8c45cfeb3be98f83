// A seccomp listener and the processes that it is asked about, for scenarios.
//
//   AskedListener listener(stage);  // the filter asks it about getppid(2); this process and all that it starts are under it
//   Caller caller(listener, [&] { stage.equal("the call", 7, raw_syscall(SYS_getppid)); });
//   seccomp_notif request{};
//   if (!caller.notifies(request)) return;
//   stage.succeeds("the reply", listener.reply({.id = request.id, .val = 7}));
//   stage.exited("the caller", 0, caller.end());
//
// A caller that ends without having asked is a failed check, not a hang. Where a filter around the run has a listener
// already there can be no second one, and the scenario is skipped. The ioctls return -errno, or what they give.
#pragma once

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include <cstdint>

#include "base/unique_fd.h"
#include "probe/stage.h"

namespace sandgauge {

// Of linux/seccomp.h of later kernels than the headers that this may be built with.
inline constexpr unsigned kWaitKillableReceive = 1U << 5;  // SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
inline constexpr unsigned long kSetFlags = _IOW(SECCOMP_IOC_MAGIC, 4, std::uint64_t);  // SECCOMP_IOCTL_NOTIF_SET_FLAGS
inline constexpr unsigned long kIdValidWrongWay =
    _IOR(SECCOMP_IOC_MAGIC, 2, std::uint64_t);    // SECCOMP_IOCTL_NOTIF_ID_VALID_WRONG_DIR
inline constexpr std::uint64_t kSyncWakeUp = 1;   // SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
inline constexpr unsigned kAddAndSend = 1U << 1;  // SECCOMP_ADDFD_FLAG_SEND

/// An ioctl(2) of a listener. async-signal-safe.
inline std::int64_t listener_request(int listener, unsigned long request, const void* argument) {
  return raw_syscall(SYS_ioctl, listener, static_cast<std::int64_t>(request), reinterpret_cast<std::intptr_t>(argument));
}

struct AskFor {
  long number = SYS_getppid;
  unsigned flags = 0;  // with SECCOMP_FILTER_FLAG_NEW_LISTENER
  std::uint32_t answer = SECCOMP_RET_USER_NOTIF;
  bool as_it_is = false;  // --mutate leaves the filter alone: what it answers is not what the scenario is about
};

/// Skips the scenario where a filter around the run has a listener. A listener that is made by AskedListener asks itself.
void require_no_listener(Stage& stage);

class AskedListener {
 public:
  /// Loads a filter that answers one call with NOTIFY, and keeps its listener.
  explicit AskedListener(Stage& stage, const AskFor& plan = {});
  /// One that was made elsewhere.
  AskedListener(Stage& stage, int fd) : stage_(stage), fd_(fd) {}

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] Stage& stage() const { return stage_; }
  void close() { fd_.reset(); }

  /// SECCOMP_IOCTL_NOTIF_RECV. Blocks if there is nothing: Caller::notifies() does not.
  std::int64_t receive(seccomp_notif& request) const { return listener_request(fd(), SECCOMP_IOCTL_NOTIF_RECV, &request); }
  /// SECCOMP_IOCTL_NOTIF_SEND.
  [[nodiscard]] std::int64_t reply(const seccomp_notif_resp& response) const {
    return listener_request(fd(), SECCOMP_IOCTL_NOTIF_SEND, &response);
  }
  /// SECCOMP_IOCTL_NOTIF_ID_VALID.
  [[nodiscard]] std::int64_t id_valid(std::uint64_t id) const {
    return listener_request(fd(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id);
  }
  /// SECCOMP_IOCTL_NOTIF_ADDFD.
  [[nodiscard]] std::int64_t add_fd(const seccomp_notif_addfd& descriptor) const {
    return listener_request(fd(), SECCOMP_IOCTL_NOTIF_ADDFD, &descriptor);
  }
  /// What poll(2) says now, of POLLIN, POLLOUT, POLLHUP and POLLERR.
  [[nodiscard]] int events() const;
  /// Waits until a notification can be received. False, after a failed check, if `over` becomes readable first: all that
  /// could have asked has ended.
  [[nodiscard]] bool pending(int over) const;
  /// Waits until a notification can be received, true, or `over` is readable, false.
  [[nodiscard]] bool asked_before(int over) const;

 private:
  Stage& stage_;
  UniqueFd fd_;
};

/// A process that makes calls which a listener is asked about.
class Caller {
 public:
  /// A child that closes its copy of the listener, runs `body` and exits with 0.
  template <class Body>
  Caller(AskedListener& listener, Body body) : Caller(listener.stage()) {
    listener_ = &listener;
    started(stage_.start_child([&] {
      listener.close();
      body();
    }));
  }
  /// A child that makes the listener itself; for pending() and notifies() it is then watch()ed by its parent.
  template <class Body>
  Caller(Stage& stage, Body body) : Caller(stage) {
    started(stage_.start_child(body));
  }
  void watch(AskedListener& listener) { listener_ = &listener; }

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Waits until it has asked. False, after a failed check, if it ends instead.
  [[nodiscard]] bool pending() const { return listener_->pending(pidfd_.get()); }
  /// pending(), and receives what it asked.
  [[nodiscard]] bool notifies(seccomp_notif& request) const;
  /// Waits for its end. False, after a failed check, if it asks instead.
  [[nodiscard]] bool ends_unasked() const;
  /// Waits until /proc/PID/stat shows this state: 'S' is asleep and can be interrupted, 'D' cannot. False, after a failed
  /// check, if it ends or never does.
  [[nodiscard]] bool comes_to_state(char state) const;
  /// A signal to it.
  void send(int signal) const;
  /// Its wait status.
  int end() const { return stage_.wait_for(pid_); }

 private:
  explicit Caller(Stage& stage) : stage_(stage) {}
  void started(pid_t pid);

  Stage& stage_;
  AskedListener* listener_ = nullptr;
  pid_t pid_ = 0;
  UniqueFd pidfd_;
};

/// Waits until the task is seen in this state; false if it ends or is not within a bound. /proc has nothing to wait on, so
/// this looks again and again and gives its processor away in between.
bool reaches_state(pid_t task, char state);

/// Two ends of a pipe(2).
struct Pipe {
  explicit Pipe(Stage& stage);
  UniqueFd out;
  UniqueFd in;
};
/// One byte through a pipe. say() and heard() are async-signal-safe; heard() is false if the other end is gone.
void say(int fd);
bool heard(int fd);

/// A connected pair of Unix sockets.
struct SocketPair {
  explicit SocketPair(Stage& stage);
  UniqueFd near_end;
  UniqueFd far_end;
};
/// A descriptor over a Unix socket, SCM_RIGHTS; ends the scenario as broken if it does not get through. Where the other
/// end is gone, its process has said why and this one just ends.
void send_descriptor(Stage& stage, int socket, int descriptor);
int receive_descriptor(Stage& stage, int socket);

/// A process that makes a listener for itself, hands it over and then does `body`. Only it is under the filter.
template <class Body>
class Confined {
 public:
  Confined(Stage& stage, const AskFor& plan, Body body)
      : sockets_(stage),
        caller(stage,
               [&] {
                 AskedListener own(stage, plan);
                 send_descriptor(stage, sockets_.far_end.get(), own.fd());
                 own.close();
                 body();
               }),
        listener(stage, received(stage)) {
    caller.watch(listener);
  }

 private:
  int received(Stage& stage) {
    sockets_.far_end.reset();
    return receive_descriptor(stage, sockets_.near_end.get());
  }
  SocketPair sockets_;

 public:
  Caller caller;
  AskedListener listener;
};

}  // namespace sandgauge
