// Calls on which readings of a policy or a program differ, if they do: enough to notice, few enough for each input.
#pragma once

#include <linux/seccomp.h>

#include <vector>

#include "model/policy.h"
#include "model/program.h"

namespace sandgauge::fuzz {

/// Around the rules and their tests, and some that no rule names. `policy` passes resolve().
std::vector<seccomp_data> samples_of(const Policy& policy);
/// Numbers and arguments that the program compares with.
std::vector<seccomp_data> samples_of(const Program& program);

}  // namespace sandgauge::fuzz
