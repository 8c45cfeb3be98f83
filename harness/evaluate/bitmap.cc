#include "evaluate/bitmap.h"

#include <linux/filter.h>

#include <algorithm>
#include <array>

#include "model/abi.h"
#include "model/action.h"
#include "model/syscalls.h"

namespace sandgauge {
namespace {

using Reason = BitmapAnswer::Reason;

/// The number after the ABI's last one.
std::uint32_t bits_of(Abi abi) {
  static const std::array<std::uint32_t, 4> ends = [] {
    std::array<std::uint32_t, 4> most{};
    for (const SyscallEntry& entry : every_syscall())
      for (const Abi each : kEveryAbi) {
        const auto at = static_cast<std::size_t>(each);
        most[at] = std::max(most[at], static_cast<std::uint32_t>(entry.number[at] + 1));
      }
    return most;
  }();
  return ends[static_cast<std::size_t>(abi)];
}

/// The first reason for which the kernel keeps no bit at all, or allowed.
Reason place(std::uint32_t arch, std::uint32_t number) {
  for (const Abi abi : {Abi::x86_64, Abi::i386, Abi::aarch64})
    if (audit_arch(abi) == arch) return number < bits_of(abi) ? Reason::allowed : Reason::outside;
  return Reason::foreign_to_table;
}

constexpr std::uint32_t kUretprobe = 335;  // newer than the kernel headers here
constexpr std::uint32_t kUprobe = 336;

bool holds(const sock_filter& step, std::uint32_t a) {
  switch (BPF_OP(step.code)) {
    case BPF_JGE: return a >= step.k;
    case BPF_JGT: return a > step.k;
    default: return (a & step.k) != 0;
  }
}

}  // namespace

BitmapAnswer predict_bitmap(const Program& program, const seccomp_data& data) {
  const auto number = static_cast<std::uint32_t>(data.nr);
  if (const Reason reason = place(data.arch, number); reason != Reason::allowed) return {false, reason, 0, 0};
  if (data.arch == audit_arch(Abi::x86_64) && (number == kUretprobe || number == kUprobe))
    return {true, Reason::never_asked, 0, 0};
  std::uint32_t a = 0;
  for (std::size_t at = 0; at < program.code.size(); ++at) {
    const sock_filter& step = program.code[at];
    switch (step.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (step.k == offsetof(seccomp_data, nr)) {
          a = number;
        } else if (step.k == offsetof(seccomp_data, arch)) {
          a = data.arch;
        } else if (step.k < offsetof(seccomp_data, args)) {
          return {false, Reason::reads_pointer, at, step.k};
        } else {
          return {false, Reason::reads_argument, at, step.k};
        }
        break;
      case BPF_ALU | BPF_AND | BPF_K: a &= step.k; break;
      case BPF_JMP | BPF_JA: at += step.k; break;
      case BPF_JMP | BPF_JEQ | BPF_K: at += a == step.k ? step.jt : step.jf; break;
      case BPF_JMP | BPF_JGE | BPF_K:
      case BPF_JMP | BPF_JGT | BPF_K:
      case BPF_JMP | BPF_JSET | BPF_K: at += holds(step, a) ? step.jt : step.jf; break;
      case BPF_RET | BPF_K:
        // Data beside ALLOW is enough to miss: the kernel compares the whole value.
        if (step.k == SECCOMP_RET_ALLOW) return {true, Reason::allowed, at, step.k};
        return {false, Reason::another_action, at, step.k};
      default: return {false, Reason::not_followed, at, 0};
    }
  }
  return {false, Reason::not_followed, program.code.size(), 0};
}

std::string to_string(const BitmapAnswer& answer) {
  constexpr std::uint32_t kArgs = offsetof(seccomp_data, args);
  switch (answer.reason) {
    case Reason::allowed: return "always allowed";
    case Reason::never_asked: return "newer kernels do not ask filters about it";
    case Reason::outside: return "a number that the kernel keeps no bit for";
    case Reason::foreign_to_table: return "an arch that the kernel keeps no bitmap for";
    case Reason::reads_pointer: return fmt::format("instruction {} reads the instruction pointer", answer.at);
    case Reason::not_followed:
      return fmt::format("instruction {} is of a kind that the kernel does not follow when it fills the bitmap", answer.at);
    case Reason::another_action:
      if (action_of_return_value(answer.value).kind == ActionKind::allow)
        return fmt::format("ends in ALLOW with data ({:#x})", answer.value);
      return "ends in " + to_string(action_of_return_value(answer.value));
    case Reason::reads_argument: break;
  }
  return fmt::format("argument rule: instruction {} reads arg{}.{}", answer.at, (answer.value - kArgs) / 8,
                     answer.value % 8 == 0 ? "low" : "high");
}

}  // namespace sandgauge
