#include "kernel/machine.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "base/shared_slot.h"
#include "kernel/host.h"
#include "kernel/surroundings.h"
#include "kernel/text_file.h"
#include "kernel/trial.h"

namespace sandgauge {
namespace {

constexpr char kLsmList[] = "/sys/kernel/security/lsm";
constexpr long kListModules = 461;  // lsm_list_modules(2), since Linux 6.8; the same number on every machine

/// LSM_ID_*, Linux include/uapi/linux/lsm.h.
constexpr std::pair<std::uint64_t, const char*> kLsmIds[] = {
    {100, "capability"}, {101, "selinux"}, {102, "smack"},     {103, "tomoyo"},   {104, "apparmor"},
    {105, "yama"},       {106, "loadpin"}, {107, "safesetid"}, {108, "lockdown"}, {109, "bpf"},
    {110, "landlock"},   {111, "ima"},     {112, "evm"},       {113, "ipe"},
};

Result<std::set<std::string>> list_modules() {
  constexpr std::size_t kMost = 64;
  struct List {
    std::uint64_t ids[kMost];
    std::uint32_t size;
  };
  const auto list = SharedSlot<List>::make();
  if (!list) return fail(list.error());
  (*list)->size = sizeof(List::ids);
  const long count = ask([&list] {
    const long result = ::syscall(kListModules, (*list)->ids, &(*list)->size, 0);
    return result < 0 ? -errno : result;
  });
  if (count < 0) return fail("lsm_list_modules(2): {}", error_name(static_cast<int>(-count)));
  const std::uint64_t* const ids = (*list)->ids;
  std::set<std::string> names;
  for (long i = 0; i < count; ++i) {
    const auto* const known = std::ranges::find(kLsmIds, ids[i], &std::pair<std::uint64_t, const char*>::first);
    names.insert(known != std::end(kLsmIds) ? std::string(known->second) : fmt::format("lsm_{}", ids[i]));
  }
  return names;
}

void read_lsms(Machine& machine) {
  const auto text = read_setting(kLsmList);
  if (text) {
    const auto listed = parse_lsm_list(*text);
    if (!listed) {
      machine.lsms_source = fmt::format("{}: {}", kLsmList, listed.error().message);
      return;
    }
    machine.lsms = *listed;
    machine.lsms_source = kLsmList;
    return;
  }
  const auto listed = list_modules();
  if (!listed) {
    machine.lsms_source = fmt::format("{}, and {}", text.error().message, listed.error().message);
    return;
  }
  machine.lsms = *listed;
  machine.lsms_source = "lsm_list_modules(2)";
}

}  // namespace

Result<Machine> inspect_machine() {
  Machine machine;
  auto host = inspect_host();
  if (!host) return fail(host.error());
  machine.host = std::move(*host);
  auto config = find_config(machine.host.release);
  if (config) {
    machine.config = std::move(*config);
  } else {
    machine.config_problem = config.error().message;
  }
  if (auto status = read_text_file("/proc/self/status")) machine.status = std::move(*status);
  machine.first_user_namespace = !in_another_user_namespace();
  read_lsms(machine);
  auto scratch = TempDir::make();
  if (scratch) {
    machine.scratch = std::move(*scratch);
  } else {
    machine.scratch_problem = scratch.error().message;
  }
  return machine;
}

bool mount_securityfs_privately() {
  static constexpr char kPlace[] = "/sys/kernel/security";
  if (::access(kLsmList, F_OK) == 0 || ::access(kPlace, F_OK) != 0) return false;
  const auto mount_it = [] {
    if (::unshare(CLONE_NEWNS) != 0) return -1L;
    // Private first, or the mount would be seen by others.
    const bool done = ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                      ::mount("securityfs", kPlace, "securityfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0;
    return done ? 0L : -1L;
  };
  return ask(mount_it) == 0 && mount_it() == 0;
}

}  // namespace sandgauge
