// What the kernel says of a filter that it will not load, and that it runs the others as they are written.
#include "conformance/load_errors.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <vector>

#include "conformance/proc_files.h"
#include "conformance/topics.h"

namespace sandgauge {
namespace {

constexpr char kCheckSource[] =
    "seccomp(2), EINVAL; kernel/seccomp.c, seccomp_check_filter; net/core/filter.c, bpf_check_classic";

using Code = std::vector<sock_filter>;

struct TestProgram {
  const char* name;
  const char* title;
  Code code;
  int result = 0;  // computing programs: the errno that they give to getppid(2)
};

constexpr sock_filter op(unsigned code, std::uint32_t k = 0, std::uint8_t jt = 0, std::uint8_t jf = 0) {
  return {static_cast<std::uint16_t>(code), jt, jf, k};
}
constexpr sock_filter kAllow = op(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
constexpr unsigned kLoadWord = BPF_LD | BPF_W | BPF_ABS;

Code then_allow(sock_filter first) { return {first, kAllow}; }

const std::vector<TestProgram>& refused_programs() {
  static const std::vector<TestProgram> programs = {
      {"offset-64", "A load at offset 64, behind seccomp_data", then_allow(op(kLoadWord, 64))},
      {"offset-1", "A load at offset 1", then_allow(op(kLoadWord, 1))},
      {"offset-2", "A load at offset 2", then_allow(op(kLoadWord, 2))},
      {"offset-3", "A load at offset 3", then_allow(op(kLoadWord, 3))},
      {"offset-62", "A load that begins in seccomp_data and ends behind it", then_allow(op(kLoadWord, 62))},
      {"offset-negative", "A load at offset -4", then_allow(op(kLoadWord, 0xfffffffc))},
      {"offset-ancillary", "A load of a socket filter's ancillary data",
       then_allow(op(kLoadWord, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PROTOCOL)))},
      {"ld-half", "A load of 16 bits", then_allow(op(BPF_LD | BPF_H | BPF_ABS, 0))},
      {"ld-byte", "A load of 8 bits", then_allow(op(BPF_LD | BPF_B | BPF_ABS, 0))},
      {"ld-indirect", "An indirect load", then_allow(op(BPF_LD | BPF_W | BPF_IND, 0))},
      {"ld-half-indirect", "An indirect load of 16 bits", then_allow(op(BPF_LD | BPF_H | BPF_IND, 0))},
      {"ld-byte-indirect", "An indirect load of 8 bits", then_allow(op(BPF_LD | BPF_B | BPF_IND, 0))},
      {"ldx-msh", "The load of an IP header's length", then_allow(op(BPF_LDX | BPF_B | BPF_MSH, 0))},
      {"no-ret", "A program without RET", {op(BPF_MISC | BPF_TAX)}},
      {"ret-not-last", "A program whose last instruction is not RET", {kAllow, op(BPF_MISC | BPF_TAX)}},
      {"ret-x", "RET of X", {op(BPF_RET | BPF_X)}},
      {"ja-to-the-end", "A jump just behind the program", then_allow(op(BPF_JMP | BPF_JA, 1))},
      {"ja-beyond", "A jump far behind the program", then_allow(op(BPF_JMP | BPF_JA, 1000))},
      {"ja-backwards", "A jump back", then_allow(op(BPF_JMP | BPF_JA, 0xffffffff))},
      {"jeq-true-beyond", "A true branch behind the program", then_allow(op(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0))},
      {"jeq-false-beyond", "A false branch behind the program", then_allow(op(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1))},
      {"jgt-true-beyond", "A true branch of JGT behind the program", then_allow(op(BPF_JMP | BPF_JGT | BPF_X, 0, 255, 0))},
      {"jge-false-beyond", "A false branch of JGE behind the program", then_allow(op(BPF_JMP | BPF_JGE | BPF_X, 0, 0, 255))},
      {"jset-true-beyond", "A true branch of JSET behind the program", then_allow(op(BPF_JMP | BPF_JSET | BPF_K, 1, 1, 0))},
      {"mod-k", "MOD by a constant", then_allow(op(BPF_ALU | BPF_MOD | BPF_K, 7))},
      {"mod-x", "MOD by X", then_allow(op(BPF_ALU | BPF_MOD | BPF_X))},
      {"div-by-zero", "DIV by the constant 0", then_allow(op(BPF_ALU | BPF_DIV | BPF_K, 0))},
      {"lsh-32", "LSH by 32", then_allow(op(BPF_ALU | BPF_LSH | BPF_K, 32))},
      {"rsh-32", "RSH by 32", then_allow(op(BPF_ALU | BPF_RSH | BPF_K, 32))},
      {"lsh-huge", "LSH by 4294967295", then_allow(op(BPF_ALU | BPF_LSH | BPF_K, 0xffffffff))},
      {"ld-mem-unset", "LD of memory that nothing was stored to", then_allow(op(BPF_LD | BPF_MEM, 0))},
      {"ldx-mem-unset", "LDX of memory that nothing was stored to", then_allow(op(BPF_LDX | BPF_MEM, 0))},
      {"ld-mem-other", "LD of other memory than was stored to", {op(BPF_ST, 1), op(BPF_LD | BPF_MEM, 0), kAllow}},
      {"ld-mem-one-branch",
       "LD of memory that only one branch stores to",
       {op(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), op(BPF_ST, 0), op(BPF_LD | BPF_MEM, 0), kAllow}},
      {"ld-mem-16", "LD of memory 16 of 0 to 15", then_allow(op(BPF_LD | BPF_MEM, 16))},
      {"ldx-mem-16", "LDX of memory 16 of 0 to 15", then_allow(op(BPF_LDX | BPF_MEM, 16))},
      {"st-16", "ST to memory 16 of 0 to 15", then_allow(op(BPF_ST, 16))},
      {"stx-16", "STX to memory 16 of 0 to 15", then_allow(op(BPF_STX, 16))},
      {"unknown-code", "An instruction of all ones", then_allow(op(0xffff))},
      {"ebpf-alu64", "A 64-bit subtraction of eBPF", then_allow(op(0x17, 1))},
      {"ebpf-call", "A call of eBPF", then_allow(op(0x85, 1))},
      {"ebpf-exit", "An exit of eBPF", {op(0x95)}},
  };
  return programs;
}

std::int64_t try_load(Stage& stage, const Code& code) {
  return stage.try_load(code.data(), static_cast<unsigned>(code.size()));
}

void the_program_is_refused(Stage& stage) {
  const TestProgram& program = refused_programs().at(static_cast<std::size_t>(stage.parameter(0)));
  stage.set_no_new_privs();
  const std::int64_t before = filters_of_this_thread();
  stage.fails_with("the load", EINVAL, try_load(stage, program.code));
  stage.equal("filters", before, filters_of_this_thread());
}

/// For getppid(2): ERRNO with what `steps` leave in A.
Code errno_of(std::initializer_list<sock_filter> steps) {
  Code code = {op(kLoadWord, offsetof(seccomp_data, nr)), op(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 1, 0), kAllow,
               op(BPF_LD | BPF_IMM, 0)};
  code.insert(code.end(), steps);
  code.insert(code.end(), {op(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO), op(BPF_RET | BPF_A)});
  return code;
}

/// A = a <operation> b, with b as a constant and in X.
Code with_k(unsigned operation, std::uint32_t a, std::uint32_t b) {
  return errno_of({op(BPF_LD | BPF_IMM, a), op(BPF_ALU | operation | BPF_K, b)});
}
Code with_x(unsigned operation, std::uint32_t a, std::uint32_t b) {
  return errno_of({op(BPF_LD | BPF_IMM, a), op(BPF_LDX | BPF_IMM, b), op(BPF_ALU | operation | BPF_X)});
}
/// 1 where the jump is taken, 2 where it is not.
Code jump_k(unsigned test, std::uint32_t a, std::uint32_t b) {
  return errno_of({op(BPF_LD | BPF_IMM, a), op(BPF_JMP | test | BPF_K, b, 2, 0), op(BPF_LD | BPF_IMM, 2),
                   op(BPF_JMP | BPF_JA, 1), op(BPF_LD | BPF_IMM, 1)});
}
Code jump_x(unsigned test, std::uint32_t a, std::uint32_t b) {
  return errno_of({op(BPF_LD | BPF_IMM, a), op(BPF_LDX | BPF_IMM, b), op(BPF_JMP | test | BPF_X, 0, 2, 0),
                   op(BPF_LD | BPF_IMM, 2), op(BPF_JMP | BPF_JA, 1), op(BPF_LD | BPF_IMM, 1)});
}

constexpr std::uint32_t kHighBits = 0xfffffff0;  // negative, if it were signed

const std::vector<TestProgram>& computing_programs() {
  static const std::vector<TestProgram> programs = {
      {"len", "LEN is 64, the size of seccomp_data", errno_of({op(BPF_LD | BPF_W | BPF_LEN)}), 64},
      {"ldx-len", "LEN into X is 64", errno_of({op(BPF_LDX | BPF_W | BPF_LEN), op(BPF_MISC | BPF_TXA)}), 64},
      {"xor-k", "XOR with a constant", with_k(BPF_XOR, 0xf, 0x5), 10},
      {"xor-x", "XOR with X", with_x(BPF_XOR, 0xf, 0x5), 10},
      {"add-k", "ADD of a constant wraps at 32 bits", with_k(BPF_ADD, 0xffffffff, 8), 7},
      {"add-x", "ADD of X wraps at 32 bits", with_x(BPF_ADD, 0xffffffff, 8), 7},
      {"sub-k", "SUB of a constant", with_k(BPF_SUB, 9, 4), 5},
      {"sub-x", "SUB of X", with_x(BPF_SUB, 9, 4), 5},
      {"mul-k", "MUL by a constant", with_k(BPF_MUL, 6, 7), 42},
      {"mul-x", "MUL by X", with_x(BPF_MUL, 6, 7), 42},
      {"div-k", "DIV by a constant", with_k(BPF_DIV, 43, 6), 7},
      {"div-x", "DIV by X", with_x(BPF_DIV, 43, 6), 7},
      {"div-unsigned", "DIV is unsigned", with_k(BPF_DIV, kHighBits, 0x10000000), 15},
      {"and-k", "AND with a constant", with_k(BPF_AND, 0xff, 0x2a), 42},
      {"and-x", "AND with X", with_x(BPF_AND, 0xff, 0x2a), 42},
      {"or-k", "OR with a constant", with_k(BPF_OR, 8, 1), 9},
      {"or-x", "OR with X", with_x(BPF_OR, 8, 1), 9},
      {"lsh-k", "LSH by a constant", with_k(BPF_LSH, 1, 5), 32},
      {"lsh-x", "LSH by X", with_x(BPF_LSH, 1, 5), 32},
      {"rsh-31", "RSH by 31 leaves the highest bit, without its sign", with_k(BPF_RSH, 0x80000000, 31), 1},
      {"rsh-x", "RSH by X", with_x(BPF_RSH, 0x80, 3), 16},
      {"neg", "NEG", errno_of({op(BPF_LD | BPF_IMM, 0xfffffff9), op(BPF_ALU | BPF_NEG)}), 7},
      {"tax-txa", "TAX and TXA move A to X and back",
       errno_of({op(BPF_LD | BPF_IMM, 7), op(BPF_MISC | BPF_TAX), op(BPF_LD | BPF_IMM, 1), op(BPF_MISC | BPF_TXA)}), 7},
      {"x-begins-as-zero", "X is 0 at the beginning", errno_of({op(BPF_LD | BPF_IMM, 7), op(BPF_MISC | BPF_TXA)}), 0},
      {"st-ld", "What ST puts into memory 15 LD gets from it",
       errno_of({op(BPF_LD | BPF_IMM, 11), op(BPF_ST, 15), op(BPF_LD | BPF_IMM, 1), op(BPF_LD | BPF_MEM, 15)}), 11},
      {"stx-ldx", "What STX puts into memory 0 LDX gets from it",
       errno_of({op(BPF_LDX | BPF_IMM, 12), op(BPF_STX, 0), op(BPF_LDX | BPF_IMM, 1), op(BPF_LDX | BPF_MEM, 0),
                 op(BPF_MISC | BPF_TXA)}),
       12},
      {"st-both-branches", "LD takes memory that both branches store to",
       errno_of({op(BPF_LD | BPF_IMM, 13), op(BPF_JMP | BPF_JEQ | BPF_K, 13, 0, 2), op(BPF_ST, 3), op(BPF_JMP | BPF_JA, 1),
                 op(BPF_STX, 3), op(BPF_LD | BPF_IMM, 1), op(BPF_LD | BPF_MEM, 3)}),
       13},
      {"offset-60", "A load at offset 60 is the high half of the last argument", errno_of({op(kLoadWord, 60)}), 33},
      {"unreachable", "Code that is never reached is no error",
       errno_of({op(BPF_LD | BPF_IMM, 3), op(BPF_JMP | BPF_JA, 1), op(BPF_RET | BPF_K, 0)}), 3},
      {"jeq-k", "JEQ with a constant jumps on equality", jump_k(BPF_JEQ, 5, 5), 1},
      {"jeq-k-not", "JEQ with a constant does not jump without it", jump_k(BPF_JEQ, 5, 6), 2},
      {"jeq-x", "JEQ with X jumps on equality", jump_x(BPF_JEQ, 5, 5), 1},
      {"jeq-x-not", "JEQ with X does not jump without it", jump_x(BPF_JEQ, 5, 6), 2},
      {"jgt-k", "JGT is unsigned", jump_k(BPF_JGT, kHighBits, 1), 1},
      {"jgt-k-not", "JGT does not jump on equality", jump_k(BPF_JGT, 5, 5), 2},
      {"jgt-x", "JGT with X is unsigned", jump_x(BPF_JGT, 1, kHighBits), 2},
      {"jge-k", "JGE jumps on equality", jump_k(BPF_JGE, 5, 5), 1},
      {"jge-k-not", "JGE is unsigned", jump_k(BPF_JGE, 1, kHighBits), 2},
      {"jge-x", "JGE with X jumps on equality", jump_x(BPF_JGE, 5, 5), 1},
      {"jset-k", "JSET jumps if one bit is common", jump_k(BPF_JSET, 6, 12), 1},
      {"jset-k-not", "JSET does not jump if none is", jump_k(BPF_JSET, 6, 9), 2},
      {"jset-x", "JSET with X jumps if one bit is common", jump_x(BPF_JSET, 6, 12), 1},
  };
  return programs;
}

void the_program_computes(Stage& stage) {
  const TestProgram& program = computing_programs().at(static_cast<std::size_t>(stage.parameter(0)));
  stage.set_no_new_privs();
  stage.equal("the load", 0, try_load(stage, program.code));
  constexpr std::int64_t kLastArgument = std::int64_t{33} << 32;
  stage.equal("what getppid returns", -program.result, raw_syscall(SYS_getppid, 0, 0, 0, 0, 0, kLastArgument));
}

}  // namespace

std::vector<Scenario> refused_program_scenarios() {
  std::vector<Scenario> scenarios;
  for (const TestProgram& program : refused_programs())
    scenarios.push_back({.name = fmt::format("refuses-{}", program.name),
                         .title = fmt::format("{} is EINVAL", program.title),
                         .why = "A program that the kernel cannot run safely must not be loaded, nor half of it.",
                         .source = kCheckSource,
                         .also = program.name == std::string_view("offset-64") ? "kselftest: arg_out_of_range" : "",
                         .run = the_program_is_refused,
                         .parameters = {static_cast<std::int64_t>(scenarios.size())}});
  return scenarios;
}

std::vector<Scenario> computing_program_scenarios() {
  std::vector<Scenario> scenarios;
  for (const TestProgram& program : computing_programs())
    scenarios.push_back({.name = fmt::format("runs-{}", program.name),
                         .title = program.title,
                         .why = "A compiler of filters relies on every instruction that the kernel takes.",
                         .source = "kernel/seccomp.c, seccomp_check_filter; net/core/filter.c, bpf_convert_filter",
                         .run = the_program_computes,
                         .parameters = {static_cast<std::int64_t>(scenarios.size())}});
  return scenarios;
}

std::vector<Case> load_errors_cases() {
  std::vector<Scenario> scenarios;
  for (std::vector<Scenario> part :
       {refused_program_scenarios(), computing_program_scenarios(), seccomp_call_scenarios(), seccomp_mode_scenarios()})
    std::ranges::move(part, std::back_inserter(scenarios));
  return topic("load-errors", std::move(scenarios));
}

}  // namespace sandgauge
