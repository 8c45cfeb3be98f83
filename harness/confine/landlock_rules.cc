#include "confine/landlock_rules.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <set>
#include <utility>

#include "base/errno_text.h"

namespace sandgauge {
namespace {

namespace fs = std::filesystem;

/// struct landlock_ruleset_attr and landlock_net_port_attr as of ABI 4.
struct RulesetWords {
  std::uint64_t fs = 0;
  std::uint64_t net = 0;
};
struct PortWords {
  std::uint64_t allowed = 0;
  std::uint64_t port = 0;
};
constexpr int kRuleNetPort = 2;  // LANDLOCK_RULE_NET_PORT

std::uint64_t rights_of_files(std::uint64_t rights) {
  std::uint64_t kept = 0;
  for (const LandlockRightName& right : kLandlockRightNames)
    if (right.of_files) kept |= rights & right.fs;
  return kept;
}

/// What a rule is about: it holds for the file itself, whatever path leads to it.
using FileId = std::pair<dev_t, ino_t>;

/// What vanishes meanwhile, as in /proc, needs no grant. What is one of `denied` under another name, by a hard link or a
/// bind mount, gets none.
Result<void> grant_path(int ruleset, const fs::path& path, std::uint64_t rights, const std::set<FileId>& denied) {
  const UniqueFd fd(::open(path.c_str(), O_PATH | O_CLOEXEC | O_NOFOLLOW));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) return {};
  if (S_ISLNK(status.st_mode) || denied.contains({status.st_dev, status.st_ino})) return {};
  landlock_path_beneath_attr beneath{};
  beneath.allowed_access = S_ISDIR(status.st_mode) ? rights : rights_of_files(rights);
  beneath.parent_fd = fd.get();
  if (beneath.allowed_access == 0) return {};
  if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0 && errno != EBADFD)
    return fail("landlock_add_rule of {}: {}", path.string(), errno_text(errno));
  return {};
}

Result<void> grant_all_but(int ruleset, const fs::path& path, std::uint64_t rights) {
  std::set<FileId> denied;
  for (fs::path at = path; at != at.root_path(); at = at.parent_path()) {
    struct stat status {};
    if (::stat(at.c_str(), &status) != 0) return fail("{}: {}", at.string(), errno_text(errno));
    denied.insert({status.st_dev, status.st_ino});
  }
  for (fs::path at = path; at != at.root_path(); at = at.parent_path()) {
    std::error_code error;
    for (auto entry = fs::directory_iterator(at.parent_path(), error); !error && entry != fs::directory_iterator();
         entry.increment(error)) {
      if (auto granted = grant_path(ruleset, entry->path(), rights, denied); !granted) return granted;
    }
    if (error) return fail("{}: {}", at.parent_path().string(), error.message());
  }
  return {};
}

}  // namespace

int landlock_abi() {
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return abi > 0 ? static_cast<int>(abi) : 0;
}

Result<LandlockDenial> LandlockDenial::make(const LandlockRules& rules, int abi) {
  if (abi < 1) return fail("this kernel has no Landlock, or it is disabled");
  RulesetWords words;
  for (const std::string& name : rules.deny) {
    const LandlockRightName* const right = find_landlock_right(name);
    if (right == nullptr) return fail("Landlock has no right '{}'", name);
    if (right->abi > abi) return fail("Landlock has {} since ABI {}, and this kernel has ABI {}", name, right->abi, abi);
    words.fs |= right->fs;
    words.net |= right->net;
  }
  const std::size_t size = words.net != 0 ? sizeof words : sizeof words.fs;
  UniqueFd ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &words, size, 0)));
  if (!ruleset) return fail("landlock_create_ruleset: {}", errno_text(errno));
  if (words.fs != 0 && !rules.below.empty())
    if (auto granted = grant_all_but(ruleset.get(), rules.below, words.fs); !granted) return fail(granted.error());
  for (const std::string& text : rules.ports) {
    PortWords port{.allowed = words.net};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port.port);
    if (error != std::errc() || end != text.data() + text.size()) return fail("'{}' is no port", text);
    if (::syscall(SYS_landlock_add_rule, ruleset.get(), kRuleNetPort, &port, 0) != 0)
      return fail("landlock_add_rule of port {}: {}", text, errno_text(errno));
  }
  return LandlockDenial(std::move(ruleset));
}

ConfineResult LandlockDenial::apply() const noexcept {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return {"prctl(PR_SET_NO_NEW_PRIVS)", errno, -1};
  if (::syscall(SYS_landlock_restrict_self, ruleset_.get(), 0) != 0) return {"landlock_restrict_self", errno, -1};
  return {};
}

}  // namespace sandgauge
