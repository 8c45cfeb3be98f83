#include "evaluate/paths.h"

#include <linux/filter.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "model/abi.h"

namespace sandgauge {
namespace {

constexpr std::size_t kWords = sizeof(seccomp_data) / sizeof(std::uint32_t);
/// Of one search, in looked-at instructions and tests. A real profile's longest search takes a few thousand, a rule with 600
/// values for one argument all of it.
constexpr std::uint64_t kMostWork = 400'000;
constexpr std::size_t kMostWays = 512;

/// What is known of a register or a memory cell.
struct Value {
  enum class Kind : std::uint8_t { constant, word, unknown } kind = Kind::constant;
  std::uint32_t k = 0;  // constant: the value; word: the mask
  std::size_t word = 0;
  bool operator==(const Value&) const = default;
};
constexpr Value kUnknown{Value::Kind::unknown, 0, 0};

struct Registers {
  Value a;
  Value x;
  std::array<Value, BPF_MEMWORDS> memory{};
};

bool compare(std::uint16_t op, std::uint32_t a, std::uint32_t b) {
  switch (op) {
    case BPF_JEQ: return a == b;
    case BPF_JGT: return a > b;
    case BPF_JGE: return a >= b;
    default: return (a & b) != 0;
  }
}

/// Constants are computed as the kernel does (see evaluate()); of arguments only masks are followed.
Value arithmetic(const sock_filter& step, const Value& a, const Value& x) {
  const Value operand = BPF_SRC(step.code) == BPF_X ? x : Value{Value::Kind::constant, step.k, 0};
  if (operand.kind != Value::Kind::constant) return kUnknown;
  const std::uint32_t b = operand.k;
  if (a.kind == Value::Kind::word && BPF_OP(step.code) == BPF_AND) return {a.kind, a.k & b, a.word};
  if (a.kind != Value::Kind::constant) return kUnknown;
  const auto constant = [](std::uint32_t k) { return Value{Value::Kind::constant, k, 0}; };
  switch (BPF_OP(step.code)) {
    case BPF_ADD: return constant(a.k + b);
    case BPF_SUB: return constant(a.k - b);
    case BPF_MUL: return constant(a.k * b);
    case BPF_DIV: return b == 0 ? kUnknown : constant(a.k / b);  // by an X of 0 the way has ended already
    case BPF_AND: return constant(a.k & b);
    case BPF_OR: return constant(a.k | b);
    case BPF_XOR: return constant(a.k ^ b);
    case BPF_LSH: return constant(a.k << (b & 31));
    case BPF_RSH: return constant(a.k >> (b & 31));
    default: return constant(0 - a.k);
  }
}

class Search {
 public:
  Search(const Program& program, const seccomp_data& known, std::vector<char>* reached, std::vector<Way>* ways = nullptr)
      : code_(program.code), known_(known), reached_(reached), ways_(ways) {
    reached_->resize(code_.size());
  }

  Paths run() {
    paths_.least = ~std::uint64_t{0};
    follow(0, {}, 0);
    if (out_of_work_) fall_back();
    return std::move(paths_);
  }

 private:
  Value loaded(std::uint32_t offset) const {
    if (offset == offsetof(seccomp_data, nr)) return {Value::Kind::constant, static_cast<std::uint32_t>(known_.nr), 0};
    if (offset == offsetof(seccomp_data, arch)) return {Value::Kind::constant, known_.arch, 0};
    // The entry of 32-bit calls clears the upper halves.
    const bool upper = offset >= offsetof(seccomp_data, args) && offset % 8 != 0;
    if (upper && known_.arch == audit_arch(Abi::i386)) return {};
    return {Value::Kind::word, ~0U, offset / sizeof(std::uint32_t)};
  }

  void end(std::size_t at, const Value& value, std::uint64_t steps) {
    if (steps > paths_.most) {
      paths_.most = steps;
      paths_.worst = witness();
    }
    paths_.least = std::min(paths_.least, steps);
    if (value.kind != Value::Kind::constant) {
      paths_.exact = false;
      return;
    }
    const Action action = action_of_return_value(value.k);
    work_ += paths_.endings.size();
    if (ways_ != nullptr) keep(action);
    if (std::ranges::find(paths_.endings, at, &Ending::at) == paths_.endings.end())
      paths_.endings.push_back({action, witness(), at});
  }

