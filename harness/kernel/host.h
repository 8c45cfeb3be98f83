// Host facts: what this machine and this process are, found out by asking and trying, not by reading a kernel config.
//
//   Result<Host> host = inspect_host();
//   if (!host->capabilities.contains("CAP_AUDIT_READ")) skip("needs CAP_AUDIT_READ");
//
// Works without /proc, and under an outer filter that answers some of the questions: what cannot be found out is left at the
// side that makes a case skip (no capability, no ABI, no core file). Fails only if uname(2) gives a release that is no
// version.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/host.h"

namespace sandgauge {

/// Forks a short-lived child for every ABI that it tries (kernel/abis.h).
Result<Host> inspect_host();

/// The first two numbers of a uname -r such as "6.18.44-fc-v657", "5.10.0-30-amd64" or "6.1-rc3".
Result<KernelVersion> parse_kernel_version(std::string_view release);

/// The names of a capability mask's bits, lowest bit first in linux/capability.h; a bit that Linux 7.2 does not name is
/// "CAP_63" after its number.
std::set<std::string> capability_names(std::uint64_t mask);

/// A mask as /proc/PID/status writes it, "000001ffffffffff": 1 to 16 hex digits.
Result<std::set<std::string>> parse_capabilities(std::string_view hex);

/// The words of a line, separated by blanks: what /proc/sys/kernel/seccomp/actions_logged holds.
std::set<std::string> parse_words(std::string_view text);

/// How many filters the process whose /proc/PID/status this is runs under. 0 without any, -1 when there are some but the
/// kernel does not count them (before 5.9) or the process is in strict mode. Fails if there is no "Seccomp:" line
/// (a kernel without CONFIG_SECCOMP) or it cannot be read.
Result<int> parse_filter_count(std::string_view status);

/// True if a /proc/sys/kernel/core_pattern names a file. Not with '|' (a program), '@' (a socket; Linux 6.16), or nothing at
/// all (core(5)).
bool names_core_file(std::string_view core_pattern);

}  // namespace sandgauge
