#include "confine/apparmor.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/errno_text.h"

namespace sandgauge {
namespace {

constexpr char kFeatures[] = "/sys/kernel/security/apparmor/features";
constexpr char kRemove[] = "/sys/kernel/security/apparmor/.remove";

std::string last_line_of(int fd) {
  char bytes[4096];
  const ssize_t length = ::pread(fd, bytes, sizeof bytes, 0);
  std::string text(bytes, length > 0 ? static_cast<std::size_t>(length) : 0);
  while (text.ends_with('\n')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

/// Runs the parser with the profile on its standard input. If it outlives this process the keeper waits for it too, or it
/// would load what has been removed already.
Result<void> parse(const std::string& parser, const std::string& profile, const Keeper& keeper) {
  const UniqueFd in(::memfd_create("profile", MFD_CLOEXEC));
  const UniqueFd out(::memfd_create("messages", MFD_CLOEXEC));
  if (!in || !out || ::write(in.get(), profile.data(), profile.size()) != static_cast<ssize_t>(profile.size()) ||
      ::lseek(in.get(), 0, SEEK_SET) != 0)
    return fail("memfd_create: {}", errno_text(errno));
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out.get(), STDERR_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, keeper.life(), keeper.life());  // takes its close-on-exec flag away
  // What a profile mediates is what the policy's features say. The default is that of an old kernel, without networks; with
  // them it takes twenty times as long.
  const bool networks = profile.find("network") != std::string::npos;
  const char* const words[] = {parser.c_str(),
                               "--add",
                               "--skip-cache",
                               "--skip-read-cache",
                               networks ? "--policy-features" : nullptr,
                               networks ? kFeatures : nullptr,
                               nullptr};
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, parser.c_str(), &actions, nullptr, const_cast<char**>(words), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail("{}: {}", parser, errno_text(error));
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail("apparmor_parser: {}", last_line_of(out.get()));
}

}  // namespace

std::string apparmor_obstacle() {
  std::ifstream file("/sys/module/apparmor/parameters/enabled");
  std::string enabled;
  if (!std::getline(file, enabled)) return "this kernel has no AppArmor";
  if (enabled != "Y") return "AppArmor is not enabled at boot (lsm=)";
  if (::access("/sys/kernel/security/apparmor", F_OK) != 0) return "securityfs is not mounted";
  return {};
}

Result<AppArmorProfile> AppArmorProfile::load(const std::string& parser, const std::string& rules) {
  if (const std::string obstacle = apparmor_obstacle(); !obstacle.empty()) return fail("{}", obstacle);
  std::uint64_t random = 0;
  static_cast<void>(::getrandom(&random, sizeof random, 0));
  AppArmorProfile profile;
  profile.name_ = fmt::format("sandgauge-{:016x}", random);
  profile.request_ = "changeprofile " + profile.name_;
  // Before the profile is there, so that it is never without a keeper.
  auto keeper = Keeper::start(kRemove, profile.name_);
  if (!keeper) return fail(keeper.error());
  profile.keeper_ = std::move(*keeper);
  const std::string text = fmt::format("profile {} flags=(attach_disconnected) {{\n{}\n}}\n", profile.name_, rules);
  if (auto parsed = parse(parser, text, profile.keeper_); !parsed) return fail(parsed.error());
  return profile;
}

AppArmorProfile::AppArmorProfile(AppArmorProfile&& other) noexcept = default;
AppArmorProfile& AppArmorProfile::operator=(AppArmorProfile&& other) noexcept = default;
AppArmorProfile::~AppArmorProfile() { remove(); }

void AppArmorProfile::remove() {
  if (!keeper_.is_there()) return;
  write_to(kRemove, name_);
  keeper_.dismiss();
}

ConfineResult AppArmorProfile::apply() const noexcept {
  // /proc/self/attr/apparmor is there since Linux 5.8; the other belongs to the first of the security modules.
  if (write_to("/proc/self/attr/apparmor/current", request_)) return {};
  if (errno == ENOENT && write_to("/proc/self/attr/current", request_)) return {};
  return {"aa_change_profile", errno, -1};
}

}  // namespace sandgauge
