#include "kernel/host.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <charconv>
#include <iterator>
#include <optional>

#include "base/shown.h"
#include "base/unique_fd.h"
#include "kernel/abis.h"
#include "kernel/text_file.h"
#include "model/privilege.h"

namespace sandgauge {
namespace {

constexpr std::string_view kBlanks = " \t\n";

/// The whole of `text` as a number.
template <class T>
std::optional<T> parse_number(std::string_view text, int base = 10) {
  T number{};
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return number;
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// What follows "NAME:" at the start of a line.
std::optional<std::string_view> find_line(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line.starts_with(name) && line.substr(name.size()).starts_with(':')) return trim(line.substr(name.size() + 1));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return std::nullopt;
}

std::uint64_t effective_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
  if (::syscall(SYS_capget, &header, data) != 0) return 0;
  return std::uint64_t{data[1].effective} << 32 | data[0].effective;
}

int outer_filters() {
  if (const auto count = parse_filter_count(text_or_nothing("/proc/self/status"))) return *count;
  return ::prctl(PR_GET_SECCOMP) > 0 ? -1 : 0;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

Result<KernelVersion> parse_kernel_version(std::string_view release) {
  const std::size_t dot = release.find('.');
  if (dot != std::string_view::npos) {
    const std::string_view rest = release.substr(dot + 1);
    const auto major = parse_number<int>(release.substr(0, dot));
    const auto minor = parse_number<int>(rest.substr(0, rest.find_first_not_of("0123456789")));
    if (major && minor && *major >= 0) return KernelVersion{*major, *minor};
  }
  return fail("kernel release {} does not begin with two numbers such as 6.1", shown(release));
}

std::set<std::string> capability_names(std::uint64_t mask) {
  const std::span names_by_bit = privilege_names();
  std::set<std::string> names;
  for (unsigned bit = 0; bit < 64; ++bit) {
    if ((mask >> bit & 1) == 0) continue;
    names.insert(bit < names_by_bit.size() ? std::string(names_by_bit[bit]) : fmt::format("CAP_{}", bit));
  }
  return names;
}

Result<std::set<std::string>> parse_capabilities(std::string_view hex) {
  const auto mask = parse_number<std::uint64_t>(hex, 16);
  if (!mask) return fail("capability mask {} is not 1 to 16 hex digits", shown(hex));
  return capability_names(*mask);
}

std::set<std::string> parse_words(std::string_view text) {
  std::set<std::string> words;
  for (std::size_t at = text.find_first_not_of(kBlanks); at != std::string_view::npos;
       at = text.find_first_not_of(kBlanks, at)) {
    const std::size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
    words.emplace(text.substr(at, end - at));
    at = end;
  }
  return words;
}

Result<int> parse_filter_count(std::string_view status) {
  const auto mode_text = find_line(status, "Seccomp");
  if (!mode_text) return fail("no line \"Seccomp:\" in /proc/PID/status");
  const auto mode = parse_number<int>(*mode_text);
  if (!mode) return fail("Seccomp: {} in /proc/PID/status, expected a number", shown(*mode_text));
  if (*mode == 0) return 0;
  const auto count_text = find_line(status, "Seccomp_filters");
  if (!count_text) return -1;
  const auto count = parse_number<int>(*count_text);
  if (!count) return fail("Seccomp_filters: {} in /proc/PID/status, expected a number", shown(*count_text));
  return *count > 0 ? *count : -1;
}

bool names_core_file(std::string_view core_pattern) {
  const std::string_view pattern = trim(core_pattern);
  return !pattern.empty() && pattern.front() != '|' && pattern.front() != '@';
}

Result<Host> inspect_host() {
  Host host;
  utsname names{};
  if (::uname(&names) == 0) {
    host.release = names.release;
    host.sysname = names.sysname;
  } else {  // a filter around this process may deny it
    host.release = first_line(text_or_nothing("/proc/sys/kernel/osrelease"));
    host.sysname = first_line(text_or_nothing("/proc/sys/kernel/ostype"));
  }
  const auto version = parse_kernel_version(host.release);
  if (!version) return fail(version.error());
  host.kernel = *version;
  host.uid = ::getuid();
  host.gid = ::getgid();
  host.capabilities = capability_names(effective_capabilities());
  host.abis = running_abis();
  host.outer_filters = outer_filters();
  host.actions_logged = parse_words(text_or_nothing("/proc/sys/kernel/seccomp/actions_logged"));
  host.core_to_file = names_core_file(text_or_nothing("/proc/sys/kernel/core_pattern"));
  return host;
}

}  // namespace sandgauge
