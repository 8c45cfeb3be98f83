#include "lab/cpio.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace sandgauge {
namespace {

void pad(std::string& bytes) { bytes.resize((bytes.size() + 3) / 4 * 4, '\0'); }

}  // namespace

void CpioArchive::add_parents(std::string_view path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string_view::npos; slash = path.find('/', slash + 1))
    if (!contains(path.substr(0, slash))) write(path.substr(0, slash), S_IFDIR | 0755, {}, {});
}

void CpioArchive::write(std::string_view path, unsigned mode, std::string_view content, Device device) {
  if (!paths_.insert(std::string(path)).second) return;
  const std::string name(path.substr(path.starts_with('/') ? 1 : 0));
  const unsigned links = S_ISDIR(mode) ? 2 : 1;
  // The numbers are: inode, mode, uid, gid, links, mtime, size, the device it is on, the device that it is, the name's
  // length with its NUL, checksum.
  bytes_ +=
      fmt::format("070701{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}", next_inode_++,
                  mode, 0, 0, links, 0, content.size(), 0, 0, device.major, device.minor, name.size() + 1, 0);
  bytes_ += name;
  bytes_ += '\0';
  pad(bytes_);
  bytes_ += content;
  pad(bytes_);
}

void CpioArchive::add_folder(std::string_view path, unsigned mode) {
  add_parents(path);
  if (path != "/") write(path, S_IFDIR | mode, {}, {});
}

void CpioArchive::add_file(std::string_view path, unsigned mode, std::string_view content) {
  add_parents(path);
  write(path, S_IFREG | mode, content, {});
}

void CpioArchive::add_link(std::string_view path, std::string_view target) {
  add_parents(path);
  write(path, S_IFLNK | 0777, target, {});
}

void CpioArchive::add_device(std::string_view path, unsigned mode, unsigned major, unsigned minor) {
  add_parents(path);
  write(path, S_IFCHR | mode, {}, {.major = major, .minor = minor});
}

std::string CpioArchive::finish() && {
  write("TRAILER!!!", 0, {}, {});
  return std::move(bytes_);
}

}  // namespace sandgauge
