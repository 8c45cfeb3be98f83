// Classic BPF programs as people keep them: the bytes that seccomp(2) is given, hex, or the initialiser of a C array.
//
//   {0x20, 0, 0, 0x00000004},                                 // code, jt, jf, k
//   {BPF_LD | BPF_W | BPF_ABS, 0, 0, 4},  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4),  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 63, 0,
//   1)
//
//   Result<Program> program = parse_bpf_c(text, "filter.h");       // "filter.h:3:10: ..."
//
// Hex is 16 digits for each instruction, as to_hex() writes it, with any space. Of C what stands around the instructions is
// skipped: comments, a declaration, braces and commas. Numbers, the BPF_* names of linux/filter.h, SECCOMP_RET_* and
// AUDIT_ARCH_* can be joined by '|'. Nothing is said of what a program does: validate() and bpf_rules.h do.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/program.h"

namespace sandgauge {

Result<Program> parse_bpf_bytes(std::string_view bytes, const std::string& file);
Result<Program> parse_bpf_hex(std::string_view text, const std::string& file);
Result<Program> parse_bpf_c(std::string_view text, const std::string& file);

std::string to_bpf_bytes(const Program& program);
/// One instruction a line.
std::string to_bpf_hex(const Program& program);
std::string to_bpf_c(const Program& program);

}  // namespace sandgauge
