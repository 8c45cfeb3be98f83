// What a child is doing, how it ended, and its end before its time.
#pragma once

#include <sys/types.h>

#include <string>

#include "model/outcome.h"

namespace sandgauge {

/// The command name (proc(5), /proc/PID/comm); also of a zombie. Empty if it cannot be read.
std::string command_name(pid_t pid);

/// The state letter of /proc/PID/stat in words: "stopped (T)", "sleeping (S)", "running (R)"; "unknown" if unreadable.
std::string process_state(pid_t pid);

/// What a status of wait(2) says.
End end_of(int wait_status);

/// Kills the child. `outcome` tells why (a deadline, an interrupt) and in which state it was.
void kill_early(Outcome& outcome, End::Kind why, int pidfd);

}  // namespace sandgauge
