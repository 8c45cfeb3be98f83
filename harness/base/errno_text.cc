#include "base/errno_text.h"

#include <fmt/format.h>

#include <charconv>
#include <csignal>
#include <cstring>

namespace sandgauge {
namespace {

std::optional<int> decimal(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.starts_with('-')) return std::nullopt;
  return number;
}

constexpr int kHighestErrno = 4095;  // MAX_ERRNO in the kernel's include/linux/err.h

}  // namespace

std::string errno_name(int error) {
  const char* name = strerrorname_np(error);  // "0" for 0
  return name != nullptr ? name : fmt::format("{}", error);
}

std::optional<int> errno_number(std::string_view name) {
  if (const auto number = decimal(name)) return number;
  if (name == "EWOULDBLOCK") return EWOULDBLOCK;
  if (name == "EDEADLOCK") return EDEADLOCK;
  if (name == "ENOTSUP") return ENOTSUP;
  for (int error = 1; error < kHighestErrno; ++error) {
    const char* known = strerrorname_np(error);
    if (known != nullptr && name == known) return error;
  }
  return std::nullopt;
}

std::string errno_text(int error) {
  constexpr int kUnsupported = 524;  // ENOTSUPP, include/linux/errno.h: the kernel's own, for no libc
  if (error == kUnsupported) return "ENOTSUPP (524, not supported; of a filter: no room below net.core.bpf_jit_limit)";
  const char* description = strerrordesc_np(error);
  return fmt::format("{} ({})", errno_name(error), description != nullptr ? description : "no such errno");
}

std::string signal_name(int signal) {
  if (signal >= SIGRTMIN && signal <= SIGRTMAX) return fmt::format("SIGRTMIN+{}", signal - SIGRTMIN);
  const char* name = sigabbrev_np(signal);
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("{}", signal);
}

std::optional<int> signal_number(std::string_view name) {
  if (const auto number = decimal(name)) return number;
  if (name.starts_with("SIG")) name.remove_prefix(3);
  if (name.starts_with("RTMIN+")) {
    const auto above = decimal(name.substr(6));
    return above && *above <= SIGRTMAX - SIGRTMIN ? std::optional(SIGRTMIN + *above) : std::nullopt;
  }
  for (int signal = 1; signal < NSIG; ++signal) {
    const char* known = sigabbrev_np(signal);
    if (known != nullptr && name == known) return signal;
  }
  return std::nullopt;
}

}  // namespace sandgauge
