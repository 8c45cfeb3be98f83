#include "lab/cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/errno_text.h"
#include "lab/file.h"

namespace sandgauge {
namespace {

namespace fs = std::filesystem;

/// "debian:6.1" as a file's name.
std::string file_name(std::string name) {
  std::ranges::replace_if(
      name, [](char c) { return c == ':' || c == '/'; }, '-');
  return name;
}

std::optional<Kernel> read_kernel(const fs::path& folder) {
  constexpr std::size_t kMost = 64 * 1024;
  std::error_code ignored;
  const auto text = read_file((folder / "about.json").string(), kMost);
  if (!text || !fs::is_regular_file(folder / "vmlinuz", ignored)) return {};
  const auto about = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!about.is_object()) return {};
  const auto word = [&about](const char* key) {
    const auto at = about.find(key);
    return at != about.end() && at->is_string() ? at->get<std::string>() : std::string();
  };
  const bool has_config = fs::is_regular_file(folder / "config", ignored);
  return Kernel{.name = word("name"),
                .image = (folder / "vmlinuz").string(),
                .config = has_config ? (folder / "config").string() : "",
                .package = word("package"),
                .version = word("version")};
}

}  // namespace

Result<KernelCache> KernelCache::open() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  fs::path folder;
  if (cache != nullptr && *cache == '/') {  // a relative one is to be ignored (XDG Base Directory Specification)
    folder = fs::path(cache) / "sandgauge";
  } else if (home != nullptr && *home == '/') {
    folder = fs::path(home) / ".cache/sandgauge";
  } else {
    return fail("no place for a cache: set XDG_CACHE_HOME or HOME");
  }
  std::error_code error;
  fs::create_directories(folder / "kernels", error);
  if (error) return fail("cannot make the cache {}: {}", folder.string(), error.message());
  return KernelCache(folder.string());
}

std::string KernelCache::place_of(const std::string& name) const { return folder_ + "/kernels/" + file_name(name); }

std::optional<Kernel> KernelCache::find(const std::string& name) const { return read_kernel(place_of(name)); }

std::vector<Kernel> KernelCache::list() const {
  std::vector<Kernel> kernels;
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder_ + "/kernels", error); !error && entry != fs::directory_iterator();
       entry.increment(error))
    if (const auto kernel = read_kernel(entry->path()); kernel && place_of(kernel->name) == entry->path())
      kernels.push_back(*kernel);
  std::ranges::sort(kernels, {}, &Kernel::name);
  return kernels;
}

Result<std::string> KernelCache::new_folder(const std::string& name) const {
  const std::string path = place_of(name) + ".new";
  std::error_code error;
  fs::remove_all(path, error);
  fs::create_directories(path, error);
  if (error) return fail("cannot make {}: {}", path, error.message());
  return path;
}

Result<Kernel> KernelCache::adopt(const std::string& new_folder, Kernel kernel) const {
  const nlohmann::json about{{"name", kernel.name}, {"package", kernel.package}, {"version", kernel.version}};
  std::ofstream file(new_folder + "/about.json");
  file << about.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  file.close();
  if (!file) return fail("cannot write {}/about.json", new_folder);
  std::error_code error;
  fs::remove_all(place_of(kernel.name), error);
  fs::rename(new_folder, place_of(kernel.name), error);
  if (error) return fail("cannot rename {}: {}", new_folder, error.message());
  const auto adopted = find(kernel.name);
  if (!adopted) return fail("{} holds no kernel", place_of(kernel.name));
  return *adopted;
}

Result<UniqueFd> KernelCache::lock() const {
  UniqueFd fd(::open((folder_ + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!fd) return fail("cannot lock {}: {}", folder_, errno_text(errno));
  while (::flock(fd.get(), LOCK_EX) != 0)
    if (errno != EINTR) return fail("cannot lock {}: {}", folder_, errno_text(errno));
  return fd;
}

Result<void> KernelCache::check_space(unsigned long mib) const {
  std::error_code error;
  const auto space = fs::space(folder_, error);
  if (error) return fail("cannot find out how much space {} has: {}", folder_, error.message());
  if (space.available >> 20 < mib)
    return fail("no space in the cache {}: {} MiB are needed, {} are left", folder_, mib, space.available >> 20);
  return {};
}

Result<std::string> KernelCache::keep_console(const std::string& name, const std::string& log) const {
  std::error_code error;
  fs::create_directories(folder_ + "/console", error);
  const std::string path = folder_ + "/console/" + file_name(name) + ".log";
  std::ofstream file(path);
  file << log;
  file.close();
  if (!file) return fail("cannot write {}", path);
  return path;
}

}  // namespace sandgauge
