// The folder where kernels are kept: $XDG_CACHE_HOME/sandgauge, or ~/.cache/sandgauge.
//
//   apt/                      package lists, and the configuration that keeps apt away from the system's own
//   kernels/debian-6.1/       vmlinuz, config (of the kernel's build) and about.json
//   console/debian-6.1.log    what the last kernel of that name printed before it failed
//
// A kernel is there whole or not at all: it is put together in a folder beside it, which is then renamed.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sandgauge {

/// A kernel that can be booted.
struct Kernel {
  std::string name;     // "debian:6.1", or the path that the user gave
  std::string image;    // path of its bzImage
  std::string config;   // path of the configuration it was built with; empty if there is none
  std::string package;  // "linux-image-6.1.0-50-cloud-amd64"; empty if it came from a file
  std::string version;  // of the package: "6.1.176-1"; empty if it came from a file
  bool operator==(const Kernel&) const = default;
};

class KernelCache {
 public:
  /// Makes the folder if it is not there. Fails if it cannot, or if neither XDG_CACHE_HOME nor HOME is set.
  static Result<KernelCache> open();

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] std::optional<Kernel> find(const std::string& name) const;
  [[nodiscard]] std::vector<Kernel> list() const;
  /// A new empty folder to put a kernel together in; what was left of one that was given up is removed.
  [[nodiscard]] Result<std::string> new_folder(const std::string& name) const;
  /// Puts that folder in the place of the kernel's, with its about.json.
  [[nodiscard]] Result<Kernel> adopt(const std::string& new_folder, Kernel kernel) const;
  /// Held while something is written: two processes that fetch wait for each other.
  [[nodiscard]] Result<UniqueFd> lock() const;
  /// Fails if its file system has less than this many MiB left, saying so: some programs do not end when they find none.
  [[nodiscard]] Result<void> check_space(unsigned long mib) const;
  /// Keeps a console log; its path. Fails where write(2) does.
  [[nodiscard]] Result<std::string> keep_console(const std::string& name, const std::string& log) const;

 private:
  explicit KernelCache(std::string folder) : folder_(std::move(folder)) {}
  [[nodiscard]] std::string place_of(const std::string& name) const;
  std::string folder_;
};

}  // namespace sandgauge
