#include <linux/filter.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "evaluate/paths.h"

namespace sandgauge {
namespace {

/// The 32-bit values between which a filter's tests of one word tell.
class Classes {
 public:
  void split(std::uint16_t op, std::uint32_t k) {
    if (op == BPF_JEQ) equal_.insert(k);
    if (op == BPF_JGE) from_.insert(k);
    if (op == BPF_JGT && k != ~0U) from_.insert(k + 1);
  }

  /// One value of each class: no test tells a value of the class from another.
  std::vector<std::uint32_t> representatives() const {
    std::vector<std::uint32_t> values(equal_.begin(), equal_.end());
    for (auto from = from_.begin(); from != from_.end(); ++from) {
      const std::uint64_t end = std::next(from) == from_.end() ? std::uint64_t{1} << 32 : *std::next(from);
      std::uint64_t other = *from;
      while (other < end && equal_.contains(static_cast<std::uint32_t>(other))) ++other;
      if (other < end) values.push_back(static_cast<std::uint32_t>(other));
    }
    return values;
  }

 private:
  std::set<std::uint32_t> equal_;
  std::set<std::uint32_t> from_ = {0};
};

struct TurningPoints {
  Classes numbers;
  Classes archs;
  bool computed = false;  // the filter does more with them than to compare them
};

TurningPoints turning_points(const Program& program) {
  constexpr unsigned kNumber = 1U << (offsetof(seccomp_data, nr) / sizeof(std::uint32_t));
  constexpr unsigned kArch = 1U << (offsetof(seccomp_data, arch) / sizeof(std::uint32_t));
  TurningPoints points;
  std::vector<unsigned> held(program.code.size() + 1);  // which words the accumulator may hold, a bit each
  for (std::size_t at = 0; at < program.code.size(); ++at) {
    const sock_filter& step = program.code[at];
    const bool of_call = (held[at] & (kNumber | kArch)) != 0;
    switch (BPF_CLASS(step.code)) {
      case BPF_RET: break;
      case BPF_JMP:
        if (step.code == (BPF_JMP | BPF_JA)) {
          held[at + 1 + step.k] |= held[at];
          break;
        }
        if (of_call && (BPF_SRC(step.code) == BPF_X || BPF_OP(step.code) == BPF_JSET)) points.computed = true;
        if ((held[at] & kNumber) != 0) points.numbers.split(BPF_OP(step.code), step.k);
        if ((held[at] & kArch) != 0) points.archs.split(BPF_OP(step.code), step.k);
        held[at + 1 + step.jt] |= held[at];
        held[at + 1 + step.jf] |= held[at];
        break;
      case BPF_LD:
        held[at + 1] |= step.code == (BPF_LD | BPF_W | BPF_ABS) ? 1U << (step.k / sizeof(std::uint32_t)) : 0;
        if (step.code == (BPF_LD | BPF_MEM)) points.computed = true;
        break;
      default:
        if (of_call || step.code == (BPF_MISC | BPF_TXA)) points.computed = true;
        held[at + 1] |= held[at];
    }
  }
  return points;
}

std::vector<char> reached_by_jumps(const Program& program) {
  std::vector<char> reached(program.code.size());
  reached[0] = 1;
  for (std::size_t at = 0; at < program.code.size(); ++at) {
    const sock_filter& step = program.code[at];
    if (reached[at] == 0 || BPF_CLASS(step.code) == BPF_RET) continue;
    if (step.code == (BPF_JMP | BPF_JA)) {
      reached[at + 1 + step.k] = 1;
    } else if (BPF_CLASS(step.code) == BPF_JMP) {
      reached[at + 1 + step.jt] = 1;
      reached[at + 1 + step.jf] = 1;
    } else {
      reached[at + 1] = 1;
    }
  }
  return reached;
}

}  // namespace

std::vector<std::size_t> unreachable(const Program& program, Explored explored) {
  const TurningPoints points = turning_points(program);
  const std::vector<std::uint32_t> archs = points.archs.representatives();
  const std::vector<std::uint32_t> numbers = points.numbers.representatives();
  constexpr std::size_t kManyArchs = 64;
  if (points.computed || archs.size() > kManyArchs) {
    explored.reached = reached_by_jumps(program);
  } else {
    const std::set seen(explored.calls.begin(), explored.calls.end());
    for (const std::uint32_t arch : archs)
      for (const std::uint32_t number : numbers)
        if (const auto nr = static_cast<std::int32_t>(number); !seen.contains({arch, nr}))
          explore(program, arch, nr, &explored);
  }
  std::vector<std::size_t> never;
  for (std::size_t at = 0; at < explored.reached.size(); ++at)
    if (explored.reached[at] == 0) never.push_back(at);
  return never;
}

}  // namespace sandgauge
