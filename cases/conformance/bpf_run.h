// Classic BPF as the kernel runs it: programs that compute with the arguments of a call and are seen by what they answer.
//
//   // Denied with EXDEV if argument 0 plus argument 1 is argument 2, with ENOTNAM if not.
//   stage.load(computing({{load_word(low_word(1)), to_x, load_word(low_word(0)), {BPF_ALU | BPF_ADD | BPF_X, 0, 0, 0}}}));
#pragma once

#include <sys/syscall.h>

#include <cerrno>
#include <initializer_list>

#include "conformance/data_filter.h"
#include "probe/stage.h"

namespace sandgauge {

inline constexpr sock_filter kToX = BPF_STMT(BPF_MISC | BPF_TAX, 0);
inline constexpr sock_filter kToA = BPF_STMT(BPF_MISC | BPF_TXA, 0);

/// What a call that was made with the right value, and with a wrong one, fails with.
inline constexpr int kRight = EXDEV;
inline constexpr int kWrong = ENOTNAM;

/// Runs `steps` for getppid(2) and compares A with the low half of argument 2.
inline Filter computing(std::initializer_list<sock_filter> steps) {
  sock_filter code[Filter::kMost] = {load_word(offsetof(seccomp_data, nr)),
                                     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 1, 0),
                                     BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  std::size_t at = 3;
  for (const sock_filter& step : steps) code[at++] = step;
  constexpr std::uint32_t kScratch = 15;  // of M[]; steps must not need it
  for (const sock_filter& step :
       {sock_filter BPF_STMT(BPF_ST, kScratch), load_word(low_word(2)), kToX,
        sock_filter BPF_STMT(BPF_LD | BPF_MEM, kScratch), sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1),
        sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | kRight),
        sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | kWrong)})
    code[at++] = step;
  return Filter::of(code, at, static_cast<int>(at) - 2);
}

}  // namespace sandgauge
