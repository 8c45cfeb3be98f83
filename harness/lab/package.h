// A kernel out of Debian packages.
//
//   unpack_kernel("/cache/debian-6.1.new", interrupts);   // its *.deb files become vmlinuz and config
#pragma once

#include <string>

#include "base/result.h"
#include "lab/interrupts.h"

namespace sandgauge {

/// Unpacks every .deb in a folder, leaves there the kernel as `vmlinuz` and, if they hold it, its build's `config`, and
/// removes all else. Fails with dpkg-deb's words if a package is cut off or no package, and if there is no kernel in them.
Result<void> unpack_kernel(const std::string& folder, const Interrupts& interrupts);

}  // namespace sandgauge
