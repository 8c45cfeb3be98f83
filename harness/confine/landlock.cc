#include "confine/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace sandgauge {
namespace {

/// The rights of ABI 1: LANDLOCK_ACCESS_FS_EXECUTE up to LANDLOCK_ACCESS_FS_MAKE_SYM.
constexpr __u64 kRights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

ConfineResult add_layer(int root) {
  const landlock_ruleset_attr attributes{.handled_access_fs = kRights};
  const long ruleset = ::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
  if (ruleset < 0) return {"landlock_create_ruleset", errno, -1};
  landlock_path_beneath_attr beneath{};
  beneath.allowed_access = kRights;
  beneath.parent_fd = root;
  ConfineResult result;
  if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0)
    result = {"landlock_add_rule", errno, -1};
  else if (::syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
    result = {"landlock_restrict_self", errno, -1};
  ::close(static_cast<int>(ruleset));
  return result;
}

}  // namespace

ConfineResult LandlockLayers::apply() const noexcept {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return {"prctl(PR_SET_NO_NEW_PRIVS)", errno, -1};
  const int root = ::open("/", O_PATH | O_CLOEXEC);
  if (root < 0) return {"open", errno, -1};
  ConfineResult result;
  for (int layer = 0; layer < layers_ && result.failed_step == nullptr; ++layer) result = add_layer(root);
  ::close(root);
  return result;
}

}  // namespace sandgauge
