// What /proc says of a child.
#pragma once

#include <sys/types.h>

#include <string>

namespace sandgauge {

/// The command name (proc(5), /proc/PID/comm); also of a zombie. Empty if it cannot be read.
std::string command_name(pid_t pid);

/// The state letter of /proc/PID/stat in words: "stopped (T)", "sleeping (S)", "running (R)"; "unknown" if unreadable.
std::string process_state(pid_t pid);

}  // namespace sandgauge
