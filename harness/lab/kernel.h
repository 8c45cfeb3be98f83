// From what a user calls a kernel to one that can be booted.
//
//   debian:6.1, debian:newest   from the cache; fetched from Debian's archive if it is not there
//   ./linux-image-6.1.deb       a package
//   /boot/vmlinuz, arch/x86/boot/bzImage
//
//   Result<KernelName> name = parse_kernel_name("debian:6.1");
//   Result<Kernel> kernel = find_kernel(*name, scratch, interrupts, say);
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/temp_dir.h"
#include "lab/cache.h"
#include "lab/interrupts.h"

namespace sandgauge {

struct KernelName {
  enum class Kind { debian, package, image };
  Kind kind = Kind::image;
  std::string text;     // as the user wrote it
  std::string version;  // of kind debian: "6.1", "newest"
};

/// Fails at an empty name, and where "debian:" is not followed by a version or "newest".
Result<KernelName> parse_kernel_name(std::string_view text);

/// Fails if a file is missing or holds no kernel for x86 (Documentation/arch/x86/boot.rst), and where fetching or unpacking
/// does. A package is unpacked into `scratch`, which must outlive the kernel. `say` is told what takes long.
Result<Kernel> find_kernel(const KernelName& name, const TempDir& scratch, const Interrupts& interrupts,
                           const std::function<void(const std::string&)>& say);

/// Fails unless the file is a bzImage.
Result<void> check_image(const std::string& path);

}  // namespace sandgauge
