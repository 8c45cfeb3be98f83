// Machine: what the groups of capabilities look at: the host, its configuration, its LSMs, and a place to try things in.
//
//   Result<Machine> machine = inspect_machine();
//   std::vector<Capability> found = inspect_capabilities(*machine);   // kernel/capabilities.h
//
// What cannot be read is kept as the reason why. Fails only where inspect_host() does.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/temp_dir.h"
#include "kernel/config.h"
#include "model/host.h"

namespace sandgauge {

struct Machine {
  Host host;
  std::optional<KernelConfig> config;
  std::string config_problem;
  std::string status;  // /proc/self/status; empty if it cannot be read
  std::optional<std::set<std::string>> lsms;
  std::string lsms_source;         // where they were read; or why they could not be
  std::optional<TempDir> scratch;  // an empty folder
  std::string scratch_problem;
  std::vector<std::string> self_exec;  // the command that runs confined_step() (kernel/apparmor.h); empty: there is none

  bool first_user_namespace = true;  // also where that cannot be seen

  [[nodiscard]] bool has(const std::string& capability) const { return host.capabilities.contains(capability); }
  /// As the kernel asks with capable(): a capability in another user namespace does not count.
  [[nodiscard]] bool has_in_first_namespace(const std::string& capability) const {
    return first_user_namespace && has(capability);
  }
  [[nodiscard]] bool lists(const std::string& lsm) const { return lsms && lsms->contains(lsm); }
};

/// Makes a folder below $TMPDIR, which goes with the Machine.
Result<Machine> inspect_machine();

/// Where securityfs is not mounted and this process may mount it: gives the process a mount namespace of its own and mounts
/// it there, for nobody else to see. Returns true if that was done. Call it once, before inspect_machine(), in a process
/// with one thread.
bool mount_securityfs_privately();

}  // namespace sandgauge
