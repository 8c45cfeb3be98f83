// CpioArchive: a folder tree in the format that the kernel unpacks as its first root file system.
//
//   CpioArchive archive;
//   archive.add_file("/usr/bin/true", 0755, bytes);    // makes /usr and /usr/bin
//   archive.add_link("/bin", "usr/bin");
//   std::string initramfs = archive.finish();
//
// The format is "newc" (Documentation/driver-api/early-userspace/buffer-format.rst). Everything belongs to root and carries
// the time 0, so that the same tree gives the same bytes. A path is taken once: what is added again is left out.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace sandgauge {

class CpioArchive {
 public:
  /// Paths are absolute. A folder that is there already stays as it is.
  void add_folder(std::string_view path, unsigned mode = 0755);
  /// `content` is below 4 GiB: the format has 32 bits for its length.
  void add_file(std::string_view path, unsigned mode, std::string_view content);
  void add_link(std::string_view path, std::string_view target);
  /// A character device.
  void add_device(std::string_view path, unsigned mode, unsigned major, unsigned minor);
  [[nodiscard]] bool contains(std::string_view path) const { return paths_.contains(std::string(path)); }
  /// The whole archive; nothing can be added after it.
  std::string finish() &&;

 private:
  struct Device {
    unsigned major = 0;
    unsigned minor = 0;
  };
  void add_parents(std::string_view path);
  void write(std::string_view path, unsigned mode, std::string_view content, Device device);

  std::string bytes_;
  std::set<std::string> paths_;
  unsigned next_inode_ = 1;
};

}  // namespace sandgauge
