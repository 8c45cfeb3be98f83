// What the tests on one way through a filter say of one 32-bit word of the call.
//
//   WordTests tests;
//   tests.push({.mask = ~0U, .code = BPF_JGT, .k = 5, .holds = true});
//   std::uint32_t value = 0;
//   tests.solve(value) == WordTests::Answer::yes; value == 6;
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace sandgauge {

class WordTests {
 public:
  /// (word & mask) compared with k by BPF_JEQ, BPF_JGT, BPF_JGE or BPF_JSET comes out as `holds`.
  struct Test {
    std::uint32_t mask = ~0U;
    std::uint16_t code = 0;
    std::uint32_t k = 0;
    bool holds = true;
  };
  enum class Answer : std::uint8_t { yes, no, unknown };

  void push(const Test& test) { tests_.push_back(test); }
  void pop() { tests_.pop_back(); }
  [[nodiscard]] std::size_t size() const { return tests_.size(); }
  [[nodiscard]] const std::vector<Test>& all() const { return tests_; }

  /// yes: all hold for `value`. no: there is no such value. unknown: with masks that differ, none was found.
  Answer solve(std::uint32_t& value);
  /// How often solve() has looked at a test since this was last asked: what its time is made of.
  std::uint64_t take_work() { return std::exchange(work_, 0); }

 private:
  [[nodiscard]] bool all_hold(std::uint32_t value);
  std::vector<Test> tests_;
  std::uint64_t work_ = 0;
};

}  // namespace sandgauge
