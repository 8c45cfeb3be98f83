// TempDir: a new empty directory below $TMPDIR (or /tmp), removed with all that is in it when its owner goes.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace sandgauge {

class TempDir {
 public:
  /// Fails where mkdtemp(3) does, naming the directory it tried.
  static Result<TempDir> make();
  static Result<TempDir> make_in(const std::string& parent);
  /// Becomes an owner of a directory that another process made; the first owner to go removes it.
  static TempDir adopt(std::string path) { return TempDir(std::move(path)); }
  TempDir(TempDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TempDir& operator=(TempDir&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~TempDir();

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Removes what is in it, also below folders without permissions. The directory itself stays; if it was removed, it is
  /// made again.
  void clear() const;

 private:
  explicit TempDir(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace sandgauge
