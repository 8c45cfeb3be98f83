#include "compile/compile.h"

#include "compile/bpf.h"
#include "compile/libseccomp.h"

namespace sandgauge {

Result<Program> compile(const Policy& policy, const Backend& backend) {
  switch (backend.compiler) {
    case Backend::Compiler::bpf: return compile_bpf(policy);
    case Backend::Compiler::libseccomp: return compile_libseccomp(policy, backend.optimise);
  }
  return fail("unknown backend {}", to_string(backend));
}

}  // namespace sandgauge
