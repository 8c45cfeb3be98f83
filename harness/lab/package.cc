#include "lab/package.h"

#include <filesystem>
#include <vector>

#include "lab/tool.h"

namespace sandgauge {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> packages_in(const std::string& folder) {
  std::vector<fs::path> packages;
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error))
    if (entry->path().extension() == ".deb") packages.push_back(entry->path());
  return packages;
}

/// Where the package puts it: boot/vmlinuz-VERSION, or usr/lib/modules/VERSION/vmlinuz.
fs::path find_part(const fs::path& root, const std::string& part) {
  std::error_code error;
  for (auto entry = fs::directory_iterator(root / "boot", error); !error && entry != fs::directory_iterator();
       entry.increment(error))
    if (entry->path().filename().string().starts_with(part + "-")) return entry->path();
  for (const char* modules : {"usr/lib/modules", "lib/modules"}) {
    error.clear();
    for (auto entry = fs::directory_iterator(root / modules, error); !error && entry != fs::directory_iterator();
         entry.increment(error))
      if (std::error_code ignored; fs::is_regular_file(entry->path() / part, ignored)) return entry->path() / part;
  }
  return {};
}

}  // namespace

Result<void> unpack_kernel(const std::string& folder, const Interrupts& interrupts) {
  const fs::path root = fs::path(folder) / "root";
  std::error_code error;
  for (const fs::path& package : packages_in(folder)) {
    const auto unpacked = run_tool({"dpkg-deb", "--extract", package.string(), root.string()}, {}, interrupts);
    if (!unpacked) return fail(unpacked.error());
    if (unpacked->exit != 0) return fail("cannot unpack {}: {}", package.filename().string(), complaint_of(*unpacked));
    fs::remove(package, error);
  }
  for (const char* part : {"vmlinuz", "config"}) {
    const fs::path found = find_part(root, part);
    if (!found.empty()) fs::rename(found, fs::path(folder) / part, error);
    if (error) return fail("cannot rename {}: {}", found.string(), error.message());
  }
  fs::remove_all(root, error);
  if (!fs::exists(fs::path(folder) / "vmlinuz", error)) return fail("there is no kernel (boot/vmlinuz-...) in the package");
  return {};
}

}  // namespace sandgauge
