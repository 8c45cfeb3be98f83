#include "evaluate/agree.h"

#include <algorithm>
#include <array>
#include <map>

#include "evaluate/boundaries.h"
#include "model/call.h"
#include "model/syscalls.h"

namespace sandgauge {
namespace {

constexpr std::uint32_t kArmArch = 0x40000028;  // AUDIT_ARCH_ARM, which is no ABI of ours

/// Runs both on one call after another and keeps the calls on which they differ.
class Comparison {
 public:
  Comparison(const Rules& rules, const Program& program, std::size_t limit)
      : rules_(rules), program_(program), limit_(limit) {}

  void hold(const seccomp_data& data) {
    if (full()) return;
    const Action decided = rules_.decide(data);
    const Evaluation evaluated = evaluate(program_, data);
    if (decided != evaluated.action) found_.push_back({data, decided, evaluated});
  }
  [[nodiscard]] bool full() const { return found_.size() >= limit_; }
  std::vector<Disagreement> take() { return std::move(found_); }

 private:
  const Rules& rules_;
  const Program& program_;
  std::size_t limit_;
  std::vector<Disagreement> found_;
};

/// i386's two multiplexers take the sub-call as argument 0: a rule for socket(2) may have reached them too.
void hold_multiplexers(Comparison& comparison) {
  constexpr std::uint64_t kBeyondTheLast = 25;  // linux/net.h ends at 20, linux/ipc.h at 24
  for (const std::string_view name : {"socketcall", "ipc"})
    for (std::uint64_t sub_call = 0; sub_call <= kBeyondTheLast; ++sub_call)
      comparison.hold(to_seccomp_data({.abi = Abi::i386, .number = *syscall_number(Abi::i386, name), .args = {sub_call}}));
}

/// Raw values of seccomp_data.nr.
std::vector<std::uint32_t> numbers_to_try(const std::vector<ResolvedRule>& rules) {
  static const std::int32_t highest = [] {
    std::int32_t most = 0;
    for (const SyscallEntry& entry : every_syscall()) most = std::max(most, *std::ranges::max_element(entry.number));
    return most;
  }();
  std::vector<std::uint32_t> numbers = {kX32Bit - 1, 0x7fffffff, 0x80000000, 0xbfffffff, 0xc0000000, 0xfffffffe, 0xffffffff};
  for (std::uint32_t number = 0; number <= static_cast<std::uint32_t>(highest) + 2; ++number) {
    numbers.push_back(number);
    numbers.push_back(number | kX32Bit);
  }
  for (const ResolvedRule& rule : rules) {
    const auto raw = static_cast<std::uint32_t>(to_seccomp_data({.abi = rule.abi, .number = rule.number}).nr);
    for (const std::uint32_t near : {raw - 1, raw, raw + 1}) numbers.push_back(near);
  }
  std::ranges::sort(numbers);
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

void hold_around(Comparison& comparison, const ResolvedRule& rule, const Arguments& holding) {
  Call call{.abi = rule.abi, .number = rule.number, .args = holding};
  comparison.hold(to_seccomp_data(call));
  for (const ArgumentTest& test : rule.when) {
    for (const std::uint64_t value : boundaries(test)) {
      call.args[test.index] = value;
      comparison.hold(to_seccomp_data(call));
    }
    call.args = holding;
  }
}

}  // namespace

std::vector<Disagreement> disagreements(const Policy& policy, const Rules& rules, const Program& program,
                                        std::size_t limit) {
  const std::vector<ResolvedRule> resolved = resolve(policy).value();
  Comparison comparison(rules, program, limit);
  const std::vector<std::uint32_t> numbers = numbers_to_try(resolved);
  for (const std::uint32_t arch :
       {audit_arch(Abi::x86_64), audit_arch(Abi::i386), audit_arch(Abi::aarch64), kArmArch, std::uint32_t{0}}) {
    for (const std::uint32_t number : numbers)
      comparison.hold({.nr = static_cast<int>(number), .arch = arch, .instruction_pointer = 0, .args = {}});
  }
  hold_multiplexers(comparison);
  std::map<std::pair<Abi, std::int32_t>, Arguments> before;  // what the last rule on a call asks for
  for (const ResolvedRule& rule : resolved) {
    if (comparison.full()) break;
    if (rule.when.empty()) continue;
    Arguments alone{};
    satisfy(rule.when, alone);
    hold_around(comparison, rule, alone);
    const auto [found, first] = before.try_emplace({rule.abi, rule.number}, alone);
    if (first) continue;
    satisfy(rule.when, found->second);
    hold_around(comparison, rule, found->second);
  }
  return comparison.take();
}

}  // namespace sandgauge
