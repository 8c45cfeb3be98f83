#include "compile/graph.h"

#include <linux/filter.h>

#include <algorithm>
#include <limits>

namespace sandgauge {
namespace {

constexpr std::uint16_t kRet = BPF_RET | BPF_K;
constexpr std::uint16_t kLoad = BPF_LD | BPF_W | BPF_ABS;
constexpr std::uint16_t kMask = BPF_ALU | BPF_AND | BPF_K;
constexpr std::size_t kLongestBranch = 255;  // jt and jf have 8 bits

bool is_jump(std::uint16_t code) { return BPF_CLASS(code) == BPF_JMP; }

/// Lays nodes out from the last instruction to the first, so that every target is placed before it is jumped to.
class Layout {
 public:
  explicit Layout(std::size_t nodes) : home_(nodes), nearest_(nodes) {}

  void place(Graph::Node node, std::uint16_t code, std::uint32_t k) {
    home_[node] = nearest_[node] = backward_.size();
    backward_.push_back({code, 0, 0, k});
  }
  void place_before(Graph::Node node, std::uint16_t code, std::uint32_t k, Graph::Node next) {
    if (distance(next) != 0) bring_near(next);
    place(node, code, k);
  }
  void place_jump(Graph::Node node, std::uint16_t code, std::uint32_t k, Graph::Node holds, Graph::Node fails) {
    while (std::max(distance(holds), distance(fails)) > kLongestBranch)  // bringing one near moves the other away by one
      bring_near(distance(holds) > kLongestBranch ? holds : fails);
    const auto jt = static_cast<std::uint8_t>(distance(holds));
    const auto jf = static_cast<std::uint8_t>(distance(fails));
    place(node, code, k);
    backward_.back().jt = jt;
    backward_.back().jf = jf;
  }
  Program take() {
    std::ranges::reverse(backward_);
    return {std::move(backward_)};
  }

 private:
  /// How many instructions the next one placed would jump over.
  [[nodiscard]] std::size_t distance(Graph::Node node) const { return backward_.size() - 1 - nearest_[node]; }

  /// A copy of a RET is as long as a jump to it, and saves a step.
  void bring_near(Graph::Node node) {
    const sock_filter& target = backward_[home_[node]];
    const auto over = static_cast<std::uint32_t>(backward_.size() - 1 - home_[node]);
    const sock_filter bridge = target.code == kRet ? target : sock_filter{BPF_JMP | BPF_JA, 0, 0, over};
    nearest_[node] = backward_.size();
    backward_.push_back(bridge);
  }

  std::vector<sock_filter> backward_;
  std::vector<std::size_t> home_;
  std::vector<std::size_t> nearest_;  // home, or the last bridge to it
};

}  // namespace

std::size_t Graph::Hash::operator()(const Step& step) const {
  std::uint64_t hash = step.code;
  for (const std::uint32_t part : {step.k, step.holds, step.fails}) {
    hash = (hash ^ part) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 32;
  }
  return hash;
}

Graph::Node Graph::node(const Step& step) {
  const auto [found, added] = known_.try_emplace(step, static_cast<Node>(steps_.size()));
  if (added) steps_.push_back(step);
  return found->second;
}

Graph::Node Graph::ret(std::uint32_t value) { return node({.code = kRet, .k = value}); }

Graph::Node Graph::load(std::uint32_t offset, Node next) {
  next = with_loaded(offset, next);
  const std::uint16_t code = steps_[next].code;
  if (code == kRet || code == kLoad) return next;
  return node({.code = kLoad, .k = offset, .holds = next});
}

Graph::Node Graph::mask(std::uint32_t bits, Node next) {
  if (bits == std::numeric_limits<std::uint32_t>::max()) return next;
  return node({.code = kMask, .k = bits, .holds = next});
}

Graph::Node Graph::jump(std::uint16_t condition, std::uint32_t k, Node holds, Node fails) {
  constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
  if (holds == fails || (condition == BPF_JGE && k == 0)) return holds;
  if ((condition == BPF_JGT && k == kMost) || (condition == BPF_JSET && k == 0)) return fails;
  return node({.code = static_cast<std::uint16_t>(BPF_JMP | condition | BPF_K), .k = k, .holds = holds, .fails = fails});
}

/// What to go to instead of `node` when the accumulator holds the word at `offset`.
Graph::Node Graph::with_loaded(std::uint32_t offset, Node node) {
  const Step step = steps_[node];
  if (step.code == kLoad && step.k == offset) return step.holds;
  if (!is_jump(step.code)) return node;
  const Node holds = with_loaded(offset, step.holds);
  const Node fails = with_loaded(offset, step.fails);
  return jump(BPF_OP(step.code), step.k, holds, fails);
}

std::vector<bool> Graph::reachable(Node root) const {
  std::vector<bool> reached(steps_.size());
  reached[root] = true;
  for (Node at = root + 1; at-- > 0;) {  // a node is made after the ones it leads to
    if (!reached[at] || steps_[at].code == kRet) continue;
    reached[steps_[at].holds] = true;
    if (is_jump(steps_[at].code)) reached[steps_[at].fails] = true;
  }
  return reached;
}

Program Graph::emit(Node root) const {
  const std::vector<bool> reached = reachable(root);
  Layout layout(steps_.size());
  for (Node at = 0; at <= root; ++at) {
    const Step& step = steps_[at];
    if (!reached[at]) continue;
    if (step.code == kRet) {
      layout.place(at, step.code, step.k);
    } else if (is_jump(step.code)) {
      layout.place_jump(at, step.code, step.k, step.holds, step.fails);
    } else {
      layout.place_before(at, step.code, step.k, step.holds);
    }
  }
  return layout.take();
}

}  // namespace sandgauge
