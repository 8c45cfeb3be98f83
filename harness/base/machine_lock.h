// MachineLock: between all sandgauge processes of a machine, who reads what the kernel says of everyone (audit records) and
// who changes what holds for everyone (a sysctl).
//
//   MachineLock lock;
//   if (!lock.take(MachineLock::Kind::alone, kLockPatience, interrupt_fd)) ... somebody else holds it for longer than that
//   ...
//   ... lock goes, and with it the lock ...
//
// Two files in /run/lock, locked by flock(2): they need no rights but to read, and the kernel lets go of what a dead process
// held. Where there is no such folder, or another's file cannot be opened, every take() succeeds and locks nothing.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/unique_fd.h"

namespace sandgauge {

/// Other runs hold it for a case at a time.
constexpr std::chrono::seconds kLockPatience{20};

class MachineLock {
 public:
  enum class Kind : std::uint8_t {
    shared,  // with any number of others
    alone,   // with nobody; who asks for it is let in before those who ask for `shared` later
  };

  MachineLock() = default;
  MachineLock(const MachineLock&) = delete;
  MachineLock& operator=(const MachineLock&) = delete;
  ~MachineLock();

  /// False if it is not to be had for so long, or when `interrupt_fd` hangs up before (-1: none). Not to be called twice.
  [[nodiscard]] bool take(Kind kind, std::chrono::milliseconds allowed, int interrupt_fd);

 private:
  UniqueFd turnstile_;  // held for a moment by readers, all the time by who is alone
  UniqueFd room_;
};

}  // namespace sandgauge
