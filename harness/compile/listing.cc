#include "compile/listing.h"

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstddef>
#include <optional>
#include <vector>

#include "model/abi.h"
#include "model/action.h"
#include "model/call.h"
#include "model/syscalls.h"

namespace sandgauge {
namespace {

/// What is known of the call and of the accumulator on every way to an instruction.
struct Known {
  bool reached = false;
  std::optional<std::uint32_t> arch;
  std::optional<std::uint32_t> offset;  // of the word in the accumulator
};

void arrive(std::vector<Known>& known, std::size_t at, const Known& from) {
  if (at >= known.size()) return;
  Known& to = known[at];
  if (!to.reached) {
    to = from;
    return;
  }
  if (to.arch != from.arch) to.arch.reset();
  if (to.offset != from.offset) to.offset.reset();
}

/// Jumps go forward only, so one pass sees every way to an instruction before the instruction.
std::vector<Known> follow(const std::vector<sock_filter>& code) {
  std::vector<Known> known(code.size());
  if (!known.empty()) known[0].reached = true;
  for (std::size_t at = 0; at < code.size(); ++at) {
    const sock_filter& step = code[at];
    Known next = known[at];
    if (!next.reached || BPF_CLASS(step.code) == BPF_RET) continue;
    if (BPF_CLASS(step.code) == BPF_JMP) {
      if (BPF_OP(step.code) == BPF_JA) {
        arrive(known, at + 1 + step.k, next);
        continue;
      }
      arrive(known, at + 1 + step.jf, next);
      if (step.code == (BPF_JMP | BPF_JEQ | BPF_K) && next.offset == offsetof(seccomp_data, arch)) next.arch = step.k;
      arrive(known, at + 1 + step.jt, next);
      continue;
    }
    const bool sets_a =
        BPF_CLASS(step.code) == BPF_LD || BPF_CLASS(step.code) == BPF_ALU || step.code == (BPF_MISC | BPF_TXA);
    if (sets_a) next.offset.reset();
    if (step.code == (BPF_LD | BPF_W | BPF_ABS)) next.offset = step.k;
    arrive(known, at + 1, next);
  }
  return known;
}

std::string field(std::uint32_t offset) {
  constexpr std::uint32_t kArgs = offsetof(seccomp_data, args);
  if (offset % 4 != 0 || offset >= sizeof(seccomp_data)) return fmt::format("[{}]", offset);
  if (offset == offsetof(seccomp_data, nr)) return "nr";
  if (offset == offsetof(seccomp_data, arch)) return "arch";
  const std::string_view half = offset % 8 == 0 ? "low" : "high";
  if (offset < kArgs) return fmt::format("ip.{}", half);
  return fmt::format("arg{}.{}", (offset - kArgs) / 8, half);
}

/// The call with this raw number, or nothing.
std::optional<Call> call_of(std::uint32_t arch, std::uint32_t raw) {
  Call call;
  if (!from_seccomp_data({.nr = static_cast<int>(raw), .arch = arch, .instruction_pointer = 0, .args = {}}, call))
    return std::nullopt;
  return call;
}

/// The name of the call with this raw number, or nothing.
std::string call_name(std::uint32_t arch, std::uint32_t raw) {
  const std::optional<Call> call = call_of(arch, raw);
  if (!call) return "";
  const std::string_view name = syscall_name(call->abi, call->number);
  return call->abi == Abi::x32 && !name.empty() ? fmt::format("{}, x32", name) : std::string(name);
}

std::string arch_name(std::uint32_t arch) {
  for (const Abi abi : kEveryAbi)
    if (audit_arch(abi) == arch) return std::string(abi_name(abi));
  return "";
}

/// What the constant of a comparison stands for, or nothing.
std::string meaning(const sock_filter& step, const Known& known) {
  if (BPF_SRC(step.code) != BPF_K || BPF_OP(step.code) == BPF_JA || !known.offset) return "";
  if (*known.offset == offsetof(seccomp_data, arch)) return arch_name(step.k);
  if (*known.offset != offsetof(seccomp_data, nr) || !known.arch) return "";
  const bool from_here_on = BPF_OP(step.code) == BPF_JGE;
  if (from_here_on && step.k == kX32Bit && *known.arch == audit_arch(Abi::x86_64)) return "x32 calls";
  const std::string name = call_name(*known.arch, step.k);
  return from_here_on && !name.empty() ? fmt::format("{} and above", name) : name;
}

/// Small numbers as people count, large ones as bits.
std::string constant(std::uint32_t k) { return k < 0x10000 ? fmt::format_int(k).str() : fmt::format("{:#x}", k); }

std::string_view operation(std::uint16_t code) {
  switch (BPF_OP(code)) {
    case BPF_ADD: return "add";
    case BPF_SUB: return "sub";
    case BPF_MUL: return "mul";
    case BPF_DIV: return "div";
    case BPF_OR: return "or";
    case BPF_AND: return "and";
    case BPF_LSH: return "lsh";
    case BPF_RSH: return "rsh";
    case BPF_XOR: return "xor";
    default: return "mod";
  }
}

std::string_view condition(std::uint16_t code) {
  switch (BPF_OP(code)) {
    case BPF_JEQ: return "jeq";
    case BPF_JGE: return "jge";
    case BPF_JGT: return "jgt";
    default: return "jset";
  }
}

std::string unknown(const sock_filter& step) {
  return fmt::format(".op  {:#06x}, jt {}, jf {}, k {:#x}", step.code, step.jt, step.jf, step.k);
}

/// Text that grows piece by piece: a profile's listings have thousands of lines, and formatting each is most of their time.
class Line {
 public:
  Line& add(std::string_view text) {
    text_ += text;
    return *this;
  }
  Line& add(std::size_t number) { return add(std::string_view(fmt::format_int(number).c_str())); }
  /// Blanks up to this column, if it is not there yet.
  Line& column(std::size_t end) {
    if (text_.size() < end) text_.append(end - text_.size(), ' ');
    return *this;
  }
  /// Ends in this column, if it is not too long.
  Line& right(std::size_t end, std::string_view text) { return column(end - std::min(end, text.size())).add(text); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

/// `label` goes before the index of a jump's target.
std::string jump(const sock_filter& step, std::size_t at, std::string_view label) {
  switch (BPF_OP(step.code)) {
    case BPF_JA: return Line().add("ja   ").add(label).add(at + 1 + step.k).take();
    case BPF_JEQ:
    case BPF_JGE:
    case BPF_JGT:
    case BPF_JSET: {
      Line line;
      line.add(condition(step.code)).column(5);
      line.add(BPF_SRC(step.code) == BPF_X ? "x" : constant(step.k)).add(", ");
      return line.add(label).add(at + 1 + step.jt).add(", ").add(label).add(at + 1 + step.jf).take();
    }
    default: return unknown(step);
  }
}

/// Mnemonic and operands.
std::string instruction(const sock_filter& step, std::size_t at, std::string_view label = "") {
  switch (step.code) {
    case BPF_LD | BPF_W | BPF_ABS: return fmt::format("ld   {}", field(step.k));
    case BPF_LD | BPF_W | BPF_LEN: return "ld   len";
    case BPF_LDX | BPF_W | BPF_LEN: return "ldx  len";
    case BPF_LD | BPF_IMM: return fmt::format("ld   #{}", constant(step.k));
    case BPF_LDX | BPF_IMM: return fmt::format("ldx  #{}", constant(step.k));
    case BPF_LD | BPF_MEM: return fmt::format("ld   mem[{}]", step.k);
    case BPF_LDX | BPF_MEM: return fmt::format("ldx  mem[{}]", step.k);
    case BPF_ST: return fmt::format("st   mem[{}]", step.k);
    case BPF_STX: return fmt::format("stx  mem[{}]", step.k);
    case BPF_MISC | BPF_TAX: return "tax";
    case BPF_MISC | BPF_TXA: return "txa";
    case BPF_ALU | BPF_NEG: return "neg";
    case BPF_RET | BPF_A: return "ret  a";
    case BPF_RET | BPF_K: return fmt::format("ret  {:#010x}", step.k);
    default: break;
  }
  if (step.code > 0xff) return unknown(step);
  if (BPF_CLASS(step.code) == BPF_JMP) return jump(step, at, label);
  if (BPF_CLASS(step.code) != BPF_ALU || BPF_OP(step.code) > BPF_XOR || BPF_OP(step.code) == BPF_NEG) return unknown(step);
  if (BPF_SRC(step.code) == BPF_X) return fmt::format("{:<4} x", operation(step.code));
  return fmt::format("{:<4} {:#x}", operation(step.code), step.k);
}

}  // namespace

std::string listing(const Program& program) {
  const std::vector<Known> known = follow(program.code);
  std::string text;
  for (std::size_t at = 0; at < program.code.size(); ++at) {
    const sock_filter& step = program.code[at];
    std::string comment;
    if (BPF_CLASS(step.code) == BPF_JMP) comment = meaning(step, known[at]);
    if (step.code == (BPF_RET | BPF_K)) comment = to_string(action_of_return_value(step.k));
    const std::string line = instruction(step, at);
    text += comment.empty() ? fmt::format("{:>4}  {}\n", at, line) : fmt::format("{:>4}  {:<28}; {}\n", at, line, comment);
  }
  return text;
}

std::vector<std::string> annotated_listing(const Program& program, const ListingNotes& notes) {
  const std::vector<sock_filter>& code = program.code;
  const std::vector<Known> known = follow(code);
  std::vector<bool> target(code.size());
  for (std::size_t at = 0; at < code.size(); ++at) {
    if (BPF_CLASS(code[at].code) != BPF_JMP) continue;
    const bool always = BPF_OP(code[at].code) == BPF_JA;
    for (const std::size_t distance :
         {std::size_t{always ? code[at].k : code[at].jt}, std::size_t{always ? code[at].k : code[at].jf}})
      if (distance < code.size() - at - 1) target[at + 1 + distance] = true;
  }
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < code.size(); ++at) {
    const sock_filter& step = code[at];
    std::string comment;
    if (BPF_CLASS(step.code) == BPF_JMP) comment = meaning(step, known[at]);
    if (step.code == (BPF_RET | BPF_K)) comment = to_string(action_of_return_value(step.k));
    const auto add = [&comment](const std::string& note) {
      if (!note.empty()) comment += comment.empty() ? note : ": " + note;
    };
    if (step.code == (BPF_JMP | BPF_JEQ | BPF_K) && known[at].arch && known[at].offset == offsetof(seccomp_data, nr)) {
      const std::optional<Call> call = call_of(*known[at].arch, step.k);
      const auto note = call ? notes.by_call.find({call->abi, call->number}) : notes.by_call.end();
      if (note != notes.by_call.end()) add(note->second);
    }
    if (at < notes.by_instruction.size()) add(notes.by_instruction[at]);
    const fmt::format_int index(at);
    Line line;
    if (target[at]) line.right(6, Line().add("L").add(at).add(":").take());
    line.right(11, {index.data(), index.size()}).add("  ").add(instruction(step, at, "L"));
    if (!comment.empty()) line.column(43).add("; ").add(comment);
    lines.push_back(line.take());
  }
  return lines;
}

}  // namespace sandgauge
