// The `expect` block of a case. Errors begin "line:column: ".
#pragma once

#include "base/result.h"
#include "model/abi.h"
#include "model/expectation.h"
#include "policy/yaml_reader.h"

namespace sandgauge {

/// `call_abi` is what a syscall name in `siginfo` without an `arch` is looked up in. An expectation that is returned claims
/// something, and so does each block in it.
Result<Expectation> expectation_of(const Yaml& node, Abi call_abi);

}  // namespace sandgauge
