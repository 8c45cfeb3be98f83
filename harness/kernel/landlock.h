// The rights of Landlock, and the operation by which each is tried. Internal to kernel/.
//
// Debian 12's headers know ABI 2; the numbers of later rights come from Linux include/uapi/linux/landlock.h.
#pragma once

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "model/host.h"

namespace sandgauge {

/// struct landlock_ruleset_attr: what is handled, and so denied where no rule grants it.
struct LandlockRuleset {
  std::uint64_t fs = 0;
  std::uint64_t net = 0;     // since ABI 4
  std::uint64_t scoped = 0;  // since ABI 6
  /// A rule below a folder can grant it; devices are elsewhere.
  [[nodiscard]] bool can_be_granted_below_a_folder() const { return fs != 0 && fs != kIoctlDev; }
  static constexpr std::uint64_t kIoctlDev = 1U << 15;  // LANDLOCK_ACCESS_FS_IOCTL_DEV
  /// Only as much as is used: an older kernel refuses more.
  [[nodiscard]] std::size_t size() const { return scoped != 0 ? 24 : net != 0 ? 16 : 8; }
};

inline constexpr std::uint64_t kLandlockFirstRights = (1U << 13) - 1;  // all of ABI 1

struct LandlockRight {
  const char* id;
  const char* title;
  const char* what;  // the operation
  int abi;
  KernelVersion since;
  LandlockRuleset rules;
  int denial;  // errno
  /// What the operation needs, made in an empty folder; runs before the restriction.
  void (*prepare)(const std::string& folder);
  /// 0, or its errno.
  int (*operation)(const std::string& folder);
};

inline constexpr int kLandlockRights = 23;
std::span<const LandlockRight, kLandlockRights> landlock_rights();

}  // namespace sandgauge
