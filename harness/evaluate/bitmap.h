// Whether the kernel answers a call from its table of calls that are always allowed, without running any filter.
//
//   BitmapAnswer answer = predict_bitmap(program, {.nr = 0, .arch = audit_arch(Abi::x86_64)});
//   answer.hit == false; to_string(answer) == "argument rule: instruction 5 reads arg0.low"
//
// Since Linux 5.11 the kernel tries each new filter on every call number when it is loaded, knowing nothing but number and
// arch (kernel/seccomp.c, seccomp_is_const_allow). What ends in ALLOW that way is remembered in a bitmap, and never runs the
// filter. A call is in the bitmap only if every filter of the process agrees. Nothing here can fail.
#pragma once

#include <linux/seccomp.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "model/program.h"

namespace sandgauge {

struct BitmapAnswer {
  enum class Reason : std::uint8_t {
    allowed,           // a hit
    outside,           // the kernel keeps no bit for this number: x32's, negative ones, those after the last call
    reads_argument,    // at an instruction that loads an argument
    reads_pointer,     // or the instruction pointer
    not_followed,      // at an instruction that the kernel's short emulator does not know
    another_action,    // it ends in something other than ALLOW
    foreign_to_table,  // an arch without a bitmap
    never_asked        // a hit whatever the filter says: uretprobe and uprobe of x86-64, which the kernel makes itself
  };
  bool hit = false;
  Reason reason = Reason::allowed;
  std::size_t at = 0;       // the instruction that decided; 0 for outside and foreign_to_table
  std::uint32_t value = 0;  // another_action: what it returns; reads_argument: the offset in seccomp_data
  bool operator==(const BitmapAnswer&) const = default;
};

/// Only nr and arch of `data` are looked at. The kernel's own last call number cannot be known here: it is taken to be that
/// of the newest call in our table (model/syscalls.h), so a call that is newer than the running kernel is predicted to hit
/// and misses. uretprobe (335) and uprobe (336) of x86-64 count as hits: Linux 6.18 lets them by
/// (seccomp_is_const_allow), older kernels ask the filter. `program` is one that validate() accepts.
BitmapAnswer predict_bitmap(const Program& program, const seccomp_data& data);

/// "always allowed", "argument rule: instruction 5 reads arg0.low", "ends in ERRNO(EPERM)", ...
std::string to_string(const BitmapAnswer& answer);

}  // namespace sandgauge
