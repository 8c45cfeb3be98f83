#include "lab/debian.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/shown.h"
#include "lab/package.h"
#include "lab/tool.h"

namespace sandgauge {
namespace {

namespace fs = std::filesystem;

// The lists with apt's index of them; and a kernel's packages, unpacked.
constexpr unsigned long kListsMib = 300;
constexpr unsigned long kKernelMib = 300;

constexpr char kMetaPackage[] = "linux-image-cloud-amd64";  // depends on the newest kernel of its release
/// Aliases, so that a new release of Debian changes nothing here. One that the mirror lacks is passed over.
constexpr const char* kReleases[] = {"oldoldstable", "oldstable", "stable", "testing", "sid", "experimental"};

struct Mirror {
  std::string uri = "http://deb.debian.org/debian";
  std::string keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
};

/// The first of the system's own sources that looks like Debian's main archive.
Mirror system_mirror(const Interrupts& interrupts) {
  Mirror mirror;
  const auto listed =
      run_tool({"apt-get", "indextargets", "--format", "$(REPO_URI) $(SIGNED_BY)", "Created-By: Packages"}, {}, interrupts);
  std::istringstream lines(listed ? listed->out : "");
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string uri;
    std::string keyring;
    words >> uri >> keyring;
    while (uri.ends_with('/')) uri.pop_back();
    if (!uri.ends_with("/debian") || uri.find("security") != std::string::npos) continue;
    mirror.uri = uri;
    if (keyring.starts_with('/')) mirror.keyring = keyring;
    break;
  }
  return mirror;
}

/// apt reads no file of the system's but what is copied here: how to fetch, that is its proxy and the like.
Result<void> configure(const KernelCache& cache, const Interrupts& interrupts) {
  const std::string folder = cache.folder() + "/apt";
  std::error_code error;
  for (const char* part : {"/lists/partial", "/archives/partial"}) fs::create_directories(folder + part, error);
  if (error) return fail("cannot make {}: {}", folder, error.message());
  const auto acquire = run_tool({"apt-config", "dump", "Acquire"}, {}, interrupts);
  if (!acquire)
    return fail("{}; kernels named debian:... come from Debian's packages, through apt", acquire.error().message);
  const Mirror mirror = system_mirror(interrupts);
  std::ofstream sources(folder + "/sources.list");
  for (const char* release : kReleases)
    sources << "deb [signed-by=" << mirror.keyring << "] " << mirror.uri << ' ' << release << " main\n";
  sources.close();
  std::ofstream configuration(folder + "/apt.conf");
  configuration << acquire->out << "Acquire::Languages \"none\";\nAcquire::Retries \"2\";\nAcquire::http::Timeout \"30\";\n"
                << "APT::Architecture \"amd64\";\n#clear APT::Architectures;\nAPT::Architectures { \"amd64\"; };\n"
                << "APT::Sandbox::User \"\";\nAPT::Default-Release \"\";\nAPT::Get::List-Cleanup \"true\";\n"
                << "Dir::Etc::main \"/dev/null\";\nDir::Etc::parts \"/dev/null\";\nDir::Etc::preferences \"/dev/null\";\n"
                << "Dir::Etc::preferencesparts \"/dev/null\";\nDir::Etc::sourceparts \"/dev/null\";\n"
                << "Dir::Etc::sourcelist \"" << folder << "/sources.list\";\nDir::State::lists \"" << folder << "/lists\";\n"
                << "Dir::State::status \"/dev/null\";\nDir::State::extended_states \"" << folder << "/extended_states\";\n"
                << "Dir::Cache \"" << folder << "\";\nDir::Cache::archives \"" << folder << "/archives\";\n"
                << "Dir::Cache::srcpkgcache \"\";\nDir::Log \"/dev/null\";\n";
  configuration.close();
  if (!sources || !configuration) return fail("cannot write into {}", folder);
  return {};
}

Result<ToolRun> apt(const KernelCache& cache, std::vector<std::string> words, const Interrupts& interrupts,
                    const std::string& folder = {}) {
  const ToolOptions options{.folder = folder, .environment = {"APT_CONFIG=" + cache.folder() + "/apt/apt.conf", "LC_ALL=C"}};
  return run_tool(words, options, interrupts);
}

Result<std::vector<DebianKernel>> known_kernels(const KernelCache& cache, const Interrupts& interrupts) {
  const auto found = apt(cache, {"apt-cache", "madison", kMetaPackage}, interrupts);
  if (!found) return fail(found.error());
  return parse_madison(found->out);
}

/// A field of a package, as apt knows it.
Result<std::string> field_of(const KernelCache& cache, const std::string& package, const std::string& version,
                             std::string_view field, const Interrupts& interrupts) {
  const auto shown = apt(cache, {"apt-cache", "show", package + "=" + version}, interrupts);
  if (!shown) return fail(shown.error());
  std::istringstream lines(shown->out);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(std::string(field) + ": ")) return line.substr(field.size() + 2);
  return fail("apt knows no {} of {} {}: {}", field, package, version, complaint_of(*shown));
}

