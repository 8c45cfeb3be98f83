// Small files of /proc, read in a scenario.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sandgauge {

/// What a short file says, without its last newline; "" if it cannot be read.
std::string text_of_file(const char* path);

/// A field of the status file of a thread, such as "NoNewPrivs" or "Seccomp" (proc(5)); -1 if it has none. `path`:
/// "/proc/self/status", "/proc/thread-self/status" or that of another process.
std::int64_t status_field(const char* path, std::string_view name);

/// Seccomp_filters of the calling thread: how many filters it is under.
inline std::int64_t filters_of_this_thread() { return status_field("/proc/thread-self/status", "Seccomp_filters"); }

}  // namespace sandgauge
