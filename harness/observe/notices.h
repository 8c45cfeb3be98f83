// Notices: the listener of a filter that answers NOTIFY (seccomp_unotify(2)): counts every call, and lets it go on.
//
//   Result<Notices> notices = Notices::take(pidfd, number_in_the_child);
//   ... poll(2) says POLLIN: notices->answer(seen); anything else: nobody is left under the filter ...
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "model/observation.h"

namespace sandgauge {

class Notices {
 public:
  /// A copy of another process's descriptor. Fails where pidfd_getfd(2) does (Linux 5.6; needs the right to trace it).
  static Result<Notices> take(int pidfd, int number);

  [[nodiscard]] int fd() const { return fd_.get(); }
  /// One notification. A caller that has died meanwhile is not counted.
  void answer(Observation& seen) const;

 private:
  explicit Notices(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace sandgauge
