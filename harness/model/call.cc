#include "model/call.h"

#include <fmt/format.h>

#include "model/syscalls.h"

namespace sandgauge {

seccomp_data to_seccomp_data(const Call& call) {
  seccomp_data data{};
  auto number = static_cast<std::uint32_t>(call.number);
  if (call.abi == Abi::x32) number |= kX32Bit;
  data.nr = static_cast<int>(number);
  data.arch = audit_arch(call.abi);
  data.instruction_pointer = call.instruction_pointer;
  for (std::size_t i = 0; i < call.args.size(); ++i)
    data.args[i] = call.abi == Abi::i386 ? call.args[i] & 0xffffffffU : call.args[i];
  return data;
}

bool from_seccomp_data(const seccomp_data& data, Call& call) {
  const auto number = static_cast<std::uint32_t>(data.nr);
  call = Call{};
  if (data.arch == audit_arch(Abi::x86_64)) {
    const bool x32 = number >= kX32Bit && number != 0xffffffffU;
    call.abi = x32 ? Abi::x32 : Abi::x86_64;
    call.number = static_cast<std::int32_t>(x32 ? number & ~kX32Bit : number);
  } else if (data.arch == audit_arch(Abi::i386) || data.arch == audit_arch(Abi::aarch64)) {
    call.abi = data.arch == audit_arch(Abi::i386) ? Abi::i386 : Abi::aarch64;
    call.number = data.nr;
  } else {
    return false;
  }
  for (std::size_t i = 0; i < call.args.size(); ++i) call.args[i] = data.args[i];
  call.instruction_pointer = data.instruction_pointer;
  return true;
}

std::string to_string(const Call& call) {
  return fmt::format("{}, {}", describe_syscall(call.abi, call.number), abi_name(call.abi));
}

}  // namespace sandgauge
