#include "execute/registers.h"

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

namespace sandgauge {
namespace {

template <class Registers>
bool get(pid_t tracee, Registers& registers) {
  iovec area{&registers, sizeof registers};
  return ::ptrace(PTRACE_GETREGSET, tracee, NT_PRSTATUS, &area) == 0;
}

template <class Registers>
void set(pid_t tracee, Registers& registers) {
  iovec area{&registers, sizeof registers};
  ::ptrace(PTRACE_SETREGSET, tracee, NT_PRSTATUS, &area);
}

}  // namespace

#if defined(__aarch64__)

std::optional<CallRegisters> read_registers(pid_t tracee) {
  user_regs_struct registers{};
  if (!get(tracee, registers)) return std::nullopt;
  return CallRegisters{registers.pc, registers.regs[0]};
}

void skip_call(pid_t tracee, std::int64_t result) {
  int number = -1;
  iovec area{&number, sizeof number};
  ::ptrace(PTRACE_SETREGSET, tracee, NT_ARM_SYSTEM_CALL, &area);
  user_regs_struct registers{};
  if (!get(tracee, registers)) return;
  registers.regs[0] = static_cast<std::uint64_t>(result);
  set(tracee, registers);
}

#else

namespace {

/// The kernel hands out this layout while the tracee is in 32-bit code (a 32-bit program; not int 0x80 from 64-bit code).
struct Registers32 {
  std::uint32_t ebx, ecx, edx, esi, edi, ebp, eax, ds, es, fs, gs, orig_eax, eip, cs, eflags, esp, ss;
};

union AnyRegisters {
  user_regs_struct wide;
  Registers32 narrow;
};

/// The size that came back tells which of the two it is; 0 if the tracee is gone.
std::size_t get_any(pid_t tracee, AnyRegisters& registers) {
  iovec area{&registers, sizeof registers};
  return ::ptrace(PTRACE_GETREGSET, tracee, NT_PRSTATUS, &area) == 0 ? area.iov_len : 0;
}

}  // namespace

std::optional<CallRegisters> read_registers(pid_t tracee) {
  AnyRegisters registers{};
  const std::size_t size = get_any(tracee, registers);
  if (size == sizeof(Registers32)) return CallRegisters{registers.narrow.eip, registers.narrow.eax};
  if (size == sizeof(user_regs_struct)) return CallRegisters{registers.wide.rip, registers.wide.rax};
  return std::nullopt;
}

void skip_call(pid_t tracee, std::int64_t result) {
  AnyRegisters registers{};
  const std::size_t size = get_any(tracee, registers);
  if (size == sizeof(Registers32)) {
    registers.narrow.orig_eax = ~0U;
    registers.narrow.eax = static_cast<std::uint32_t>(result);
    set(tracee, registers.narrow);
  } else if (size == sizeof(user_regs_struct)) {
    registers.wide.orig_rax = ~0ULL;
    registers.wide.rax = static_cast<unsigned long long>(result);
    set(tracee, registers.wide);
  }
}

#endif

}  // namespace sandgauge
