// bpf(2) by hand: loading a program and asking about it, with no library and no compiler.
//
//   BpfProgram program{.type = BPF_PROG_TYPE_SOCKET_FILTER, .code = {...}};
//   const long fd = load_program(program);   // a descriptor, or -errno
//
// No allocation: usable in a trial's child. async-signal-safe.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <span>

namespace sandgauge {

struct BpfProgram {
  bpf_prog_type type = BPF_PROG_TYPE_UNSPEC;
  bpf_attach_type attach = BPF_CGROUP_INET_INGRESS;  // 0: unset
  std::uint32_t btf_id = 0;                          // of the kernel function that it is attached to
  std::span<const bpf_insn> code;
  std::span<char> log;  // takes the verifier's words, if it is not empty
};

/// bpf(BPF_PROG_LOAD), as GPL.
long load_program(const BpfProgram& program);
/// bpf(BPF_RAW_TRACEPOINT_OPEN) without a name, which attaches an LSM program where its btf_id says: a link's descriptor,
/// whose closing detaches the program.
long attach_lsm(int program);
/// How many bytes of machine code the JIT made of it; 0 means that it is interpreted, or that this process may not know.
long jited_length(int program);

}  // namespace sandgauge
