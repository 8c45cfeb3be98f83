// The ways a Linux process can enter the kernel, as a filter sees them.
//
// A filter reads AUDIT_ARCH_* from seccomp_data.arch; x86_64 and x32 share one value and differ in bit 30 of nr.
// Source: seccomp(2), "Architecture support"; Linux arch/x86/include/asm/unistd.h (__X32_SYSCALL_BIT).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sandgauge {

enum class Abi : std::uint8_t { x86_64, i386, x32, aarch64 };

inline constexpr Abi kEveryAbi[] = {Abi::x86_64, Abi::i386, Abi::x32, Abi::aarch64};

/// Set in seccomp_data.nr of every x32 call.
inline constexpr std::uint32_t kX32Bit = 0x40000000;

/// The ABI of ordinary programs of the machine that this was built for.
constexpr Abi native_abi() {
#if defined(__aarch64__)
  return Abi::aarch64;
#else
  return Abi::x86_64;
#endif
}

/// AUDIT_ARCH_* as in linux/audit.h.
constexpr std::uint32_t audit_arch(Abi abi) {
  switch (abi) {
    case Abi::i386: return 0x40000003;
    case Abi::aarch64: return 0xC00000B7;
    case Abi::x86_64:
    case Abi::x32: break;
  }
  return 0xC000003E;
}

/// "x86_64", "i386", "x32", "aarch64".
std::string_view abi_name(Abi abi);
/// Takes our names, the kernel's other names (amd64, x86, arm64) and the OCI spellings (SCMP_ARCH_X86_64, ...).
std::optional<Abi> parse_abi(std::string_view name);

}  // namespace sandgauge
