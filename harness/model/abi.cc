#include "model/abi.h"

namespace sandgauge {

std::string_view abi_name(Abi abi) {
  switch (abi) {
    case Abi::x86_64: return "x86_64";
    case Abi::i386: return "i386";
    case Abi::x32: return "x32";
    case Abi::aarch64: return "aarch64";
  }
  return "?";
}

std::optional<Abi> parse_abi(std::string_view name) {
  for (const Abi abi : kEveryAbi)
    if (name == abi_name(abi)) return abi;
  if (name == "amd64" || name == "SCMP_ARCH_X86_64") return Abi::x86_64;
  if (name == "x86" || name == "SCMP_ARCH_X86") return Abi::i386;
  if (name == "SCMP_ARCH_X32") return Abi::x32;
  if (name == "arm64" || name == "SCMP_ARCH_AARCH64") return Abi::aarch64;
  return std::nullopt;
}

}  // namespace sandgauge
