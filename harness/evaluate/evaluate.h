// The kernel's reading of a filter, in user space: what it refuses to load, and what a loaded filter returns for a call.
//
//   Result<void> loadable = validate(program);
//   if (!loadable) return fail(loadable.error());              // "instruction 3: jump to 9, expected at most 7"
//   Evaluation seen = evaluate(program, to_seccomp_data({.number = 63}));
//   seen.action == errno_action(EPERM); seen.steps == 6;
//
// validate() is the kernel's checks one by one: a program it accepts loads, one it refuses gets EINVAL from seccomp(2).
// evaluate() cannot fail. It makes no system call and keeps no state.
#pragma once

#include <linux/seccomp.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "model/action.h"
#include "model/program.h"

namespace sandgauge {

struct Evaluation {
  std::uint32_t value = 0;  // what the filter returned, before the kernel reads an action in it
  Action action{ActionKind::kill_thread, 0};
  std::uint64_t steps = 0;  // executed instructions, the RET included
  bool operator==(const Evaluation&) const = default;
};

/// Every reason for which the kernel refuses to load a filter: net/core/filter.c (bpf_check_basics_ok, bpf_check_classic,
/// check_load_and_stores) and kernel/seccomp.c (seccomp_check_filter). The error names the instruction and what was
/// expected.
Result<void> validate(const Program& program);

/// Runs a program that validate() accepts; any other is undefined behaviour. A and X start at 0, arithmetic is unsigned and
/// 32 bits wide. Two rules come from the kernel's translation to eBPF (net/core/filter.c, bpf_convert_filter): a division by
/// an X of 0 ends the filter with the value 0, which is KILL; a shift by X uses only the low five bits of X.
Evaluation evaluate(const Program& program, const seccomp_data& data);

/// The instructions that evaluate() executes, in order, the RET last.
std::vector<std::size_t> trace(const Program& program, const seccomp_data& data);

}  // namespace sandgauge
