// What a program of the host needs to run elsewhere: its dynamic loader and its libraries.
//
//   Result<std::vector<std::string>> files = libraries_of("/usr/bin/true", interrupts);
//   // /lib64/ld-linux-x86-64.so.2, /lib/x86_64-linux-gnu/libc.so.6
//
// The loader itself is asked (`ld.so --list`), so that RPATH, ld.so.cache and LD_LIBRARY_PATH count as they do here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lab/interrupts.h"

namespace sandgauge {

/// The loader that an ELF file of either class names (PT_INTERP), from the file's bytes. Nothing for a static program and
/// for what is no ELF file, also for one that is cut off or lies about its tables.
std::optional<std::string> loader_of(std::string_view elf);

/// The paths in the output of `ld.so --list`. Fails if a library was not found, naming it.
Result<std::vector<std::string>> parse_loader_list(std::string_view text);

/// Paths of this machine; empty for a static program and for what is no ELF file. Fails if the file cannot be read, the
/// loader is missing, or a library is.
Result<std::vector<std::string>> libraries_of(const std::string& path, const Interrupts& interrupts);

}  // namespace sandgauge
