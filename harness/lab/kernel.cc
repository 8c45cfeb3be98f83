#include "lab/kernel.h"

#include <filesystem>

#include "base/shown.h"
#include "lab/debian.h"
#include "lab/file.h"
#include "lab/package.h"

namespace sandgauge {
namespace {

namespace fs = std::filesystem;

Result<Kernel> unpack(const KernelName& name, const TempDir& scratch, const Interrupts& interrupts) {
  std::error_code error;
  const fs::path folder = fs::path(scratch.path()) / "kernel";
  fs::create_directories(folder, error);
  fs::copy_file(name.text, folder / "kernel.deb", fs::copy_options::overwrite_existing, error);
  if (error) return fail("cannot read {}: {}", name.text, error.message());
  if (auto unpacked = unpack_kernel(folder.string(), interrupts); !unpacked)
    return fail("{}: {}", name.text, unpacked.error().message);
  return Kernel{.name = name.text, .image = (folder / "vmlinuz").string(), .config = {}, .package = {}, .version = {}};
}

}  // namespace

Result<KernelName> parse_kernel_name(std::string_view text) {
  constexpr std::string_view kDebian = "debian:";
  if (text.empty()) return fail("expected debian:VERSION, a .deb file or a kernel image, found nothing");
  if (!text.starts_with(kDebian))
    return KernelName{.kind = text.ends_with(".deb") ? KernelName::Kind::package : KernelName::Kind::image,
                      .text = std::string(text),
                      .version = {}};
  const std::string_view version = text.substr(kDebian.size());
  const bool is_number = !version.empty() && version[0] >= '0' && version[0] <= '9' &&
                         version.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz.+~-") == std::string_view::npos;
  if (!is_number && version != "newest")
    return fail("expected a version such as debian:6.1, or debian:newest, found {}", shown(text));
  return KernelName{.kind = KernelName::Kind::debian, .text = std::string(text), .version = std::string(version)};
}

Result<void> check_image(const std::string& path) {
  constexpr std::size_t kMagicAt = 0x202;
  constexpr std::string_view kMagic = "HdrS";
  const auto head = read_file(path, kMagicAt + kMagic.size());
  if (!head) return fail(head.error());
  if (head->size() < kMagicAt + kMagic.size() || head->substr(kMagicAt) != kMagic)
    return fail("{} is no kernel for x86: expected a bzImage, such as /boot/vmlinuz", path);
  return {};
}

Result<Kernel> find_kernel(const KernelName& name, const TempDir& scratch, const Interrupts& interrupts,
                           const std::function<void(const std::string&)>& say) {
  if (name.kind == KernelName::Kind::package) return unpack(name, scratch, interrupts);
  if (name.kind == KernelName::Kind::image) {
    if (auto checked = check_image(name.text); !checked) return fail(checked.error());
    return Kernel{.name = name.text, .image = name.text, .config = {}, .package = {}, .version = {}};
  }
  const auto cache = KernelCache::open();
  if (!cache) return fail(cache.error());
  if (auto kernel = cache->find(name.text)) return *kernel;
  say(fmt::format("fetching {} from Debian", name.text));
  return fetch_debian(*cache, name.version, interrupts);
}

}  // namespace sandgauge
