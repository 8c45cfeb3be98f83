// A system call as a filter sees it: struct seccomp_data, with the ABI made explicit.
//
//   Call call{.abi = Abi::x86_64, .number = 63};
//   seccomp_data data = to_seccomp_data(call);   // what evaluate() feeds to a filter
#pragma once

#include <linux/seccomp.h>

#include <array>
#include <cstdint>
#include <string>

#include "model/abi.h"

namespace sandgauge {

struct Call {
  Abi abi = native_abi();
  /// The ABI's own number: x32 without bit 30. -1 is legal (a tracer writes it to skip a call).
  std::int32_t number = 0;
  std::array<std::uint64_t, 6> args{};
  std::uint64_t instruction_pointer = 0;
  bool operator==(const Call&) const = default;
};

/// The kernel's view: x32 gets bit 30, and i386 arguments are cut to 32 bits as its entry code does.
seccomp_data to_seccomp_data(const Call& call);

/// The ABI under which the kernel runs this entry. Under AUDIT_ARCH_X86_64 a number at or above 0x40000000, but not -1, is
/// x32's (the same split as libseccomp's). An arch that none of ours has gives false and a
/// default Call.
bool from_seccomp_data(const seccomp_data& data, Call& call);

/// "uname (63), x86_64".
std::string to_string(const Call& call);

}  // namespace sandgauge
