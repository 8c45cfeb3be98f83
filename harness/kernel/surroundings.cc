// Surroundings: who and where this process is, which decides what it can see and try at all.
#include "kernel/surroundings.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "base/shown.h"
#include "kernel/filter_call.h"
#include "kernel/host.h"
#include "kernel/rows.h"
#include "kernel/text_file.h"
#include "kernel/trial.h"

namespace sandgauge {
namespace {

// Inodes of the first namespaces, Linux include/linux/proc_ns.h.
constexpr ino_t kFirstUserNamespace = 0xEFFFFFFD;
constexpr ino_t kFirstPidNamespace = 0xEFFFFFFC;

Finding in_first_namespace(const char* path, ino_t first) {
  struct stat status {};
  if (::stat(path, &status) != 0) return {Standing::unknown, fmt::format("{}: {}", path, error_name(errno))};
  const bool is_first = status.st_ino == first;
  return {is_first ? Standing::yes : Standing::no, fmt::format("{} is {}the first one", path, is_first ? "" : "not ")};
}

void find_root(const Machine& machine, Capability& c) {
  c.advertised = {machine.host.uid == 0 ? Standing::yes : Standing::no, fmt::format("getuid(2) gives {}", machine.host.uid)};
}

void find_capabilities(const Machine& machine, Capability& c) {
  const auto last_text = read_setting("/proc/sys/kernel/cap_last_cap");
  constexpr int kLastOfLinux510 = 40;
  const int last = last_text ? std::clamp(std::atoi(last_text->c_str()), 0, 63) : kLastOfLinux510;
  std::string missing;
  int held = 0;
  for (const std::string& name : capability_names(~std::uint64_t{0} >> (63 - last))) {
    if (machine.has(name)) {
      ++held;
    } else {
      missing += (missing.empty() ? "" : " ") + name;
    }
  }
  c.value = fmt::format("{} of {}", held, last + 1);
  c.advertised = {missing.empty() ? Standing::yes : Standing::no, missing.empty() ? "all are effective"
                                                                  : held == 0     ? "none is effective"
                                                                                  : "missing: " + missing};
}

void find_user_namespace(const Machine&, Capability& c) {
  c.advertised = in_first_namespace("/proc/self/ns/user", kFirstUserNamespace);
}

void find_pid_namespace(const Machine&, Capability& c) {
  c.advertised = in_first_namespace("/proc/self/ns/pid", kFirstPidNamespace);
}

void find_container(const Machine&, Capability& c) {
  for (const char* mark : {"/.dockerenv", "/run/.containerenv", "/run/systemd/container"})
    if (::access(mark, F_OK) == 0) {
      c.advertised = {Standing::yes, fmt::format("{} is there", mark)};
      return;
    }
  const Finding pid = in_first_namespace("/proc/self/ns/pid", kFirstPidNamespace);
  const Finding user = in_first_namespace("/proc/self/ns/user", kFirstUserNamespace);
  if (pid.standing == Standing::unknown || user.standing == Standing::unknown) {
    c.advertised = pid.standing == Standing::unknown ? pid : user;
    return;
  }
  const bool inside = pid.standing == Standing::no || user.standing == Standing::no;
  c.advertised = {inside ? Standing::yes : Standing::no, fmt::format("{}; {}", pid.evidence, user.evidence)};
}

void find_vm(const Machine&, Capability& c) {
#if defined(__x86_64__)
  c.value = hypervisor();
  c.advertised = {c.value.empty() ? Standing::no : Standing::yes,
                  c.value.empty() ? "the CPU names no hypervisor" : "the CPU names a hypervisor: " + c.value};
#else
  c.advertised = {Standing::unknown, "written for x86_64 only"};
#endif
}

void find_filters(const Machine& machine, Capability& c) {
  const int filters = machine.host.outer_filters;
  c.value = filters < 0 ? "some" : fmt::format("{}", filters);
  c.advertised = {filters == 0 ? Standing::no : Standing::yes, fmt::format("/proc/self/status counts {}", c.value)};
}

void find_own_no_new_privs(const Machine& machine, Capability& c) {
  const auto line = parse_status_line(machine.status, "NoNewPrivs");
  c.advertised = {!line          ? Standing::unknown
                  : *line == "1" ? Standing::yes
                                 : Standing::no,
                  "/proc/self/status: " + (line ? "NoNewPrivs: " + *line : line.error().message)};
}

void find_cgroup(const Machine&, Capability& c) {
  const auto text = read_text_file("/proc/self/cgroup");
  const auto version = text ? cgroup_version(*text) : Result<std::string>(fail(text.error()));
  if (!version) {
    c.advertised = {Standing::unknown, version.error().message};
    return;
  }
  c.value = *version;
  c.advertised = {*version == "v2" ? Standing::yes : Standing::no, "/proc/self/cgroup: " + *version};
}

}  // namespace

Result<std::string> cgroup_version(std::string_view text) {
  bool first = false;
  bool second = false;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.empty()) continue;
    const std::size_t colon = line.find(':');
    if (colon == line.npos || line.find(':', colon + 1) == line.npos)
      return fail("/proc/self/cgroup: {} is not number:name:path", shown(line));
    (line.starts_with("0::") ? second : first) = true;
  }
  if (first) return std::string(second ? "hybrid" : "v1");
  return std::string(second ? "v2" : "none");
}