  void keep(Action action) {
    if (ways_->size() == kMostWays) {
      paths_.exact = false;
      return;
    }
    Way& way = ways_->emplace_back(Way{action, {}});
    for (std::size_t word = 0; word < kWords; ++word)
      for (const WordTests::Test& test : tests_[word].all()) way.tests.emplace_back(word, test);
  }

  seccomp_data witness() {
    std::array<std::uint32_t, kWords> words{};
    for (std::size_t word = 0; word < kWords; ++word) {
      std::uint32_t value = 0;
      if (tests_[word].size() > 0 && tests_[word].solve(value) == WordTests::Answer::yes) words[word] = value;
      work_ += tests_[word].take_work();
    }
    seccomp_data data{};
    std::memcpy(&data, words.data(), sizeof data);
    data.nr = known_.nr;
    data.arch = known_.arch;
    return data;
  }

  void branch(std::size_t at, const Registers& registers, std::uint64_t steps) {
    const sock_filter& step = code_[at];
    const Value operand = BPF_SRC(step.code) == BPF_X ? registers.x : Value{Value::Kind::constant, step.k, 0};
    const std::uint16_t op = BPF_OP(step.code);
    const auto target = [&](bool holds) { return at + 1 + (holds ? step.jt : step.jf); };
    if (registers.a.kind == Value::Kind::constant && operand.kind == Value::Kind::constant)
      return follow(target(compare(op, registers.a.k, operand.k)), registers, steps);
    if (registers.a.kind != Value::Kind::word || operand.kind != Value::Kind::constant) {
      paths_.exact = false;
      follow(target(true), registers, steps);
      follow(target(false), registers, steps);
      return;
    }
    WordTests& tests = tests_[registers.a.word];
    for (const bool holds : {true, false}) {
      tests.push({registers.a.k, op, operand.k, holds});
      std::uint32_t value = 0;
      const WordTests::Answer answer = tests.solve(value);
      work_ += tests.take_work();
      if (answer == WordTests::Answer::unknown) paths_.exact = false;
      if (answer != WordTests::Answer::no) follow(target(holds), registers, steps);
      tests.pop();
    }
  }

  /// The way of a known number through the tests that compare it one by one: most of every filter, so this is what counts
  /// for the time that all calls take. Returns how many tests it has passed.
  std::uint64_t pass_comparisons(std::size_t& at, std::uint32_t a) {
    const sock_filter* const code = code_.data();
    char* const reached = reached_->data();
    std::uint64_t steps = 0;
    std::size_t here = at;
    for (; code[here].code == (BPF_JMP | BPF_JEQ | BPF_K); ++steps) {
      reached[here] = 1;
      here += 1 + (code[here].k == a ? code[here].jt : code[here].jf);
    }
    at = here;
    work_ += steps;
    return steps;
  }

  /// Recurses only at tests that the call's number does not decide; so many of them on one way are too much work anyway.
  void follow(std::size_t at, Registers registers, std::uint64_t steps) {
    if (out_of_work_) return;
    for (;; ++at) {
      if (registers.a.kind == Value::Kind::constant) steps += pass_comparisons(at, registers.a.k);
      if (++work_ > kMostWork) {
        out_of_work_ = true;
        return;
      }
      ++steps;
      (*reached_)[at] = 1;
      const sock_filter& step = code_[at];
      if (step.code == (BPF_JMP | BPF_JA)) {
        at += step.k;
        continue;
      }
      switch (BPF_CLASS(step.code)) {
        case BPF_JMP:
          if (registers.a.kind == Value::Kind::constant && BPF_SRC(step.code) == BPF_K) {
            at += compare(BPF_OP(step.code), registers.a.k, step.k) ? step.jt : step.jf;
            continue;
          }
          return branch(at, registers, steps);
        case BPF_RET:
          return end(at, step.code == (BPF_RET | BPF_A) ? registers.a : Value{Value::Kind::constant, step.k, 0}, steps);
        case BPF_ALU:
          if (step.code == (BPF_ALU | BPF_DIV | BPF_X)) {
            if (registers.x == Value{}) return end(at, Value{}, steps);  // ends the filter with 0
            if (registers.x.kind != Value::Kind::constant) {
              paths_.exact = false;
              end(at, Value{}, steps);
            }
          }
          registers.a = arithmetic(step, registers.a, registers.x);
          break;
        case BPF_ST: registers.memory[step.k] = registers.a; break;
        case BPF_STX: registers.memory[step.k] = registers.x; break;
        case BPF_MISC:
          (step.code == (BPF_MISC | BPF_TAX) ? registers.x : registers.a) =
              step.code == (BPF_MISC | BPF_TAX) ? registers.a : registers.x;
          break;
        default: load(step, registers); break;
      }
    }
  }

