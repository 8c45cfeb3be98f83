#include "evaluate/evaluate.h"

#include <linux/filter.h>

#include <cstring>

namespace sandgauge {
namespace {

/// What stands in k of an instruction, and so what has to be checked about it.
enum class Operand : std::uint8_t {
  refused,   // not an instruction of a seccomp filter
  any,       // unused, or every value will do
  offset,    // of a 32-bit word of seccomp_data
  cell,      // of the scratch memory
  shift,     // by a constant
  divisor,   // a constant
  jump,      // distance in k
  condition  // distances in jt and jf
};

/// Linux kernel/seccomp.c, seccomp_check_filter: what it lets through of net/core/filter.c, chk_code_allowed.
constexpr Operand operand_of(std::uint16_t code) {
  switch (code) {
    case BPF_LD | BPF_W | BPF_ABS: return Operand::offset;
    case BPF_LD | BPF_W | BPF_LEN:
    case BPF_LDX | BPF_W | BPF_LEN:
    case BPF_LD | BPF_IMM:
    case BPF_LDX | BPF_IMM:
    case BPF_MISC | BPF_TAX:
    case BPF_MISC | BPF_TXA:
    case BPF_RET | BPF_K:
    case BPF_RET | BPF_A:
    case BPF_ALU | BPF_ADD | BPF_K:
    case BPF_ALU | BPF_ADD | BPF_X:
    case BPF_ALU | BPF_SUB | BPF_K:
    case BPF_ALU | BPF_SUB | BPF_X:
    case BPF_ALU | BPF_MUL | BPF_K:
    case BPF_ALU | BPF_MUL | BPF_X:
    case BPF_ALU | BPF_DIV | BPF_X:
    case BPF_ALU | BPF_AND | BPF_K:
    case BPF_ALU | BPF_AND | BPF_X:
    case BPF_ALU | BPF_OR | BPF_K:
    case BPF_ALU | BPF_OR | BPF_X:
    case BPF_ALU | BPF_XOR | BPF_K:
    case BPF_ALU | BPF_XOR | BPF_X:
    case BPF_ALU | BPF_LSH | BPF_X:
    case BPF_ALU | BPF_RSH | BPF_X:
    case BPF_ALU | BPF_NEG: return Operand::any;
    case BPF_LD | BPF_MEM:
    case BPF_LDX | BPF_MEM:
    case BPF_ST:
    case BPF_STX: return Operand::cell;
    case BPF_ALU | BPF_LSH | BPF_K:
    case BPF_ALU | BPF_RSH | BPF_K: return Operand::shift;
    case BPF_ALU | BPF_DIV | BPF_K: return Operand::divisor;
    case BPF_JMP | BPF_JA: return Operand::jump;
    case BPF_JMP | BPF_JEQ | BPF_K:
    case BPF_JMP | BPF_JEQ | BPF_X:
    case BPF_JMP | BPF_JGE | BPF_K:
    case BPF_JMP | BPF_JGE | BPF_X:
    case BPF_JMP | BPF_JGT | BPF_K:
    case BPF_JMP | BPF_JGT | BPF_X:
    case BPF_JMP | BPF_JSET | BPF_K:
    case BPF_JMP | BPF_JSET | BPF_X: return Operand::condition;
    default: return Operand::refused;
  }
}

Result<void> check_instruction(const std::vector<sock_filter>& code, std::size_t at) {
  const sock_filter& step = code[at];
  const std::size_t last = code.size() - 1;
  switch (operand_of(step.code)) {
    case Operand::refused: return fail("instruction {}: opcode {:#06x} is not one of a seccomp filter", at, step.code);
    case Operand::any: return {};
    case Operand::offset:
      if (step.k >= sizeof(seccomp_data) || step.k % sizeof(std::uint32_t) != 0)
        return fail("instruction {}: load from offset {}, expected a multiple of 4 below {}", at, step.k,
                    sizeof(seccomp_data));
      return {};
    case Operand::cell:
      if (step.k >= BPF_MEMWORDS)
        return fail("instruction {}: memory cell {}, expected at most {}", at, step.k, BPF_MEMWORDS - 1);
      return {};
    case Operand::shift:
      if (step.k >= 32) return fail("instruction {}: shift by {}, expected at most 31", at, step.k);
      return {};
    case Operand::divisor:
      if (step.k == 0) return fail("instruction {}: division by the constant 0", at);
      return {};
    case Operand::jump:
      if (step.k >= last - at) return fail("instruction {}: jump to {}, expected at most {}", at, at + 1 + step.k, last);
      return {};
    case Operand::condition:
      for (const std::uint8_t distance : {step.jt, step.jf})
        if (distance >= last - at)
          return fail("instruction {}: jump to {}, expected at most {}", at, at + 1 + distance, last);
      return {};
  }
  return {};
}

/// check_load_and_stores in net/core/filter.c: a cell is loaded only where every way to the load has stored it. Like the
/// kernel, this looks at the instruction after a RET as if the RET could fall through to it.
Result<void> check_memory(const std::vector<sock_filter>& code) {
  std::vector<std::uint16_t> stored_at(code.size(), 0xffff);  // a bit per cell; all set where nothing arrives
  std::uint16_t stored = 0;
  for (std::size_t at = 0; at < code.size(); ++at) {
    const sock_filter& step = code[at];
    stored &= stored_at[at];
    const auto arrive = [&](std::size_t distance) { stored_at[at + 1 + distance] &= stored; };
    switch (operand_of(step.code)) {
      case Operand::cell: {
        const auto bit = static_cast<std::uint16_t>(1U << step.k);
        if (step.code == BPF_ST || step.code == BPF_STX) {
          stored |= bit;
        } else if ((stored & bit) == 0) {
          return fail("instruction {}: memory cell {} is loaded, expected a store on every way to it", at, step.k);
        }
        break;
      }
      case Operand::jump:
        arrive(step.k);
        stored = 0xffff;
        break;
      case Operand::condition:
        arrive(step.jt);
        arrive(step.jf);
        stored = 0xffff;
        break;
      default: break;
    }
  }
  return {};
}

std::uint32_t word(const seccomp_data& data, std::uint32_t offset) {
  std::uint32_t value = 0;
  std::memcpy(&value, reinterpret_cast<const char*>(&data) + offset, sizeof value);
  return value;
}

/// `visit` is called with each executed instruction.
template <class Visit>
Evaluation run(const Program& program, const seccomp_data& data, Visit visit) {
  std::uint32_t a = 0;
  std::uint32_t x = 0;
  std::uint32_t memory[BPF_MEMWORDS];  // validate() has seen that no cell is loaded before it is stored
  std::uint64_t steps = 0;
  const auto ended = [&steps](std::uint32_t value) { return Evaluation{value, action_of_return_value(value), steps}; };
  for (const sock_filter* step = program.code.data();; ++step) {
    ++steps;
    visit(step);
    const std::uint32_t k = step->k;
    const auto jump = [&step](bool holds) { step += holds ? step->jt : step->jf; };
    switch (step->code) {
      case BPF_LD | BPF_W | BPF_ABS: a = word(data, k); break;
      case BPF_LD | BPF_W | BPF_LEN: a = sizeof(seccomp_data); break;
      case BPF_LD | BPF_IMM: a = k; break;
      case BPF_LD | BPF_MEM: a = memory[k]; break;
      case BPF_LDX | BPF_W | BPF_LEN: x = sizeof(seccomp_data); break;
      case BPF_LDX | BPF_IMM: x = k; break;
      case BPF_LDX | BPF_MEM: x = memory[k]; break;
      case BPF_ST: memory[k] = a; break;
      case BPF_STX: memory[k] = x; break;
      case BPF_MISC | BPF_TAX: x = a; break;
      case BPF_MISC | BPF_TXA: a = x; break;
      case BPF_ALU | BPF_ADD | BPF_K: a += k; break;
      case BPF_ALU | BPF_ADD | BPF_X: a += x; break;
      case BPF_ALU | BPF_SUB | BPF_K: a -= k; break;
      case BPF_ALU | BPF_SUB | BPF_X: a -= x; break;
      case BPF_ALU | BPF_MUL | BPF_K: a *= k; break;
      case BPF_ALU | BPF_MUL | BPF_X: a *= x; break;
      case BPF_ALU | BPF_DIV | BPF_K: a /= k; break;
      case BPF_ALU | BPF_DIV | BPF_X:
        if (x == 0) return ended(0);
        a /= x;
        break;
      case BPF_ALU | BPF_AND | BPF_K: a &= k; break;
      case BPF_ALU | BPF_AND | BPF_X: a &= x; break;
      case BPF_ALU | BPF_OR | BPF_K: a |= k; break;
      case BPF_ALU | BPF_OR | BPF_X: a |= x; break;
      case BPF_ALU | BPF_XOR | BPF_K: a ^= k; break;
      case BPF_ALU | BPF_XOR | BPF_X: a ^= x; break;
      case BPF_ALU | BPF_LSH | BPF_K: a <<= k; break;
      case BPF_ALU | BPF_LSH | BPF_X: a <<= x & 31; break;
      case BPF_ALU | BPF_RSH | BPF_K: a >>= k; break;
      case BPF_ALU | BPF_RSH | BPF_X: a >>= x & 31; break;
      case BPF_ALU | BPF_NEG: a = 0 - a; break;
      case BPF_JMP | BPF_JA: step += k; break;
      case BPF_JMP | BPF_JEQ | BPF_K: jump(a == k); break;
      case BPF_JMP | BPF_JEQ | BPF_X: jump(a == x); break;
      case BPF_JMP | BPF_JGE | BPF_K: jump(a >= k); break;
      case BPF_JMP | BPF_JGE | BPF_X: jump(a >= x); break;
      case BPF_JMP | BPF_JGT | BPF_K: jump(a > k); break;
      case BPF_JMP | BPF_JGT | BPF_X: jump(a > x); break;
      case BPF_JMP | BPF_JSET | BPF_K: jump((a & k) != 0); break;
      case BPF_JMP | BPF_JSET | BPF_X: jump((a & x) != 0); break;
      case BPF_RET | BPF_K: return ended(k);
      case BPF_RET | BPF_A: return ended(a);
      default: __builtin_unreachable();
    }
  }
}

}  // namespace

Result<void> validate(const Program& program) {
  const std::vector<sock_filter>& code = program.code;
  if (code.empty() || code.size() > kLongestProgram)
    return fail("the filter has {} instructions, expected 1 to {}", code.size(), kLongestProgram);
  for (std::size_t at = 0; at < code.size(); ++at)
    if (Result<void> checked = check_instruction(code, at); !checked) return checked;
  const std::uint16_t end = code.back().code;
  if (end != (BPF_RET | BPF_K) && end != (BPF_RET | BPF_A))
    return fail("instruction {}: the last one, expected a RET", code.size() - 1);
  return check_memory(code);
}

Evaluation evaluate(const Program& program, const seccomp_data& data) {
  return run(program, data, [](const sock_filter*) {});
}

std::vector<std::size_t> trace(const Program& program, const seccomp_data& data) {
  std::vector<std::size_t> path;
  run(program, data, [&](const sock_filter* step) { path.push_back(static_cast<std::size_t>(step - program.code.data())); });
  return path;
}

}  // namespace sandgauge
