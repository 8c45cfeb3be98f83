#include "lab/image.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "base/errno_text.h"
#include "lab/elf.h"
#include "lab/file.h"

namespace sandgauge {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = std::size_t{256} * 1024 * 1024;

/// The same path, with links among its folders resolved: /lib/x/y.so is /usr/lib/x/y.so on a merged system. A program that
/// is looked for at the first path is found, since the links of the root folder are taken along.
std::string place_of(const std::string& path) {
  std::error_code ignored;
  const fs::path parent = fs::weakly_canonical(fs::path(path).parent_path(), ignored);
  return ignored ? path : (parent / fs::path(path).filename()).string();
}

}  // namespace

ImageBuilder::ImageBuilder(const Interrupts& interrupts) : interrupts_(interrupts) {
  for (const char* name : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    std::error_code none;
    const fs::path target = fs::read_symlink(name, none);
    if (none) continue;
    archive_.add_folder((fs::path("/") / target).string());
    archive_.add_link(name, target.string());
  }
  for (const char* name : {"/dev", "/proc", "/sys", "/run", "/root", "/etc", "/var", "/lab"}) archive_.add_folder(name);
  for (const char* name : {"/tmp", "/var/tmp"}) archive_.add_folder(name, 01777);
  // Until devtmpfs is mounted, the kernel opens this for init's own messages.
  archive_.add_device("/dev/console", 0600, 5, 1);
  archive_.add_device("/dev/null", 0666, 1, 3);
  archive_.add_file("/etc/passwd", 0644,
                    "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n");
  archive_.add_file("/etc/group", 0644, "root:x:0:\nnogroup:x:65534:\n");
  archive_.add_file("/etc/shadow", 0640, "root:*:19000:0:99999:7:::\nnobody:*:19000:0:99999:7:::\n");
  archive_.add_file("/etc/hosts", 0644, "127.0.0.1 localhost guest\n");
  archive_.add_file("/etc/nsswitch.conf", 0644, "passwd: files\ngroup: files\nhosts: files\n");
  if (const auto cache = read_file("/etc/ld.so.cache", kMostBytes)) archive_.add_file("/etc/ld.so.cache", 0644, *cache);
}

Result<void> ImageBuilder::add_file(const std::string& from, const std::string& to) {
  const std::string place = place_of(to);
  if (archive_.contains(place)) return {};
  struct stat status {};
  if (::stat(from.c_str(), &status) != 0) return fail("cannot read {}: {}", from, errno_text(errno));
  if (!S_ISREG(status.st_mode)) return fail("cannot take {} along: it is no regular file", from);
  bytes_ += static_cast<std::size_t>(status.st_size);
  if (bytes_ > kMostBytes)
    return fail("{}: too much to take along: the files for the guest are more than {} MiB", from, kMostBytes >> 20);
  const auto content = read_file(from, kMostBytes);
  if (!content) return fail(content.error());
  archive_.add_file(place, status.st_mode & 07777, *content);
  return (status.st_mode & 0111) != 0 ? add_libraries(from) : Result<void>{};
}

Result<void> ImageBuilder::add_libraries(const std::string& program) {
  const auto libraries = libraries_of(program, interrupts_);
  if (!libraries) return fail(libraries.error());
  for (const std::string& library : *libraries)
    if (auto added = add_file(library, library); !added) return added;
  return {};
}

Result<void> ImageBuilder::add_tree(const std::string& from, const std::string& to) {
  constexpr int kMostFiles = 20'000;
  std::error_code error;
  if (!fs::is_directory(from, error)) return add_file(from, to);
  archive_.add_folder(place_of(to));
  int files = 0;
  for (auto entry = fs::recursive_directory_iterator(from, error); !error && entry != fs::recursive_directory_iterator();
       entry.increment(error)) {
    if (++files > kMostFiles) return fail("{}: too much to take along: more than {} files", from, kMostFiles);
    const std::string place = place_of(to) + "/" + entry->path().lexically_relative(from).string();
    const fs::file_type type = entry->symlink_status(error).type();
    if (type == fs::file_type::directory) archive_.add_folder(place);
    if (type == fs::file_type::symlink) archive_.add_link(place, fs::read_symlink(entry->path(), error).string());
    if (type == fs::file_type::regular)
      if (auto added = add_file(entry->path(), place); !added) return added;
  }
  if (error) return fail("cannot read {}: {}", from, error.message());
  return {};
}

void ImageBuilder::set_plan(const GuestPlan& plan) {
  std::string text;
  const auto record = [&text](char type, const std::string& value) { text += type + value + '\0'; };
  for (const std::string& word : plan.words) record('A', word);
  for (const auto& [name, value] : plan.environment) record('E', name + "=" + value);
  for (const std::string& file : plan.files) record('F', file);
  record('D', plan.folder);
  if (plan.quiet) record('Q', "");
  archive_.add_folder(place_of(plan.folder));
  archive_.add_file("/lab/plan", 0644, text);
}

Result<std::string> ImageBuilder::finish() && { return std::move(archive_).finish(); }

}  // namespace sandgauge
