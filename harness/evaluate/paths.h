// All ways that a filter can go for one call number, whatever the arguments are.
//
//   Paths paths = explore(program, Abi::x86_64, 41);                 // socket
//   paths.most == 31; paths.exact; paths.worst.args[0] == 16;        // the arguments that take the longest way
//   paths.endings.size() == 2;                                       // ALLOW or ERRNO(EPERM), each with an example
//
// Every way is followed with what the tests on it say of the arguments, so a way that no arguments can take does not count.
// Where that cannot be decided (arithmetic with arguments, or more ways than a bounded search can follow) `exact` is false:
// then `least` and `most` enclose the truth, and `Explored::reached` may hold an instruction too many, never one too few.
// A program is one that validate() accepts. Nothing here can fail; time and memory are bounded whatever the program.
#pragma once

#include <linux/seccomp.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "evaluate/word_tests.h"
#include "model/action.h"
#include "model/program.h"

namespace sandgauge {

/// A RET that some arguments lead to.
struct Ending {
  Action action;
  seccomp_data example{};  // arguments that lead there, when Paths::exact
  std::size_t at = 0;      // the RET
};

struct Paths {
  std::uint64_t least = 0;  // executed instructions, the RET included
  std::uint64_t most = 0;
  bool exact = true;
  seccomp_data worst{};         // takes the longest way, when exact
  std::vector<Ending> endings;  // each RET with a known value once; empty if the ways were too many
};

/// What explore() has seen of one program so far.
struct Explored {
  std::vector<char> reached;                                  // by instruction: 1 if some arguments lead there
  std::vector<std::pair<std::uint32_t, std::int32_t>> calls;  // arch and number of the calls looked at
};

/// Adds to `explored`, unless it is null, which instructions some arguments reach.
Paths explore(const Program& program, std::uint32_t arch, std::int32_t nr, Explored* explored = nullptr);

/// One way: the tests of the call's 32-bit words (their index in seccomp_data) that lead to an action.
struct Way {
  Action action;
  std::vector<std::pair<std::size_t, WordTests::Test>> tests;
};

/// Every way for one number: each call takes one of them. Nothing where explore() is not exact, or for more than 512.
std::optional<std::vector<Way>> ways(const Program& program, std::uint32_t arch, std::int32_t nr);

/// The instructions that no call of any arch, number and arguments reaches, in order. A filter that does more
/// with number and arch than to compare them with constants is looked at by its jumps only. `explored` is what explore()
/// has seen of this program already, and is not looked at again.
std::vector<std::size_t> unreachable(const Program& program, Explored explored = {});

}  // namespace sandgauge
