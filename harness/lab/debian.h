// Kernels from Debian's package archive, by apt, away from the system's own package lists.
//
//   Result<Kernel> kernel = fetch_debian(cache, "6.1", interrupts);        // the newest 6.1 for clouds, for x86_64
//   Result<std::vector<DebianKernel>> all = list_debian(cache, interrupts);
//
// The mirror, its keyring and the proxy are those of the system's apt; without a Debian mirror there, deb.debian.org is
// asked. apt checks signatures and checksums. No root is needed. Fails with apt's own words.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "lab/cache.h"
#include "lab/interrupts.h"

namespace sandgauge {

/// A kernel package that apt knows.
struct DebianKernel {
  std::string version;  // "6.1.176-1"
  bool operator==(const DebianKernel&) const = default;
};

/// From the output of `apt-cache madison`, newest first, each once.
std::vector<DebianKernel> parse_madison(std::string_view text);

/// The newest whose version begins with all of the wanted numbers: "6.1" is 6.1.176-1 and not 6.12.107-1. "newest" is the
/// first. Fails naming what there is.
Result<DebianKernel> choose_kernel(const std::vector<DebianKernel>& kernels, const std::string& wanted);

/// The package names of a Depends line that begin with `prefix`; alternatives count by their first.
std::vector<std::string> depends_on(std::string_view depends, std::string_view prefix);

/// Reads the archive's package lists again.
Result<void> update_debian(const KernelCache& cache, const Interrupts& interrupts);
/// What the lists hold; reads them if there are none yet.
Result<std::vector<DebianKernel>> list_debian(const KernelCache& cache, const Interrupts& interrupts);
/// Downloads and unpacks a kernel into the cache, over what is there. `wanted` is "6.1", "6.1.176" or "newest".
Result<Kernel> fetch_debian(const KernelCache& cache, const std::string& wanted, const Interrupts& interrupts);

}  // namespace sandgauge
