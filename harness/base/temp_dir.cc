#include "base/temp_dir.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "base/errno_text.h"

namespace sandgauge {
namespace {

namespace fs = std::filesystem;

/// Gives back the permissions that a case took from its folders: without them only root can remove what is in there.
void open_up(const fs::path& folder) {
  std::error_code ignored;
  ::chmod(folder.c_str(), 0700);
  for (auto entry = fs::directory_iterator(folder, ignored); entry != fs::directory_iterator(); entry.increment(ignored))
    if (entry->symlink_status(ignored).type() == fs::file_type::directory) open_up(entry->path());
}

}  // namespace

Result<TempDir> TempDir::make() {
  const char* parent = std::getenv("TMPDIR");
  std::string path = fmt::format("{}/sandgauge.XXXXXX", parent != nullptr && *parent != '\0' ? parent : "/tmp");
  if (::mkdtemp(path.data()) == nullptr) return fail("cannot make a directory {}: {}", path, errno_text(errno));
  return TempDir(std::move(path));
}

TempDir::~TempDir() {
  if (path_.empty()) return;
  std::error_code ignored;
  open_up(path_);
  fs::remove_all(path_, ignored);
}

void TempDir::clear() const {
  ::mkdir(path_.c_str(), 0700);
  ::chmod(path_.c_str(), 0700);
  std::error_code ignored;
  for (auto entry = fs::directory_iterator(path_, ignored); entry != fs::directory_iterator(); entry.increment(ignored)) {
    if (entry->symlink_status(ignored).type() == fs::file_type::directory) open_up(entry->path());
    fs::remove_all(entry->path(), ignored);
  }
}

}  // namespace sandgauge
