// raw_call: one system call by the entry instruction of any ABI, with nothing of libc around it.
//
//   const std::uint64_t args[6] = {};
//   raw_call(Abi::x86_64, 39, args);  // getpid by `syscall`
//   raw_call(Abi::i386, 20, args);    // getpid by `int $0x80`, from a 64-bit program
//   raw_call(Abi::x32, 39, args);     // getpid by `syscall`, with bit 30 in the number
//
// Nothing is allocated, no errno is set and no thread-local variable is touched, so it can be called after fork(2), in a
// confined thread and in a signal handler. What the kernel says comes back as it is: -errno on failure, and the call
// number where a SIGSYS handler returned without writing the result register. An ABI whose instruction this machine does
// not have is -ENOSYS without any call; an ABI that the kernel was built without gives whatever its entry path gives
// (x32: -ENOSYS, after the filter has seen the call; i386 with ia32_emulation off: a SIGSEGV).
//
// Not for vfork(2) or clone(2) with CLONE_VM: two processes would return through one stack frame.
#pragma once

#include <cstdint>

#include "model/abi.h"
#include "model/call.h"

namespace sandgauge {

/// Whether this machine has the ABI's entry instruction. Not whether the kernel answers it: see Host::abis.
constexpr bool raw_call_supported(Abi abi) {
#if defined(__x86_64__)
  return abi != Abi::aarch64;
#else
  return abi == native_abi();
#endif
}

/// Where raw_call() leaves each call that it is about to make, so that a report can name the last one; null: nowhere.
/// To be set while there is one thread. Threads and forks write to the same place; the last one stays.
extern Call* recorded_raw_call;

/// Makes one call. `number` is the ABI's own; x32's bit 30 is added here (-1 has it already, so it is x86_64's -1). i386
/// arguments are cut to 32 bits; its result is negative only in the error range -4095 to -1, so an address stays one.
/// async-signal-safe.
std::int64_t raw_call(Abi abi, std::int32_t number, const std::uint64_t (&args)[6]);

}  // namespace sandgauge
