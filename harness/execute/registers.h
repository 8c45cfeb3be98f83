// The registers of a stopped tracee that a seccomp tracer reads and writes, for each machine.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace sandgauge {

struct CallRegisters {
  std::uint64_t instruction_pointer = 0;
  std::uint64_t result = 0;  // RAX, or X0
};

/// Nothing if the tracee is gone.
std::optional<CallRegisters> read_registers(pid_t tracee);

/// At a seccomp stop: writes -1 over the call's number and `result` over its result, so that the call does not run.
/// Source: Documentation/userspace-api/seccomp_filter.rst, SECCOMP_RET_TRACE.
void skip_call(pid_t tracee, std::int64_t result);

}  // namespace sandgauge
