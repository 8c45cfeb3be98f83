// The first root file system of a guest: what a command needs to run there as it would here.
//
//   ImageBuilder image(interrupts);
//   image.add_program("/usr/bin/true");              // with its loader and libraries, at the same paths
//   image.add_tree("/home/me/cases", "/home/me/cases");
//   image.set_init("/usr/libexec/sandgauge/programs/lab-init");
//   image.set_plan({.words = {"/usr/bin/true"}});
//   Result<std::string> initramfs = std::move(image).finish();
//
// Fails if a file cannot be read, if a program's library is missing, or if it becomes larger than a guest's memory could
// hold.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "lab/cpio.h"
#include "lab/interrupts.h"

namespace sandgauge {

/// What the guest's init is to do.
struct GuestPlan {
  std::vector<std::string> words;  // the first is a path in the guest
  std::map<std::string, std::string> environment;
  std::string folder = "/";        // made if it is not there
  std::vector<std::string> files;  // to be sent back, if they are there at the end
  bool quiet = false;              // no signs of life: they are instructions too
};

class ImageBuilder {
 public:
  explicit ImageBuilder(const Interrupts& interrupts);

  /// A file of the host at another path or the same; links are followed. A program brings its libraries.
  Result<void> add_file(const std::string& from, const std::string& to);
  /// A file or folder, at the path it has here. Links in it stay links; sockets and devices are left out.
  Result<void> add_tree(const std::string& from, const std::string& to);
  /// A program, at its own path.
  Result<void> add_program(const std::string& path) { return add_file(path, path); }
  void add_folder(const std::string& path) { archive_.add_folder(path); }
  void add_text(const std::string& path, unsigned mode, std::string_view content) { archive_.add_file(path, mode, content); }
  Result<void> set_init(const std::string& program) { return add_file(program, "/init"); }
  void set_plan(const GuestPlan& plan);

  Result<std::string> finish() &&;

 private:
  Result<void> add_libraries(const std::string& program);

  const Interrupts& interrupts_;
  CpioArchive archive_;
  std::size_t bytes_ = 0;
};

}  // namespace sandgauge
