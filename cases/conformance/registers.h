// The registers of a system call, of a thread in a signal handler and of a stopped tracee; the one place that knows which
// machine this is.
//
//   if (!set_call(tracee, SYS_getuid)) stage.broken("PTRACE_SETREGSET", errno);
//   if (!drop_call(tracee, -EPERM)) ...
//
// The functions for a tracee are false, with errno set, where ptrace(2) fails. async-signal-safe.
#pragma once

#include <sys/types.h>
#include <ucontext.h>

#include <cstdint>

namespace sandgauge {

// Of the context that a signal handler is given.
std::uint64_t instruction_pointer(const ucontext_t& context);
std::uint64_t result_register(const ucontext_t& context);
void set_result_register(ucontext_t& context, std::int64_t value);

/// True if the instruction right before this address is the one that enters the kernel.
bool follows_call_instruction(const void* address);

/// What the result register holds when a call was turned back: x86 keeps the call number there, arm64 the first argument.
/// Source: arch/*/include/asm/syscall.h, syscall_rollback.
std::int64_t turned_back(long number, std::int64_t first);

// Of a tracee in a stop before its call.
/// The number of the call that it is about to make.
bool read_call(pid_t tracee, long& number);
/// Makes it another call with the same arguments.
bool set_call(pid_t tracee, long number);
bool set_first_argument(pid_t tracee, std::uint64_t value);
/// Makes it no call (number -1) and leaves the result register alone.
bool drop_call(pid_t tracee);
/// Makes it no call, with this result.
bool drop_call(pid_t tracee, std::int64_t result);

}  // namespace sandgauge
