#include "kernel/environment.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <thread>

#include "base/unique_fd.h"
#include "kernel/surroundings.h"
#include "kernel/text_file.h"

namespace sandgauge {
namespace {

constexpr char kUnknown[] = "unknown";

std::string word_of(const std::string& path) {
  auto word = read_setting(path.c_str());
  return word ? *std::move(word) : kUnknown;
}

std::string cpu_model() {
  const std::string text = text_or_nothing("/proc/cpuinfo");
  for (const std::string_view key : {"model name", "Model", "CPU implementer"}) {
    const auto at = text.find(std::string(key) + "\t");
    if (at == std::string::npos) continue;
    const auto colon = text.find(": ", at);
    if (colon != std::string::npos) return text.substr(colon + 2, text.find('\n', colon) - colon - 2);
  }
  return kUnknown;
}

std::string mitigations() {
  std::string text;
  for (const char* name :
       {"meltdown", "spectre_v1", "spectre_v2", "spec_store_bypass", "retbleed", "spec_rstack_overflow", "mds", "vmscape"}) {
    const auto state = read_setting((std::string("/sys/devices/system/cpu/vulnerabilities/") + name).c_str());
    if (!state || *state == "Not affected") continue;
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", name, *state);
  }
  return text.empty() ? "none needed or none known" : text;
}

/// Asks the audit subsystem who its daemon is (AUDIT_GET); needs CAP_AUDIT_CONTROL.
std::string audit_state() {
  const UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT));
  if (!fd) return "no audit";
  nlmsghdr request{};
  request.nlmsg_len = NLMSG_LENGTH(0);
  request.nlmsg_type = AUDIT_GET;
  request.nlmsg_flags = NLM_F_REQUEST;
  if (::send(fd.get(), &request, request.nlmsg_len, 0) < 0) return kUnknown;
  alignas(nlmsghdr) char buffer[1024];
  constexpr int kPatience = 200;
  for (int tries = 0; tries < 3; ++tries) {
    pollfd readable{fd.get(), POLLIN, 0};
    if (::poll(&readable, 1, kPatience) <= 0) return kUnknown;
    const ssize_t got = ::recv(fd.get(), buffer, sizeof buffer, 0);
    if (got < static_cast<ssize_t>(sizeof(nlmsghdr))) return kUnknown;
    nlmsghdr header{};
    std::memcpy(&header, buffer, sizeof header);
    if (header.nlmsg_type != AUDIT_GET) continue;
    audit_status status{};
    std::memcpy(&status, buffer + NLMSG_HDRLEN,
                std::min(sizeof status, static_cast<std::size_t>(got) - static_cast<std::size_t>(NLMSG_HDRLEN)));
    const std::string daemon = status.pid == 0 ? "no daemon" : fmt::format("daemon is process {}", status.pid);
    return fmt::format("{}, {}", status.enabled != 0 ? "enabled" : "disabled", daemon);
  }
  return kUnknown;
}

std::string pmu() {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_HARDWARE;
  attributes.size = sizeof attributes;
  attributes.config = PERF_COUNT_HW_CPU_CYCLES;
  attributes.exclude_kernel = 1;
  const UniqueFd fd(static_cast<int>(::syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC)));
  if (fd) return "yes";
  return errno == EACCES || errno == EPERM ? "not allowed" : "no";
}

std::uint64_t take_number(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(error == std::errc() ? static_cast<std::size_t>(end - text.data()) : text.size());
  return number;
}

}  // namespace

Facts measured_environment() {
  utsname names{};
  const bool named = ::uname(&names) == 0;
  return {
      {"kernel", named ? fmt::format("{} {} {}", names.sysname, names.release, names.version) : kUnknown},
      {"machine", named ? names.machine : kUnknown},
      {"cpu", cpu_model()},
      {"cpus", fmt::format("{}", std::thread::hardware_concurrency())},
      {"hypervisor", hypervisor().empty() ? "none" : hypervisor()},
      {"mitigations", mitigations()},
      {"jit", word_of("/proc/sys/net/core/bpf_jit_enable")},
      {"jit hardening", word_of("/proc/sys/net/core/bpf_jit_harden")},
      {"lsm", word_of("/sys/kernel/security/lsm")},
      {"audit", audit_state()},
      {"pmu", pmu()},
      {"clock", word_of("/sys/devices/system/clocksource/clocksource0/current_clocksource")},
      {"load", word_of("/proc/loadavg")},
  };
}

std::string store_bypass_state(const Confinement* confinement) {
  constexpr int kCouldNot = 100;
  const pid_t pid = ::fork();
  if (pid < 0) return kUnknown;
  if (pid == 0) {
    if (confinement != nullptr && confinement->apply().failed_step != nullptr) ::_exit(kCouldNot);
    const int state = ::prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, 0, 0, 0);
    ::_exit(state < 0 ? kCouldNot : state);
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return kUnknown;
  if (!WIFEXITED(status) || WEXITSTATUS(status) == kCouldNot) return kUnknown;
  const auto state = static_cast<unsigned>(WEXITSTATUS(status));
  if (state == PR_SPEC_NOT_AFFECTED) return "not affected";
  if ((state & PR_SPEC_FORCE_DISABLE) != 0) return "speculation forced off";
  if ((state & PR_SPEC_DISABLE) != 0) return "speculation off";
  return "speculation on";
}

std::pair<std::uint64_t, std::uint64_t> parse_stolen_ticks(std::string_view stat) {
  if (!stat.starts_with("cpu ")) return {0, 0};
  std::string_view line = stat.substr(4, stat.find('\n') - 4);
  constexpr int kSteal = 7;  // user nice system idle iowait irq softirq steal
  std::uint64_t all = 0;
  std::uint64_t stolen = 0;
  for (int column = 0; column <= kSteal; ++column) {
    const std::uint64_t ticks = take_number(line);
    all += ticks;
    if (column == kSteal) stolen = ticks;
  }
  return {stolen, all};
}

std::pair<std::uint64_t, std::uint64_t> stolen_ticks() { return parse_stolen_ticks(text_or_nothing("/proc/stat")); }

int running_now() {
  const std::string text = text_or_nothing("/proc/loadavg");
  const auto slash = text.find('/');
  if (slash == std::string::npos) return 0;
  std::string_view before = std::string_view(text).substr(0, slash);
  before.remove_prefix(before.rfind(' ') + 1);
  return static_cast<int>(take_number(before));
}

bool clock_is_a_call() {
  const std::string clock = word_of("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  for (const std::string_view readable : {"tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter", kUnknown})
    if (clock == readable) return false;
  return true;
}

}  // namespace sandgauge
