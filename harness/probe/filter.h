// Filter: a small classic BPF program, written down in a scenario.
//
//   Filter::answer(SYS_getppid, SECCOMP_RET_ERRNO | EPERM)   // one call; the rest is allowed
//   Filter::always(SECCOMP_RET_LOG)                          // every call
//   Filter::of({BPF_STMT(BPF_RET | BPF_K, 0)})               // as it is, also if the kernel will refuse it
//
// Fixed size, no allocation: it can be made under a filter. A Filter does not look at the arch unless it is written so.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace sandgauge {

class Filter {
 public:
  static constexpr std::size_t kMost = 64;

  /// Answers call number `nr`, whatever its arch, with a SECCOMP_RET_* value, and every other one with `otherwise`.
  static Filter answer(std::uint32_t nr, std::uint32_t value, std::uint32_t otherwise = SECCOMP_RET_ALLOW) {
    Filter filter =
        of({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, value), BPF_STMT(BPF_RET | BPF_K, otherwise)});
    filter.answer_index_ = 2;
    return filter;
  }
  /// The same for an argument: `nr` with the low 32 bits of argument `index` equal to `low`.
  static Filter answer_argument(std::uint32_t nr, unsigned index, std::uint32_t low, std::uint32_t value) {
    const auto offset = static_cast<std::uint32_t>(offsetof(seccomp_data, args) + index * sizeof(std::uint64_t));
    Filter filter =
        of({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 3),
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, low, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, value), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)});
    filter.answer_index_ = 4;
    return filter;
  }
  static Filter always(std::uint32_t value) {
    Filter filter = of({BPF_STMT(BPF_RET | BPF_K, value)});
    filter.answer_index_ = 0;
    return filter;
  }
  /// `answer_index`: which instruction gives the answer that the filter is about, for --mutate; -1: none.
  static Filter of(std::initializer_list<sock_filter> code, int answer_index = -1) {
    return of(code.begin(), code.size(), answer_index);
  }
  static Filter of(const sock_filter* code, std::size_t length, int answer_index = -1) {
    Filter filter;
    filter.answer_index_ = answer_index;
    for (std::size_t i = 0; i < length && i < kMost; ++i) filter.code_[filter.length_++] = code[i];
    return filter;
  }

  [[nodiscard]] const sock_filter* code() const { return code_.data(); }
  [[nodiscard]] unsigned short length() const { return length_; }
  /// True if there is one instruction that gives the answer the filter is about.
  [[nodiscard]] bool has_answer() const { return answer_index_ >= 0; }
  [[nodiscard]] std::uint32_t answer_value() const { return code_[static_cast<std::size_t>(answer_index_)].k; }
  void set_answer(std::uint32_t value) { code_[static_cast<std::size_t>(answer_index_)].k = value; }

 private:
  std::array<sock_filter, kMost> code_{};
  unsigned short length_ = 0;
  int answer_index_ = -1;
};

}  // namespace sandgauge
