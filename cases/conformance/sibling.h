// A second thread that does what the scenario tells it, one thing after another.
//
//   Sibling sibling(stage);
//   sibling.run([&] { stage.load_as_it_is(filter); });
//   stage.fails_with("getppid in the sibling", EXDEV, sibling.call(SYS_getppid));
//
// Between two things it waits in read(2) of a pipe and it says that it is done by write(2), so it lives on in strict mode.
// Where it is killed in what it was told, the teller waits for ever: the case's deadline is for that.
// Only for a process that makes its threads itself: it uses pthread_create(3), which allocates.
#pragma once

#include <pthread.h>
#include <sys/types.h>

#include <cstdint>
#include <type_traits>

#include "conformance/asked_listener.h"
#include "probe/stage.h"

namespace sandgauge {

class Sibling {
 public:
  explicit Sibling(Stage& stage);
  Sibling(const Sibling&) = delete;
  Sibling& operator=(const Sibling&) = delete;

  [[nodiscard]] pid_t tid() const { return tid_; }
  /// Runs `body` in the thread, and waits for its end.
  template <class Body>
  void run(Body body) {
    start(body);
    finish();
  }
  /// Runs `body`, which must live until finish(), in the thread, and does not wait.
  template <class Body>
  void start(Body& body) {
    order([](void* what) { (*static_cast<Body*>(what))(); }, &body);
  }
  void finish() const { heard(done_.out.get()); }
  /// Readable when what was started is done.
  [[nodiscard]] int done_fd() const { return done_.out.get(); }
  /// A system call in the thread; -errno on failure.
  std::int64_t call(long number, std::int64_t first = 0, std::int64_t second = 0);
  /// Ends it by exit(2), and waits until the kernel has no such thread any more.
  void end();

 private:
  struct Order {
    void (*invoke)(void*);
    void* what;
  };
  static void* obey(void* self);
  void order(void (*invoke)(void*), void* what);

  Stage& stage_;
  Pipe orders_;
  Pipe done_;
  pthread_t thread_{};
  pid_t tid_ = 0;
};

}  // namespace sandgauge
