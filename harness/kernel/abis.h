// Which ABIs' calls this kernel runs, found by making one of each.
//
//   running_abis() == std::set{Abi::x86_64, Abi::i386}   // a kernel with IA32 emulation and without x32
//
// A kernel config or /proc does not tell: emulation can be off at boot (ia32_emulation=0), and a filter around the harness
// may kill the foreign entry. A child makes the call, so its death only means "not run here".
#pragma once

#include <set>

#include "model/abi.h"

namespace sandgauge {

/// The native ABI is always in the set. Another one is when getpid through its entry gives a child its own pid within a
/// second. Blocks for at most that per ABI. An ABI that cannot be tried (fork fails) counts as not run.
std::set<Abi> running_abis();

/// A call without arguments through the entry of i386 or x32, whose own number it takes (x32's without bit 30): its result,
/// or -errno. Where the entry is not there: a SIGSEGV, or -ENOSYS. Async-signal-safe.
long foreign_call(Abi abi, long number);

}  // namespace sandgauge