  void load(const sock_filter& step, Registers& registers) const {
    Value& to = BPF_CLASS(step.code) == BPF_LDX ? registers.x : registers.a;
    switch (BPF_MODE(step.code)) {
      case BPF_ABS: to = loaded(step.k); break;
      case BPF_MEM: to = registers.memory[step.k]; break;
      case BPF_LEN: to = {Value::Kind::constant, sizeof(seccomp_data), 0}; break;
      default: to = {Value::Kind::constant, step.k, 0}; break;
    }
  }

  /// Bounds from the jumps alone: each instruction is looked at once, with the shortest and the longest way to it. The first
  /// tests of number and arch are still decided, as long as nothing else has touched the accumulator.
  void fall_back() {
    paths_ = {};
    paths_.exact = false;
    struct Arrival {
      bool reached = false;
      Value a;
      std::uint64_t least = 0;
      std::uint64_t most = 0;
    };
    std::vector<Arrival> arrivals(code_.size());
    const auto arrive = [&](std::size_t at, const Value& a, std::uint64_t least, std::uint64_t most) {
      Arrival& to = arrivals[at];
      to = to.reached ? Arrival{true, to.a == a ? a : kUnknown, std::min(to.least, least), std::max(to.most, most)}
                      : Arrival{true, a, least, most};
    };
    arrive(0, {}, 0, 0);
    paths_.least = ~std::uint64_t{0};
    for (std::size_t at = 0; at < code_.size(); ++at) {
      if (!arrivals[at].reached) continue;
      (*reached_)[at] = 1;
      const auto [unused, a, before_least, before_most] = arrivals[at];
      const sock_filter& step = code_[at];
      const std::uint64_t least = before_least + 1;
      const std::uint64_t most = before_most + 1;
      const bool may_end = BPF_CLASS(step.code) == BPF_RET || step.code == (BPF_ALU | BPF_DIV | BPF_X);
      if (may_end) {
        paths_.least = std::min(paths_.least, least);
        paths_.most = std::max(paths_.most, most);
      }
      if (BPF_CLASS(step.code) == BPF_RET) continue;
      if (step.code == (BPF_JMP | BPF_JA)) {
        arrive(at + 1 + step.k, a, least, most);
      } else if (BPF_CLASS(step.code) == BPF_JMP) {
        const bool decided = a.kind == Value::Kind::constant && BPF_SRC(step.code) == BPF_K;
        const bool holds = decided && compare(BPF_OP(step.code), a.k, step.k);
        if (!decided || holds) arrive(at + 1 + step.jt, a, least, most);
        if (!decided || !holds) arrive(at + 1 + step.jf, a, least, most);
      } else {
        Value next = a;
        if (step.code == (BPF_LD | BPF_W | BPF_ABS)) {
          next = loaded(step.k).kind == Value::Kind::constant ? loaded(step.k) : kUnknown;
        } else if (BPF_CLASS(step.code) == BPF_LD || BPF_CLASS(step.code) == BPF_ALU || step.code == (BPF_MISC | BPF_TXA)) {
          next = kUnknown;
        }
        arrive(at + 1, next, least, most);
      }
    }
  }

  const std::vector<sock_filter>& code_;
  const seccomp_data& known_;
  std::vector<char>* reached_;
  std::vector<Way>* ways_;
  std::array<WordTests, kWords> tests_;
  Paths paths_;
  std::uint64_t work_ = 0;
  bool out_of_work_ = false;
};

}  // namespace

Paths explore(const Program& program, std::uint32_t arch, std::int32_t nr, Explored* explored) {
  const seccomp_data known{.nr = nr, .arch = arch, .instruction_pointer = 0, .args = {}};
  Explored only_this;
  if (explored == nullptr) explored = &only_this;
  explored->calls.emplace_back(arch, nr);
  return Search(program, known, &explored->reached).run();
}

std::optional<std::vector<Way>> ways(const Program& program, std::uint32_t arch, std::int32_t nr) {
  const seccomp_data known{.nr = nr, .arch = arch, .instruction_pointer = 0, .args = {}};
  std::vector<Way> found;
  std::vector<char> reached;
  if (!Search(program, known, &reached, &found).run().exact) return std::nullopt;
  return found;
}

}  // namespace sandgauge
