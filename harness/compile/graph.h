// Graph: a filter under construction, as nodes that equal tails share. Made from the end: a node names the ones it leads to.
//
//   Graph graph;
//   const Node allow = graph.ret(SECCOMP_RET_ALLOW);
//   const Node deny = graph.ret(SECCOMP_RET_ERRNO | EPERM);
//   const Node root = graph.load(0, graph.jump(BPF_JEQ, 63, deny, allow));
//   graph.emit(root);     // ld nr; jeq 63, 2, 3; ret ERRNO(EPERM); ret ALLOW
//
// Asking twice for the same node gives the same one. Tests that can have only one outcome vanish, and so do loads of a word
// that the accumulator holds already. Nodes are emitted in the order in which they were made, the last one first.
// Nothing here can fail; the caller looks at the length.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "model/program.h"

namespace sandgauge {

class Graph {
 public:
  using Node = std::uint32_t;

  /// Ends the filter with this value.
  Node ret(std::uint32_t value);
  /// Loads the word at this offset of seccomp_data, then goes on with `next`.
  Node load(std::uint32_t offset, Node next);
  /// Keeps only these bits of the accumulator, then goes on with `next`.
  Node mask(std::uint32_t bits, Node next);
  /// Compares the accumulator with k; `condition` is BPF_JEQ, BPF_JGE, BPF_JGT or BPF_JSET.
  Node jump(std::uint16_t condition, std::uint32_t k, Node holds, Node fails);

  /// The program that starts at `root`, without the nodes that cannot be reached from it.
  [[nodiscard]] Program emit(Node root) const;

 private:
  struct Step {
    std::uint16_t code = 0;
    std::uint32_t k = 0;
    Node holds = 0;  // of a load or mask: what comes next
    Node fails = 0;
    bool operator==(const Step&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Step& step) const;
  };

  Node node(const Step& step);
  Node with_loaded(std::uint32_t offset, Node node);
  [[nodiscard]] std::vector<bool> reachable(Node root) const;

  std::vector<Step> steps_;
  std::unordered_map<Step, Node, Hash> known_;
};

}  // namespace sandgauge
