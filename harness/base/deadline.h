// Deadline: a point in monotonic time, for poll(2) loops.
//
//   const Deadline deadline(std::chrono::seconds(5));
//   while (poll(fds, n, deadline.poll_timeout()) > 0) ...
#pragma once

#include <algorithm>
#include <chrono>

namespace sandgauge {

class Deadline {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Deadline(std::chrono::milliseconds from_now) : at_(Clock::now() + from_now) {}

  [[nodiscard]] bool passed() const { return Clock::now() >= at_; }
  /// Milliseconds left for poll(2), rounded up so that a loop does not spin in the last one; 0 when passed.
  [[nodiscard]] int poll_timeout() const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(at_ - Clock::now());
    return static_cast<int>(std::clamp<long>(left.count(), 0, 1'000'000'000));
  }

 private:
  Clock::time_point at_;
};

}  // namespace sandgauge