std::string hypervisor() {
#if defined(__x86_64__)
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  constexpr unsigned kPresent = 1U << 31;  // of leaf 1's ECX
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & kPresent) == 0) return "";
  constexpr unsigned kVendorLeaf = 0x40000000;
  __cpuid(kVendorLeaf, a, b, c, d);
  char name[13]{};
  std::memcpy(name, &b, 4);
  std::memcpy(name + 4, &c, 4);
  std::memcpy(name + 8, &d, 4);
  std::string text(name);
  std::erase_if(text, [](char letter) { return letter <= ' ' || letter > '~'; });
  return text.empty() ? "unnamed" : text;
#else
  return "";
#endif
}

bool in_another_user_namespace() {
  return in_first_namespace("/proc/self/ns/user", kFirstUserNamespace).standing == Standing::no;
}

std::vector<Row> host_rows() {
  const auto row = [](const char* id, const char* title, const char* meaning, const char* source,
                      void (*find)(const Machine&, Capability&)) { return Row{id, title, meaning, {}, source, {}, find}; };
  return {
      row("host.root", "this process is root", "Without root, or without capabilities, some things cannot be tried.",
          "getuid(2)", find_root),
      row("host.capabilities", "all capabilities are effective", "Which are missing decides what can be tried.",
          "capabilities(7)", find_capabilities),
      row("host.user_namespace", "in the first user namespace", "Elsewhere capabilities do not reach audit, BPF or LSMs.",
          "user_namespaces(7)", find_user_namespace),
      row("host.pid_namespace", "in the first pid namespace", "Elsewhere audit records name other pids than one's own.",
          "pid_namespaces(7)", find_pid_namespace),
      row("host.container", "inside a container", "What does not work here may be the container's doing, not the kernel's.",
          "namespaces(7)", find_container),
      row("host.vm", "inside a virtual machine", "Hardware counters and mitigations may be the hypervisor's.",
          "Linux arch/x86/kernel/cpu/hypervisor.c", find_vm),
      row("host.filters", "already under seccomp filters", "They answer first; each trial is under them too.",
          "proc(5), Seccomp_filters", find_filters),
      row("host.no_new_privs", "already under NO_NEW_PRIVS", "Set-uid programs do not work here.", "prctl(2)",
          find_own_no_new_privs),
      row("host.cgroup", "cgroup version 2", "The value is v1, v2, hybrid or none.", "cgroups(7)", find_cgroup),
  };
}

}  // namespace sandgauge
