// A filter as text for people: an instruction a line.
//
//      0  ld   arch
//      1  jeq  0xc000003e, 2, 5       ; x86_64
//      2  ld   nr
//      3  jeq  63, 4, 5               ; uname
//      4  ret  0x00050001             ; ERRNO(EPERM)
//      5  ret  0x7fff0000             ; ALLOW
//
// Jumps give the index to go to when the test holds, then the other one. A comment says what a compared number means: the
// name of an arch, or of a call where the arch is known on every way to the instruction. Any program can be listed, also one
// that the kernel would refuse; this cannot fail.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/abi.h"
#include "model/program.h"

namespace sandgauge {

/// One line per instruction, each ended by '\n'.
std::string listing(const Program& program);

/// What a listing says beside the meaning of numbers.
struct ListingNotes {
  std::map<std::pair<Abi, std::int32_t>, std::string> by_call;  // where the call's number is compared for equality
  std::vector<std::string> by_instruction;                      // by index; may be shorter than the program
};

/// The same with labels: `L4:` before an instruction that is jumped to, `L4` where it is jumped from. An entry per
/// instruction, without a line end.
std::vector<std::string> annotated_listing(const Program& program, const ListingNotes& notes);

}  // namespace sandgauge
