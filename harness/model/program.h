// Program: a filter as the kernel takes it, classic BPF instructions.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sandgauge {

/// Linux BPF_MAXINSNS, include/uapi/linux/bpf_common.h.
inline constexpr std::size_t kLongestProgram = 4096;

struct Program {
  std::vector<sock_filter> code;
};
bool operator==(const Program& a, const Program& b);

/// The instructions in memory order as hex, 16 digits each: what a reproducer prints.
std::string to_hex(const Program& program);

/// Which compiler makes a Program of a Policy. Written "bpf", "libseccomp" (optimise level 1) or "libseccomp:2".
struct Backend {
  enum class Compiler : std::uint8_t { bpf, libseccomp } compiler = Compiler::bpf;
  /// libseccomp's SCMP_FLTATR_CTL_OPTIMIZE: 1 priority order, 2 binary tree. Unused by bpf.
  int optimise = 1;
  bool operator==(const Backend&) const = default;
};
std::string to_string(const Backend& backend);
Result<Backend> parse_backend(std::string_view text);

}  // namespace sandgauge
