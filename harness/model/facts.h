// Facts that a confined child reports through shared memory: plain words, no pointers, no system call needed to write them.
#pragma once

#include <cstdint>

namespace sandgauge {

/// The siginfo_t of a SIGSYS and the registers at that moment (sigaction(2)).
struct SigsysFacts {
  std::int32_t signo = 0;
  std::int32_t code = 0;
  std::int32_t error = 0;    // si_errno
  std::int32_t syscall = 0;  // si_syscall
  std::uint32_t arch = 0;    // si_arch
  std::uint64_t call_addr = 0;
  std::uint64_t instruction_pointer = 0;  // RIP, or PC
  std::uint64_t result_register = 0;      // RAX, or X0
  bool operator==(const SigsysFacts&) const = default;
};

/// What became of the one call of a call probe. Written in order: `started`, then the call, then `result` and `returned`.
struct CallFacts {
  std::uint32_t started = 0;
  std::uint32_t returned = 0;      // the call came back (by itself, or out of the handler)
  std::int64_t result = 0;         // the raw result: -errno on failure
  std::uint32_t handler_runs = 0;  // how often the SIGSYS handler ran
  std::uint32_t thread_died = 0;   // the calling thread ended before `returned`, and the first thread saw it
  std::uint32_t survivor_ran = 0;  // the first thread was alive after the call
  SigsysFacts sigsys;              // of the handler's first run
  bool operator==(const CallFacts&) const = default;
};

}  // namespace sandgauge
