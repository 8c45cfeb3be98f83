#include "policy/profile.h"

#include <sys/utsname.h>

#include <algorithm>
#include <cstdio>

#include "base/shown.h"
#include "model/syscalls.h"
#include "policy/number.h"

namespace sandgauge {
namespace {

/// From the tables of the kernel's other architectures (arch/*/kernel/syscalls/*.tbl and arch/*/include/uapi/asm/unistd.h):
/// those that profiles in use name.
constexpr std::string_view kOtherMachines[] = {"arm_fadvise64_64",
                                               "arm_sync_file_range",
                                               "atomic_barrier",
                                               "atomic_cmpxchg_32",
                                               "breakpoint",
                                               "cachectl",
                                               "cacheflush",
                                               "get_thread_area_mips",
                                               "get_tls",
                                               "getpagesize",
                                               "memory_ordering",
                                               "multiplexer",
                                               "pciconfig_iobase",
                                               "pciconfig_read",
                                               "pciconfig_write",
                                               "riscv_flush_icache",
                                               "riscv_hwprobe",
                                               "rtas",
                                               "s390_guarded_storage",
                                               "s390_pci_mmio_read",
                                               "s390_pci_mmio_write",
                                               "s390_runtime_instr",
                                               "s390_sthyi",
                                               "set_tls",
                                               "spu_create",
                                               "spu_run",
                                               "subpage_prot",
                                               "swapcontext",
                                               "switch_endian",
                                               "sync_file_range2",
                                               "sys_debug_setcontext",
                                               "sysmips",
                                               "usr26",
                                               "usr32",
                                               "utrap_install",
                                               "nios2_cacheflush"};

/// Whether the policy of this name alone can be resolved: also sub-calls of i386's socketcall(2) and ipc(2).
bool resolves(std::string_view name, const std::vector<Abi>& architectures, const std::vector<ArgumentTest>& when) {
  const Policy alone{.architectures = architectures, .rules = {{.syscalls = {std::string(name)}, .when = when}}};
  return resolve(alone).has_value();
}

}  // namespace

ProfileContext default_context() {
  ProfileContext context;
  utsname names{};
  // The release begins with the version on every kernel; one that does not counts as 0.0, and says so in the note.
  if (::uname(&names) == 0) std::sscanf(names.release, "%d.%d", &context.kernel.major, &context.kernel.minor);
  context.capabilities = {"CAP_AUDIT_WRITE", "CAP_CHOWN",   "CAP_DAC_OVERRIDE",     "CAP_FOWNER",    "CAP_FSETID",
                          "CAP_KILL",        "CAP_MKNOD",   "CAP_NET_BIND_SERVICE", "CAP_NET_RAW",   "CAP_SETFCAP",
                          "CAP_SETGID",      "CAP_SETPCAP", "CAP_SETUID",           "CAP_SYS_CHROOT"};
  return context;
}

std::string in_place(const Profile& profile, TextPlace place, std::string_view text) {
  if (place.line == 0) return fmt::format("{}: {}", profile.file, text);
  return fmt::format("{}:{}:{}: {}", profile.file, place.line, place.column, text);
}

std::string call_name(const Policy& policy, const std::string& syscall) {
  if (!starts_like_number(syscall)) return syscall;
  const auto number = parse_integer(syscall, 0, INT32_MAX);
  std::string name;
  for (const Abi abi : policy.architectures) {
    if (!number) return "";
    const std::string_view own = syscall_name(abi, static_cast<std::int32_t>(*number));
    if (own.empty() || (!name.empty() && own != name)) return "";
    name = own;
  }
  return name;
}

std::string describe_rule(const Policy& policy, std::size_t index) {
  const Rule& rule = policy.rules[index];
  const std::string more = rule.syscalls.size() > 1 ? fmt::format(" and {} more", rule.syscalls.size() - 1) : "";
  return fmt::format("rule {} ({}{}): {}", index + 1, rule.syscalls.empty() ? "-" : rule.syscalls[0], more,
                     to_string(rule.action));
}

bool is_syscall_of_another_machine(std::string_view name) {
  return std::ranges::find(kOtherMachines, name) != std::end(kOtherMachines);
}

void add_syscall(Profile& profile, Rule& rule, RulePlace& places, const std::string& name, TextPlace place) {
  using About = ProfileNote::About;
  const auto note = [&](About about, std::string text) {
    profile.notes.push_back({about, place, std::move(text), name, rule.action});
  };
  const bool number = starts_like_number(name);
  if (!number && resolves(name, profile.policy.architectures, rule.when)) {
    rule.syscalls.push_back(name);
    places.syscalls.push_back(place);
    return;
  }
  const std::vector<Abi> every(std::begin(kEveryAbi), std::end(kEveryAbi));
  if (!number && (is_syscall_name(name) || resolves(name, every, {})))
    return note(About::unlisted, fmt::format("syscall {} does not exist on the profile's architectures", shown(name)));
  if (is_syscall_of_another_machine(name))
    return note(About::other_architecture, fmt::format("syscall {} belongs to another kind of machine", shown(name)));
  constexpr std::size_t kManyNotes = 100;  // the search costs time, and who has so many has not misspelt them
  const bool search = !number && profile.notes.size() < kManyNotes;
  const std::string_view near = search ? closest_syscall(name) : std::string_view();
  note(About::unknown_syscall, near.empty() ? fmt::format("unknown syscall {}: the rule does not apply to it", shown(name))
                                            : fmt::format("unknown syscall {}, did you mean '{}'?", shown(name), near));
}

}  // namespace sandgauge
