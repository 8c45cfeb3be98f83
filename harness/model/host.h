// Host: the facts about the running machine that decide whether a case can run here.
#pragma once

#include <compare>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/abi.h"

namespace sandgauge {

struct KernelVersion {
  int major = 0;
  int minor = 0;
  auto operator<=>(const KernelVersion&) const = default;
};
std::string to_string(KernelVersion version);

/// What a case needs of the machine; an unmet need is a SKIP that names it.
struct Requirements {
  std::vector<std::string> capabilities;  // "CAP_AUDIT_READ"; held effectively
  std::optional<KernelVersion> since;
  std::optional<KernelVersion> until;  // the last version that it holds for
  std::vector<Abi> machine;            // the native ABI is one of these; empty: any
  std::vector<Abi> abis;               // the kernel runs calls of these
  bool core_file = false;              // core dumps go to a file, so that RLIMIT_CORE decides
  bool operator==(const Requirements&) const = default;
};

struct Host {
  KernelVersion kernel;
  std::string release;  // uname -r
  std::string sysname;
  unsigned uid = 0;
  unsigned gid = 0;
  std::set<std::string> capabilities;    // effective
  std::set<Abi> abis;                    // whose calls the kernel runs: tried, not read from a config
  int outer_filters = 0;                 // how many filters this process is already under; -1 when only the mode is known
  std::set<std::string> actions_logged;  // the sysctl's words: "kill_process", "errno", ...
  bool core_to_file = true;
};

}  // namespace sandgauge
