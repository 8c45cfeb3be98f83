// Confinement: how a child becomes confined. confine/ makes them, execute/ applies them in the child.
#pragma once

namespace sandgauge {

/// What became of applying a confinement. Plain words: it is filled in a child that may not allocate any more.
struct ConfineResult {
  const char* failed_step = nullptr;  // a literal that names the system call that failed; null: it is confined
  int error = 0;                      // errno of that step
  int listener = -1;                  // the SECCOMP_FILTER_FLAG_NEW_LISTENER descriptor, in the caller's table
};

class Confinement {
 public:
  virtual ~Confinement() = default;
  /// Confines the calling thread, and whatever else the mechanism takes in. Async-signal-safe.
  virtual ConfineResult apply() const noexcept = 0;
  /// True if apply() will return a listener.
  virtual bool makes_listener() const noexcept { return false; }
};

}  // namespace sandgauge
