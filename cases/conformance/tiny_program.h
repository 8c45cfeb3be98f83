// A program of a few instructions that makes one system call and exits with the low byte of what it returned: what a
// scenario executes to see what a filter does after execve(2), without anything of the C library in between.
//
//   const UniqueFd program = tiny_program(stage, {.number = SYS_getppid});
//   stage.exited("the program", 256 - EXDEV, stage.child([&] { execute(stage, program.get()); }));
//
// It lies in memory (memfd_create(2)); where the machine executes nothing there, the scenario is skipped.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/unique_fd.h"
#include "probe/stage.h"

namespace sandgauge {

struct TinyCall {
  std::int32_t number;
  std::int32_t first = 0;
};

/// How a program ends whose call failed with this errno.
constexpr int exit_of_error(int error) { return 256 - error; }

/// Its bytes; the number of bytes comes back. `buffer` is kTinyProgramSize long.
inline constexpr std::size_t kTinyProgramSize = 256;
std::size_t write_tiny_program(unsigned char (&buffer)[kTinyProgramSize], TinyCall call);

/// A descriptor of the program, to be executed.
UniqueFd tiny_program(Stage& stage, TinyCall call);

/// Becomes the program. Skips the scenario where that is not allowed.
[[noreturn]] void execute(Stage& stage, int program);

}  // namespace sandgauge
