// A Policy made into a Program by the compiler that a case asks for.
//
//   Result<Program> program = compile(policy, {.compiler = Backend::Compiler::libseccomp, .optimise = 2});
//
// Fails as that compiler does (compile/bpf.h, compile/libseccomp.h).
#pragma once

#include "base/result.h"
#include "model/policy.h"
#include "model/program.h"

namespace sandgauge {

Result<Program> compile(const Policy& policy, const Backend& backend);

}  // namespace sandgauge
