// Capability: one thing that a kernel may offer to a sandbox, and what is known of it here, in three columns.
//
//   Capability c{.id = "seccomp.notify", ...};
//   c.works = {Standing::no, "seccomp(2): EBUSY"};
//   differs(c);  // true if a column says yes and another says no
//
// claimed     what the kernel's configuration and version promise
// advertised  what the running kernel says when it is asked: a prctl, a file in /proc or /sys, an ABI number
// works       what a child saw when it tried
//
// Plain values; nothing here fails.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/host.h"

namespace sandgauge {

enum class Standing : std::uint8_t {
  none,      // the column has nothing to say of this capability: there is no option, no query or nothing to try
  yes,       //
  no,        //
  unknown,   // the question could not be asked, e.g. there is no configuration to read
  untested,  // it was not tried, or trying it showed nothing; the evidence says why
};
/// "none", "yes", "no", "unknown", "untested".
std::string_view standing_name(Standing standing);
std::optional<Standing> parse_standing(std::string_view name);

/// One column of one capability.
struct Finding {
  Standing standing = Standing::none;
  std::string evidence;  // "CONFIG_SECCOMP=y in /proc/config.gz", "getppid(2) gave EACCES"
  bool operator==(const Finding&) const = default;
};

struct Capability {
  // The same on every machine.
  std::string id;       // "seccomp.notify"
  std::string group;    // "seccomp"
  std::string title;    // one line: what it is
  std::string meaning;  // what it means to a user
  KernelVersion since;  // 0.0: not a matter of the kernel's version
  std::string source;   // the man page or kernel file that promises it

  // Of this machine and process.
  Finding claimed;
  Finding advertised;
  Finding works;
  std::string value;   // of those that are more than yes or no: "7", "xonly"; the same as long as the machine is
  std::string reason;  // why the columns differ, or why something was not tried; empty if there is nothing to explain
  bool operator==(const Capability&) const = default;
};

/// What the capability comes down to: `works` if it can be tried at all, or else what is advertised, or else claimed.
const Finding& conclusion(const Capability& capability);

/// True if one column says yes and another says no.
bool differs(const Capability& capability);

/// Everything that `sandgauge check` found.
struct CapabilityReport {
  std::string version;  // sandgauge's
  std::string kernel;   // uname -r
  std::string machine;  // "x86_64"
  std::string user;     // "root", or "uid 1000"
  std::vector<std::string> notes;
  std::vector<Capability> capabilities;
  bool operator==(const CapabilityReport&) const = default;
};

/// One difference between two reports, as a line: "seccomp.notify: works was yes, is no: seccomp(2): EBUSY".
struct Drift {
  std::string id;
  std::string text;
  bool operator==(const Drift&) const = default;
};

/// Compares the standings and values, not the evidence; a capability that only one of the two has is a difference.
std::vector<Drift> drift_between(const std::vector<Capability>& before, const std::vector<Capability>& now);

}  // namespace sandgauge
