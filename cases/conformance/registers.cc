#include "conformance/registers.h"

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include <cstring>

namespace sandgauge {
namespace {

using Registers = user_regs_struct;

bool transfer(__ptrace_request request, pid_t tracee, unsigned set, void* memory, std::size_t size) {
  iovec part{memory, size};
  return ::ptrace(request, tracee, set, &part) == 0;
}

template <class Change>
bool change(pid_t tracee, Change make) {
  Registers registers{};
  if (!transfer(PTRACE_GETREGSET, tracee, NT_PRSTATUS, &registers, sizeof registers)) return false;
  make(registers);
  return transfer(PTRACE_SETREGSET, tracee, NT_PRSTATUS, &registers, sizeof registers);
}

template <std::size_t Size>
bool ends_with(const void* address, const unsigned char (&instruction)[Size]) {
  return std::memcmp(static_cast<const unsigned char*>(address) - Size, instruction, Size) == 0;
}

}  // namespace

#if defined(__x86_64__)

std::uint64_t instruction_pointer(const ucontext_t& context) {
  return static_cast<std::uint64_t>(context.uc_mcontext.gregs[REG_RIP]);
}

std::uint64_t result_register(const ucontext_t& context) {
  return static_cast<std::uint64_t>(context.uc_mcontext.gregs[REG_RAX]);
}

void set_result_register(ucontext_t& context, std::int64_t value) { context.uc_mcontext.gregs[REG_RAX] = value; }

bool follows_call_instruction(const void* address) { return ends_with(address, {0x0F, 0x05}); }

std::int64_t turned_back(long number, std::int64_t) { return number; }

bool read_call(pid_t tracee, long& number) {
  Registers registers{};
  if (!transfer(PTRACE_GETREGSET, tracee, NT_PRSTATUS, &registers, sizeof registers)) return false;
  number = static_cast<long>(registers.orig_rax);
  return true;
}

bool set_call(pid_t tracee, long number) {
  return change(tracee, [number](Registers& registers) { registers.orig_rax = static_cast<unsigned long>(number); });
}

bool set_first_argument(pid_t tracee, std::uint64_t value) {
  return change(tracee, [value](Registers& registers) { registers.rdi = value; });
}

bool drop_call(pid_t tracee, std::int64_t result) {
  return set_call(tracee, -1) &&
         change(tracee, [result](Registers& registers) { registers.rax = static_cast<unsigned long>(result); });
}

#else

std::uint64_t instruction_pointer(const ucontext_t& context) { return context.uc_mcontext.pc; }

std::uint64_t result_register(const ucontext_t& context) { return context.uc_mcontext.regs[0]; }

void set_result_register(ucontext_t& context, std::int64_t value) {
  context.uc_mcontext.regs[0] = static_cast<std::uint64_t>(value);
}

bool follows_call_instruction(const void* address) { return ends_with(address, {0x01, 0x00, 0x00, 0xD4}); }

std::int64_t turned_back(long, std::int64_t first) { return first; }

// The number is a register set of its own: x8 is only its copy (ptrace.h, NT_ARM_SYSTEM_CALL).
bool read_call(pid_t tracee, long& number) {
  int value = 0;
  if (!transfer(PTRACE_GETREGSET, tracee, NT_ARM_SYSTEM_CALL, &value, sizeof value)) return false;
  number = value;
  return true;
}

bool set_call(pid_t tracee, long number) {
  auto value = static_cast<int>(number);
  return transfer(PTRACE_SETREGSET, tracee, NT_ARM_SYSTEM_CALL, &value, sizeof value);
}

bool set_first_argument(pid_t tracee, std::uint64_t value) {
  return change(tracee, [value](Registers& registers) { registers.regs[0] = value; });
}

bool drop_call(pid_t tracee, std::int64_t result) {
  return set_call(tracee, -1) && set_first_argument(tracee, static_cast<std::uint64_t>(result));
}

#endif

bool drop_call(pid_t tracee) { return set_call(tracee, -1); }

}  // namespace sandgauge
