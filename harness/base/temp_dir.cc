#include "base/temp_dir.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

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

bool is_folder(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

/// For what std::filesystem has left behind: it needs fcntl(2), and a descriptor for each level, which a filter or a limit
/// around this process may deny. This needs one descriptor, and none for an empty folder.
void remove_plainly(const std::string& path) {
  if (!is_folder(path)) {
    ::unlink(path.c_str());
    return;
  }
  if (::rmdir(path.c_str()) == 0) return;
  std::vector<std::string> names;
  if (DIR* const stream = ::opendir(path.c_str())) {
    while (const dirent* entry = ::readdir(stream)) names.emplace_back(entry->d_name);
    ::closedir(stream);
  }
  for (const std::string& name : names)
    if (name != "." && name != "..") remove_plainly(path + "/" + name);
  ::rmdir(path.c_str());
}

}  // namespace

Result<TempDir> TempDir::make() {
  const char* parent = std::getenv("TMPDIR");
  return make_in(parent != nullptr && *parent != '\0' ? parent : "/tmp");
}

Result<TempDir> TempDir::make_in(const std::string& parent) {
  std::string path = parent + "/sandgauge.XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return fail("cannot make a directory {}: {}", path, errno_text(errno));
  return TempDir(std::move(path));
}

TempDir::~TempDir() {
  if (path_.empty()) return;
  std::error_code ignored;
  open_up(path_);
  fs::remove_all(path_, ignored);
  if (is_folder(path_)) remove_plainly(path_);
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
