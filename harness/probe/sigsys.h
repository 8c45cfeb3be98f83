// Records the SIGSYS that a TRAP sends, in the process that it is sent to, without making a system call.
//
//   record_sigsys(facts);  // before the filter is loaded: it needs rt_sigaction(2)
//   load_filter();
//   make_call(facts, Abi::x86_64, 63, args);
//   // ERRNO(EPERM): result -1, handler_runs 0.  TRAP(7): handler_runs 1, sigsys.error 7, result 63.
//
// The facts lie in memory shared with the parent (SharedSlot), so they survive a kill at any point.
// Out of make_call() the handler does not return but jumps, for a return is itself a system call, rt_sigreturn(2), that a
// filter may deny or trap in turn. A SIGSYS of any other code of the process is recorded and the handler returns.
// One call per process at a time: the place to jump to is a global.
#pragma once

#include <cstdint>

#include "model/abi.h"
#include "model/facts.h"

namespace sandgauge {

/// Installs the SIGSYS handler of the process. It stores the siginfo_t and registers of its first run in facts->sigsys and
/// counts in facts->handler_runs. False, with errno set, where sigaction(2) fails. async-signal-safe.
bool record_sigsys(CallFacts* facts);

/// raw_call() with its traces: sets started, makes the call, then sets result and returned. After a SIGSYS in the call the
/// result is what the register held, as if the handler had returned. Works without record_sigsys() too. async-signal-safe.
void make_call(CallFacts* facts, Abi abi, std::int32_t number, const std::uint64_t (&args)[6]);

}  // namespace sandgauge
