#include "base/temp_dir.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "base/errno_text.h"

namespace sandgauge {

Result<TempDir> TempDir::make() {
  const char* parent = std::getenv("TMPDIR");
  std::string path = fmt::format("{}/sandgauge.XXXXXX", parent != nullptr && *parent != '\0' ? parent : "/tmp");
  if (::mkdtemp(path.data()) == nullptr) return fail("cannot make a directory {}: {}", path, errno_text(errno));
  return TempDir(std::move(path));
}

TempDir::~TempDir() {
  if (path_.empty()) return;
  std::error_code ignored;
  ::chmod(path_.c_str(), 0700);
  std::filesystem::remove_all(path_, ignored);
}

void TempDir::clear() const {
  std::error_code ignored;
  for (auto entry = std::filesystem::directory_iterator(path_, ignored); entry != std::filesystem::directory_iterator();
       entry.increment(ignored))
    std::filesystem::remove_all(entry->path(), ignored);
}

}  // namespace sandgauge
