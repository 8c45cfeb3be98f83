// Names of errno values and signals: "EPERM", "SIGSYS", and back.
//
//   errno_name(1) == "EPERM"; errno_number("EPERM") == 1; errno_text(1) == "EPERM (Operation not permitted)"
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sandgauge {

/// "EPERM"; a number that Linux gives no name comes back as its decimal digits.
std::string errno_name(int error);
/// The number of a name such as "EPERM"; decimal digits are taken as they are. Nothing for another text.
std::optional<int> errno_number(std::string_view name);
/// "EPERM (Operation not permitted)".
std::string errno_text(int error);

/// "SIGSYS"; real-time signals as "SIGRTMIN+n"; an unknown number as its digits.
std::string signal_name(int signal);
/// The number of a name such as "SIGSYS", "SYS" or "SIGRTMIN+1", or of decimal digits. Nothing for another text.
std::optional<int> signal_number(std::string_view name);

}  // namespace sandgauge
