#include "app/bundle.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "policy/format.h"
#include "policy/yaml_reader.h"
#include "report/output.h"

namespace sandgauge {
namespace {

namespace fs = std::filesystem;
using BundleJson = nlohmann::ordered_json;

BundleJson bind_mount(const std::string& path, bool writable) {
  return {{"destination", path}, {"type", "bind"}, {"source", path}, {"options", {"rbind", writable ? "rw" : "ro"}}};
}

/// The machine's own folders; links at the top are made in the root itself.
Result<BundleJson> mounts_of_machine(const fs::path& root) {
  BundleJson mounts = BundleJson::array();
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/", error)) {
    const fs::path& path = entry.path();
    std::error_code ignored;
    if (entry.is_symlink(ignored)) {
      fs::copy_symlink(path, root / path.filename(), ignored);
    } else if (entry.is_directory(ignored) && path != "/proc" && path != "/sys" && path != "/lost+found") {
      mounts.push_back(bind_mount(path.string(), path == "/dev"));
    }
  }
  if (error) return fail("/: {}", error.message());
  mounts.push_back({{"destination", "/proc"}, {"type", "proc"}, {"source", "proc"}});
  return mounts;
}

/// Docker resolves these itself; a runtime passes over them without a word.
bool is_dockers(const BundleJson& profile) {
  if (profile.contains("archMap")) return true;
  const auto rules = profile.find("syscalls");
  return rules != profile.end() && rules->is_array() && std::ranges::any_of(*rules, [](const BundleJson& rule) {
           return rule.contains("name") || rule.contains("includes") || rule.contains("excludes");
         });
}

}  // namespace

Result<std::string> seccomp_of(const Case& test) {
  if (!test.oci_profile.empty()) {
    const auto text = read_text(test.oci_profile);
    if (!text) return fail(text.error());
    const BundleJson profile = BundleJson::parse(*text, nullptr, false);
    if (!profile.is_object()) return fail("{}: expected a JSON object", test.oci_profile);
    if (!is_dockers(profile)) return profile.dump(-1, ' ', false, BundleJson::error_handler_t::replace);
  }
  const auto written = write_profile(test.policy, ProfileFormat::oci);
  if (!written) return fail(written.error());
  // Runtimes have an answer of their own for other architectures; the program makes no such calls.
  for (const std::string& lost : written->lost)
    if (!lost.starts_with("foreign: ")) return fail("a container runtime's profile cannot say: {}", lost);
  return written->text;
}

Result<void> make_bundle(const std::string& folder, const ExecuteRequest& request, const std::string& seccomp) {
  const fs::path root = fs::path(folder) / "rootfs";
  std::error_code error;
  fs::create_directory(root, error);
  if (error) return fail("{}: {}", root.string(), error.message());
  auto mounts = mounts_of_machine(root);
  if (!mounts) return fail(mounts.error());
  if (request.working_directory != "/") mounts->push_back(bind_mount(request.working_directory, true));
  const std::uint64_t core = request.core_unlimited ? std::numeric_limits<std::uint64_t>::max() : 0;
  const BundleJson config = {
      {"ociVersion", "1.0.2"},
      {"process",
       {{"terminal", false},
        {"user", {{"uid", ::geteuid()}, {"gid", ::getegid()}}},
        {"args", request.program},
        {"env", request.environment},
        {"cwd", request.working_directory},
        {"capabilities", BundleJson::object()},
        {"rlimits", {{{"type", "RLIMIT_CORE"}, {"hard", core}, {"soft", core}}}},
        {"noNewPrivileges", true}}},
      {"root", {{"path", "rootfs"}, {"readonly", false}}},
      {"mounts", *std::move(mounts)},
      {"linux", {{"namespaces", {{{"type", "mount"}}}}, {"seccomp", BundleJson::parse(seccomp, nullptr, false)}}}};
  return write_report((fs::path(folder) / "config.json").string(),
                      config.dump(2, ' ', false, BundleJson::error_handler_t::replace));
}

}  // namespace sandgauge
