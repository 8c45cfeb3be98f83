#include "confine/landlock.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

namespace sandgauge::landlock_test {
namespace {

bool kernel_has_landlock() {
  return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

/// What apply() says in a child of its own: 0, 1 for success without access to files, 2 for restrict_self, 3 for another
/// step.
int applied(int layers) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    const ConfineResult result = LandlockLayers(layers).apply();
    if (result.failed_step != nullptr) ::_exit(std::strcmp(result.failed_step, "landlock_restrict_self") == 0 ? 2 : 3);
    ::_exit(::open("/", O_RDONLY | O_CLOEXEC) >= 0 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WEXITSTATUS(status);
}

TEST(LandlockTest, SixteenLayersForbidNothing) {
  if (!kernel_has_landlock()) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(applied(1), 0);
  EXPECT_EQ(applied(16), 0);
}

TEST(LandlockTest, TheSeventeenthLayerIsRefused) {
  if (!kernel_has_landlock()) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(applied(17), 2);
}

}  // namespace
}  // namespace sandgauge::landlock_test
