// Our own compiler from a Policy to classic BPF.
//
//   Result<Program> program = compile_bpf(policy);
//   if (!program) return fail(program.error());     // "the filter has 5123 instructions, the kernel takes at most 4096"
//
// The filter tests the arch, then searches the call number in a balanced tree, then runs through the rules of that number,
// strictest first. Of x86_64 a number with bit 30 is x32's and foreign unless x32 is listed too. Equal tails are shared.
// The same policy always gives the same program, and the kernel accepts every program that this returns.
// Fails where resolve() does, for a test of an argument that no call has, and for a filter that would be too long.
#pragma once

#include "base/result.h"
#include "model/policy.h"
#include "model/program.h"

namespace sandgauge {

Result<Program> compile_bpf(const Policy& policy);

}  // namespace sandgauge
