#include "compile/bpf.h"

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <span>

#include "compile/graph.h"
#include "model/call.h"

namespace sandgauge {
namespace {

using Node = Graph::Node;

constexpr std::uint32_t kMinusOne = 0xffffffff;  // under AUDIT_ARCH_X86_64 this number is not x32's

/// One 64-bit argument: two words, low one first on every machine that we have an ABI of.
struct Argument {
  std::uint32_t low;
  std::uint32_t high;
};
Argument argument_offsets(std::uint8_t index) {
  const auto offset = static_cast<std::uint32_t>(offsetof(seccomp_data, args) + sizeof(std::uint64_t) * index);
  return {offset, offset + 4};
}
std::uint32_t low_half(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
std::uint32_t high_half(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

class Compiler {
 public:
  explicit Compiler(const Policy& policy) : policy_(policy) {}

  Result<Program> compile() {
    const Result<std::vector<ResolvedRule>> resolved = resolve(policy_);
    if (!resolved) return fail(resolved.error());
    for (const ResolvedRule& rule : *resolved) {
      const seccomp_data data = to_seccomp_data({.abi = rule.abi, .number = rule.number});
      Call seen;
      if (!from_seccomp_data(data, seen) || seen.abi != rule.abi || seen.number != rule.number) continue;  // no call has it
      rules_[data.arch][static_cast<std::uint32_t>(data.nr)].push_back(&rule);
    }
    // Made from the end, so that the first ABI of the policy is the first that is tested.
    Node root = graph_.ret(return_value(policy_.foreign_action));
    for (const std::uint32_t arch : archs_backward()) {
      const Node numbers = graph_.load(offsetof(seccomp_data, nr), number_tree(arch));
      root = graph_.jump(BPF_JEQ, arch, numbers, root);
    }
    Program program = graph_.emit(graph_.load(offsetof(seccomp_data, arch), root));
    if (program.code.size() > kLongestProgram)
      return fail("the filter has {} instructions, the kernel takes at most {}", program.code.size(), kLongestProgram);
    return program;
  }

 private:
  using RuleList = std::vector<const ResolvedRule*>;

  /// From this number up to the next segment's the filter goes on with `node`.
  struct Segment {
    std::uint32_t first;
    Node node;
  };

  bool listed(Abi abi) const { return std::ranges::find(policy_.architectures, abi) != policy_.architectures.end(); }

  /// Each once; x86_64 and x32 share one.
  std::vector<std::uint32_t> archs_backward() const {
    std::vector<std::uint32_t> archs;
    for (const Abi abi : policy_.architectures)
      if (std::ranges::find(archs, audit_arch(abi)) == archs.end()) archs.push_back(audit_arch(abi));
    std::ranges::reverse(archs);
    return archs;
  }

  /// What answers a number that no rule names.
  Node unnamed(std::uint32_t arch, std::uint32_t number) {
    Call call;
    from_seccomp_data({.nr = static_cast<int>(number), .arch = arch, .instruction_pointer = 0, .args = {}}, call);
    return graph_.ret(return_value(listed(call.abi) ? policy_.default_action : policy_.foreign_action));
  }

  Node number_tree(std::uint32_t arch) {
    std::map<std::uint32_t, Node> cuts;
    for (const std::uint32_t edge : {0U, kX32Bit, kMinusOne}) cuts[edge] = unnamed(arch, edge);
    for (const auto& [number, rules] : rules_[arch]) {
      cuts[number] = decision(rules, unnamed(arch, number));
      if (number != kMinusOne) cuts.try_emplace(number + 1, unnamed(arch, number + 1));
    }
    std::vector<Segment> segments;
    for (const auto& [first, node] : cuts)
      if (segments.empty() || segments.back().node != node) segments.push_back({first, node});
    return search(segments);
  }

  /// A balanced search of the number in the accumulator.
  Node search(std::span<const Segment> segments) {
    if (segments.size() == 1) return segments[0].node;
    const bool one_stands_out =
        segments.size() == 3 && segments[0].node == segments[2].node && segments[1].first + 1 == segments[2].first;
    if (one_stands_out) return graph_.jump(BPF_JEQ, segments[1].first, segments[1].node, segments[0].node);
    const std::size_t middle = segments.size() / 2;
    const Node upper = search(segments.subspan(middle));
    const Node lower = search(segments.first(middle));
    return graph_.jump(BPF_JGE, segments[middle].first, upper, lower);
  }

  /// Tries the rules of one number, strictest first; of one kind the later first, because it wins.
  Node decision(RuleList rules, Node otherwise) {
    std::ranges::reverse(rules);
    std::ranges::stable_sort(rules, {}, [](const ResolvedRule* rule) { return rule->action.kind; });
    const auto last = std::ranges::find_if(rules, [](const ResolvedRule* rule) { return rule->when.empty(); });
    if (last != rules.end()) rules.erase(last + 1, rules.end());  // what comes after it never matches
    Node node = otherwise;
    for (auto rule = rules.rbegin(); rule != rules.rend(); ++rule) {
      const Node matched = graph_.ret(return_value((*rule)->action));
      Node all_hold = matched;
      for (auto test = (*rule)->when.rbegin(); test != (*rule)->when.rend(); ++test)
        all_hold = branch(*test, all_hold, node);
      node = all_hold;
    }
    return node;
  }

  Node branch(const ArgumentTest& test, Node holds, Node fails) {
    switch (test.compare) {
      case Compare::equal: return masked_equal(test, ~std::uint64_t{0}, holds, fails);
      case Compare::not_equal: return masked_equal(test, ~std::uint64_t{0}, fails, holds);
      case Compare::masked_equal: return masked_equal(test, test.mask, holds, fails);
      case Compare::greater: return greater(test, BPF_JGT, holds, fails);
      case Compare::greater_or_equal: return greater(test, BPF_JGE, holds, fails);
      case Compare::less: return greater(test, BPF_JGE, fails, holds);
      case Compare::less_or_equal: return greater(test, BPF_JGT, fails, holds);
    }
    return fails;
  }

  /// The low half first: it differs more often.
  Node masked_equal(const ArgumentTest& test, std::uint64_t mask, Node holds, Node fails) {
    if ((test.value & ~mask) != 0) return fails;
    const Argument offsets = argument_offsets(test.index);
    const Node high = half_equal(offsets.high, high_half(mask), high_half(test.value), holds, fails);
    return half_equal(offsets.low, low_half(mask), low_half(test.value), high, fails);
  }

  Node half_equal(std::uint32_t offset, std::uint32_t mask, std::uint32_t value, Node holds, Node fails) {
    if (mask == 0) return holds;
    if (value == 0 && mask != ~std::uint32_t{0}) return graph_.load(offset, graph_.jump(BPF_JSET, mask, fails, holds));
    if (mask == ~std::uint32_t{0}) return graph_.load(offset, graph_.jump(BPF_JEQ, value, holds, fails));
    return graph_.load(offset, graph_.mask(mask, graph_.jump(BPF_JEQ, value, holds, fails)));
  }

  /// `condition`, BPF_JGT or BPF_JGE, of all 64 bits: the high half decides unless it is equal.
  Node greater(const ArgumentTest& test, std::uint16_t condition, Node holds, Node fails) {
    const Argument offsets = argument_offsets(test.index);
    const std::uint32_t high = high_half(test.value);
    const Node low = graph_.load(offsets.low, graph_.jump(condition, low_half(test.value), holds, fails));
    return graph_.load(offsets.high, graph_.jump(BPF_JGT, high, holds, graph_.jump(BPF_JEQ, high, low, fails)));
  }

  const Policy& policy_;
  Graph graph_;
  std::map<std::uint32_t, std::map<std::uint32_t, RuleList>> rules_;  // by arch, then by the raw number
};

}  // namespace

Result<Program> compile_bpf(const Policy& policy) { return Compiler(policy).compile(); }

}  // namespace sandgauge
