// The machine's own list of actions that may be logged, /proc/sys/kernel/seccomp/actions_logged, changed for a while.
//
//   LoggedActions logged(stage);      // needs CAP_SYS_ADMIN, and a case that is `exclusive`
//   logged.write("kill_process log");
//   ...
//   logged.restore();                 // before audit records are asked for: the reader's own fence is one of LOG
//
// Restored whatever happens. A guard, a process of its own, does it: on restore(), and when the scenario's process dies,
// killed by the deadline or an interrupt. It is told of that death (PR_SET_PDEATHSIG) before anybody can wait for the dead
// process (Linux kernel/exit.c, exit_notify), and runs ahead of all ordinary processes (SCHED_FIFO), so it has written the
// old text before the harness, which ends all that a case leaves behind, gets to it.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "probe/stage.h"

namespace sandgauge {

inline constexpr char kActionsLogged[] = "/proc/sys/kernel/seccomp/actions_logged";

class LoggedActions {
 public:
  /// Skips the scenario where the list cannot be opened for writing: /proc/sys is read-only, or this is not the machine's
  /// root.
  explicit LoggedActions(Stage& stage);
  LoggedActions(const LoggedActions&) = delete;
  LoggedActions& operator=(const LoggedActions&) = delete;
  ~LoggedActions() { restore(); }

  /// The words as they were found.
  [[nodiscard]] const std::string& found() const { return found_; }
  /// What write(2) did: -errno, or the length.
  std::int64_t try_write(std::string_view words) const;
  /// Ends the scenario as broken if it fails.
  void write(std::string_view words) const;
  /// Puts back what was found, and checks that it is there again. At most once.
  void restore();

 private:
  void be_guard(int ready_fd) const;

  Stage& stage_;
  UniqueFd fd_;
  std::string found_;
  pid_t guard_ = 0;
};

}  // namespace sandgauge