/// Downloads the packages that hold a kernel's image and its configuration; from 7.x on these are not the same.
Result<std::string> download(const KernelCache& cache, const std::string& image, const std::string& version,
                             const std::string& folder, const Interrupts& interrupts) {
  const auto depends = field_of(cache, image, version, "Depends", interrupts);
  std::vector<std::string> words{"apt-get", "--quiet=2", "download", image + "=" + version};
  if (depends)
    for (const char* prefix : {"linux-binary-", "linux-base-"})
      for (const std::string& package : depends_on(*depends, prefix)) words.push_back(package + "=" + version);
  const auto got = apt(cache, words, interrupts, folder);
  if (!got) return fail(got.error());
  if (got->exit != 0) return fail("cannot download {}: {}", image, complaint_of(*got));
  return image;
}

}  // namespace

std::vector<DebianKernel> parse_madison(std::string_view text) {
  std::vector<DebianKernel> kernels;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream columns(line);
    std::string package;
    std::string bar;
    DebianKernel kernel;
    if (columns >> package >> bar >> kernel.version && bar == "|" && std::ranges::find(kernels, kernel) == kernels.end())
      kernels.push_back(kernel);
  }
  return kernels;
}

Result<DebianKernel> choose_kernel(const std::vector<DebianKernel>& kernels, const std::string& wanted) {
  std::string there;
  for (const DebianKernel& kernel : kernels) {
    const std::string& version = kernel.version;
    const bool is_release = version.find('~') == std::string::npos;
    const bool fits = version.starts_with(wanted) && wanted.size() < version.size() &&
                      std::string_view(".-+~").find(version[wanted.size()]) != std::string_view::npos;
    if (wanted == "newest" ? is_release : fits || version == wanted) return kernel;
    there += (there.empty() ? "" : ", ") + version;
  }
  return fail("Debian has no kernel {} for clouds; there is: {}", wanted, there.empty() ? "none that apt knows" : there);
}

std::vector<std::string> depends_on(std::string_view depends, std::string_view prefix) {
  std::vector<std::string> packages;
  std::istringstream parts{std::string(depends)};
  for (std::string part; std::getline(parts, part, ',');) {
    part.erase(0, part.find_first_not_of(' '));
    const std::string name = part.substr(0, part.find_first_of(" (|:"));
    // linux-base (>= 4.3) is a package of scripts, and has no number in its name.
    if (name.starts_with(prefix)) packages.push_back(name);
  }
  return packages;
}

Result<void> update_debian(const KernelCache& cache, const Interrupts& interrupts) {
  const auto held = cache.lock();
  if (!held) return fail(held.error());
  if (auto enough = cache.check_space(kListsMib); !enough) return enough;
  if (auto configured = configure(cache, interrupts); !configured) return configured;
  const auto updated = apt(cache, {"apt-get", "--quiet=2", "update"}, interrupts);
  if (!updated) return fail(updated.error());
  // Old releases leave the mirrors: one that is not there fails the update, but the others' lists are good.
  const auto kernels = known_kernels(cache, interrupts);
  if (!kernels) return fail(kernels.error());
  if (kernels->empty()) return fail("apt could not read Debian's package lists: {}", complaint_of(*updated));
  return {};
}

Result<std::vector<DebianKernel>> list_debian(const KernelCache& cache, const Interrupts& interrupts) {
  std::error_code ignored;
  if (fs::exists(cache.folder() + "/apt/apt.conf", ignored)) {
    auto kernels = known_kernels(cache, interrupts);
    if (!kernels || !kernels->empty()) return kernels;
  }
  if (auto updated = update_debian(cache, interrupts); !updated) return fail(updated.error());
  return known_kernels(cache, interrupts);
}

Result<Kernel> fetch_debian(const KernelCache& cache, const std::string& wanted, const Interrupts& interrupts) {
  const auto kernels = list_debian(cache, interrupts);
  if (!kernels) return fail(kernels.error());
  const auto chosen = choose_kernel(*kernels, wanted);
  if (!chosen) return fail(chosen.error());
  const auto depends = field_of(cache, kMetaPackage, chosen->version, "Depends", interrupts);
  if (!depends) return fail(depends.error());
  const auto images = depends_on(*depends, "linux-image-");
  if (images.empty()) return fail("{} {} depends on no kernel: {}", kMetaPackage, chosen->version, shown(*depends));

  const auto held = cache.lock();
  if (!held) return fail(held.error());
  if (auto enough = cache.check_space(kKernelMib); !enough) return fail(enough.error());
  const std::string name = "debian:" + wanted;
  const auto folder = cache.new_folder(name);
  if (!folder) return fail(folder.error());
  auto kernel = [&]() -> Result<Kernel> {
    const auto package = download(cache, images[0], chosen->version, *folder, interrupts);
    if (!package) return fail(package.error());
    if (auto unpacked = unpack_kernel(*folder, interrupts); !unpacked) return fail(unpacked.error());
    return cache.adopt(*folder, {.name = name, .image = {}, .config = {}, .package = *package, .version = chosen->version});
  }();
  std::error_code ignored;
  fs::remove_all(*folder, ignored);
  return kernel;
}

}  // namespace sandgauge
