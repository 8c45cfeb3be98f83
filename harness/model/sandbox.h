// Sandbox: a mechanism of the kernel that confines a process, as `sandgauge compare` holds them against each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sandgauge {

enum class Sandbox : std::uint8_t {
  none,  // a control: what happens without any
  seccomp,
  apparmor,
  landlock,
  bpf_lsm,
  seccomp_apparmor,  // both, entered in the order in which runtimes do: the profile, then the filter
};

inline constexpr Sandbox kEverySandbox[] = {Sandbox::none,     Sandbox::seccomp, Sandbox::apparmor,
                                            Sandbox::landlock, Sandbox::bpf_lsm, Sandbox::seccomp_apparmor};
inline constexpr std::size_t kSandboxes = 6;

/// "none", "seccomp", "AppArmor", "Landlock", "BPF LSM", "seccomp+AppArmor".
constexpr std::string_view sandbox_name(Sandbox sandbox) {
  constexpr std::string_view kNames[kSandboxes] = {"none", "seccomp", "AppArmor", "Landlock", "BPF LSM", "seccomp+AppArmor"};
  return kNames[static_cast<std::size_t>(sandbox)];
}

}  // namespace sandgauge
