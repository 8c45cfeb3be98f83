#include "model/program.h"

#include <algorithm>

namespace sandgauge {

bool operator==(const Program& a, const Program& b) {
  return std::ranges::equal(a.code, b.code, [](const sock_filter& x, const sock_filter& y) {
    return x.code == y.code && x.jt == y.jt && x.jf == y.jf && x.k == y.k;
  });
}

std::string to_hex(const Program& program) {
  std::string hex;
  for (const sock_filter& step : program.code)
    hex += fmt::format("{:02x}{:02x}{:02x}{:02x}{:02x}{:02x}{:02x}{:02x}", step.code & 0xff, step.code >> 8, step.jt,
                       step.jf, step.k & 0xff, step.k >> 8 & 0xff, step.k >> 16 & 0xff, step.k >> 24);
  return hex;
}

std::string to_string(const Backend& backend) {
  if (backend.compiler == Backend::Compiler::bpf) return "bpf";
  return fmt::format("libseccomp:{}", backend.optimise);
}

Result<Backend> parse_backend(std::string_view text) {
  using Compiler = Backend::Compiler;
  if (text == "bpf") return Backend{Compiler::bpf, 1};
  if (text == "libseccomp" || text == "libseccomp:1") return Backend{Compiler::libseccomp, 1};
  if (text == "libseccomp:2") return Backend{Compiler::libseccomp, 2};
  return fail("unknown backend '{}', expected bpf, libseccomp, libseccomp:1 or libseccomp:2", text);
}

}  // namespace sandgauge
