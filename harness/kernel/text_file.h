// Small files, as the kernel shows its settings in /proc and /sys, and the plain lists in them.
//
//   Result<std::string> scope = read_setting("/proc/sys/kernel/yama/ptrace_scope");   // "1", without the line's end
//   Result<std::set<std::string>> lsms = parse_lsm_list("landlock,lockdown,bpf");
//
// Reading fails where open(2) or read(2) does, with an error that names the path and the errno.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sandgauge {

/// The whole file, but no more than `most` bytes of it: a longer one fails.
Result<std::string> read_text_file(const char* path, std::size_t most = 1 << 20);
/// The same without blanks and line ends around it.
Result<std::string> read_setting(const char* path);
/// The whole file; empty where it cannot be read, e.g. because /proc is not mounted.
std::string text_or_nothing(const char* path);

/// /sys/kernel/security/lsm: names divided by commas (Linux security/inode.c, lsm_read). Fails on an empty name and on one
/// with other characters than lower-case letters, digits and '_'. An empty list is an empty set.
Result<std::set<std::string>> parse_lsm_list(std::string_view text);

/// /proc/sys/kernel/seccomp/actions_avail and actions_logged: names divided by blanks (seccomp(2), "/proc interfaces"). The
/// same rules for a name; a name that no kernel is known to use is kept.
Result<std::set<std::string>> parse_action_list(std::string_view text);

/// What follows "NAME:" in /proc/self/status and its like, without blanks. Fails if there is no such line.
Result<std::string> parse_status_line(std::string_view status, std::string_view name);

}  // namespace sandgauge
