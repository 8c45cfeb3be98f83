// Finds a function in the kernel's own type information (BTF), so that a BPF program can be attached to it.
//
//   Result<std::uint32_t> id = btf_function(*read_text_file("/sys/kernel/btf/vmlinux", 64 << 20), "bpf_lsm_task_getsid");
//
// Source: Linux Documentation/bpf/btf.rst. Fails on what is no BTF of this machine's byte order, on anything that points
// beyond its end, on a kind that Linux 7.2 does not have, and if there is no such function. Reads each type once.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace sandgauge {

/// The type id of the function of that name.
Result<std::uint32_t> btf_function(std::string_view btf, std::string_view name);

}  // namespace sandgauge
