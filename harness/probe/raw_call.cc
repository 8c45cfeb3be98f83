#include "probe/raw_call.h"

#include <cerrno>

// The calls below may come back on a thread that the kernel has half taken apart, or not at all: no check of the compiler's
// may run code of its own here.
#define SANDGAUGE_BARE __attribute__((noinline, no_stack_protector, no_sanitize("address", "undefined", "thread")))

namespace sandgauge {
namespace {

#if defined(__x86_64__)

// Source: Linux arch/x86/entry/entry_64.S, entry_SYSCALL_64: number in rax, arguments in rdi rsi rdx r10 r8 r9; rcx and r11
// are lost.
SANDGAUGE_BARE std::int64_t call_by_syscall(std::int64_t number, const std::uint64_t (&args)[6]) {
  std::int64_t result = number;
  register std::uint64_t r10 __asm__("r10") = args[3];
  register std::uint64_t r8 __asm__("r8") = args[4];
  register std::uint64_t r9 __asm__("r9") = args[5];
  __asm__ volatile("syscall"
                   : "+a"(result)
                   : "D"(args[0]), "S"(args[1]), "d"(args[2]), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory", "cc");
  return result;
}

// Source: Linux arch/x86/entry/entry_64_compat.S, entry_INT80_compat: number in eax, arguments in ebx ecx edx esi edi ebp;
// older kernels clear r8 to r11. The compiler owns rbp, so the sixth argument waits in r12 and trades places with it for the
// one instruction; the stack is not touched, because this may be a leaf function with a red zone.
SANDGAUGE_BARE std::int64_t call_by_int80(std::int32_t number, const std::uint64_t (&args)[6]) {
  std::uint64_t result = static_cast<std::uint32_t>(number);
  register std::uint64_t sixth __asm__("r12") = static_cast<std::uint32_t>(args[5]);
  __asm__ volatile(
      "xchg %%r12, %%rbp\n\t"
      "int $0x80\n\t"
      "xchg %%r12, %%rbp"
      : "+a"(result), "+r"(sixth)
      : "b"(static_cast<std::uint64_t>(static_cast<std::uint32_t>(args[0]))),
        "c"(static_cast<std::uint64_t>(static_cast<std::uint32_t>(args[1]))),
        "d"(static_cast<std::uint64_t>(static_cast<std::uint32_t>(args[2]))),
        "S"(static_cast<std::uint64_t>(static_cast<std::uint32_t>(args[3]))),
        "D"(static_cast<std::uint64_t>(static_cast<std::uint32_t>(args[4])))
      : "r8", "r9", "r10", "r11", "memory", "cc");
  const auto low = static_cast<std::uint32_t>(result);
  constexpr std::uint32_t kLowestError = 0xFFFFF001;  // -4095, MAX_ERRNO in linux/err.h
  return low >= kLowestError ? static_cast<std::int32_t>(low) : static_cast<std::int64_t>(low);
}

#elif defined(__aarch64__)

// Source: syscall(2), "Architecture calling conventions": number in w8, arguments in x0 to x5.
SANDGAUGE_BARE std::int64_t call_by_svc(std::int64_t number, const std::uint64_t (&args)[6]) {
  register std::int64_t x8 __asm__("x8") = number;
  register std::uint64_t x0 __asm__("x0") = args[0];
  register std::uint64_t x1 __asm__("x1") = args[1];
  register std::uint64_t x2 __asm__("x2") = args[2];
  register std::uint64_t x3 __asm__("x3") = args[3];
  register std::uint64_t x4 __asm__("x4") = args[4];
  register std::uint64_t x5 __asm__("x5") = args[5];
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory", "cc");
  return static_cast<std::int64_t>(x0);
}

#else
#error "raw_call knows x86_64 and aarch64"
#endif

}  // namespace

Call* recorded_raw_call = nullptr;

SANDGAUGE_BARE std::int64_t raw_call(Abi abi, std::int32_t number, const std::uint64_t (&args)[6]) {
  if (recorded_raw_call != nullptr) {
    recorded_raw_call->abi = abi;
    recorded_raw_call->number = number;
    for (std::size_t i = 0; i < 6; ++i) recorded_raw_call->args[i] = args[i];
  }
  if (!raw_call_supported(abi)) return -ENOSYS;
#if defined(__x86_64__)
  switch (abi) {
    case Abi::i386: return call_by_int80(number, args);
    case Abi::x32: return call_by_syscall(number | static_cast<std::int32_t>(kX32Bit), args);
    default: return call_by_syscall(number, args);
  }
#else
  return call_by_svc(number, args);
#endif
}

}  // namespace sandgauge
