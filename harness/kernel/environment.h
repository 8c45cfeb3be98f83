// What a measurement depends on, in words: kernel, CPU, hypervisor, mitigations, and the rest of what makes two machines
// differ.
//
//   for (const auto& [name, value] : measured_environment()) fmt::print("{}: {}\n", name, value);
//
// What cannot be found out is "unknown". Nothing here fails.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/confinement.h"

namespace sandgauge {

using Facts = std::vector<std::pair<std::string, std::string>>;

/// kernel, cpu, cpus, hypervisor, mitigations, jit, jit hardening, lsm, audit, pmu, clock, load.
Facts measured_environment();

/// How speculative store bypass stands for a process (PR_GET_SPECULATION_CTRL, kernel.org "Speculation Control"), in a child
/// that has applied this confinement; null: in a child as it is.
std::string store_bypass_state(const Confinement* confinement);

/// Time that the hypervisor gave to others, of all CPUs' time, since boot: {stolen, all} in ticks (proc(5), /proc/stat).
std::pair<std::uint64_t, std::uint64_t> stolen_ticks();
std::pair<std::uint64_t, std::uint64_t> parse_stolen_ticks(std::string_view stat);

/// How many processes can run now, this one included (proc(5), /proc/loadavg); 0 if unknown.
int running_now();

/// True if the kernel's clock cannot be read without a system call: then a filter could answer it.
bool clock_is_a_call();

}  // namespace sandgauge
