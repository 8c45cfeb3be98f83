// Filters that compare words of seccomp_data, as the kernel hands them over: 32 bits at a time.
//
//   word_filter(SYS_getppid, {{kArchWord, AUDIT_ARCH_X86_64}}, SECCOMP_RET_ERRNO | EXDEV)
//   word_filter(SYS_getppid, {{low_word(0), 5}, {high_word(0), 0}}, SECCOMP_RET_ERRNO | EXDEV)  // argument 0 is 5
//
// All machines that the harness knows keep the low half first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "probe/filter.h"

namespace sandgauge {

inline constexpr std::uint32_t kArchWord = offsetof(seccomp_data, arch);
inline constexpr std::uint32_t kLowPointerWord = offsetof(seccomp_data, instruction_pointer);
inline constexpr std::uint32_t kHighPointerWord = kLowPointerWord + 4;
constexpr std::uint32_t low_word(unsigned index) {
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + index * sizeof(std::uint64_t));
}
constexpr std::uint32_t high_word(unsigned index) { return low_word(index) + 4; }

struct Word {
  std::uint32_t offset;
  std::uint32_t value;
};

/// The 64-bit value of two words.
constexpr std::uint32_t low_half(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
constexpr std::uint32_t high_half(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

constexpr sock_filter load_word(std::uint32_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset); }

/// Answers call number `nr`, of whatever arch, with `value` if all of up to eight words have these values. Every other call
/// is allowed.
inline Filter word_filter(std::uint32_t nr, std::initializer_list<Word> words, std::uint32_t value) {
  // A comparison that fails jumps over the rest: two instructions for each word, and the answer.
  sock_filter code[4 + 2 * 8] = {};
  const auto rest = static_cast<std::uint8_t>(2 * words.size() + 1);
  code[0] = load_word(offsetof(seccomp_data, nr));
  code[1] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, rest);
  std::size_t at = 2;
  for (const Word& word : words) {
    code[at] = load_word(word.offset);
    code[at + 1] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, word.value, 0, static_cast<std::uint8_t>(rest - at));
    at += 2;
  }
  code[at] = BPF_STMT(BPF_RET | BPF_K, value);
  code[at + 1] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  return Filter::of(code, at + 2, static_cast<int>(at));
}

}  // namespace sandgauge
