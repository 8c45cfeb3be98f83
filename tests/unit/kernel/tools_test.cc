#include "kernel/tools.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <functional>

#include "base/shared_slot.h"
#include "kernel/filter_call.h"
#include "kernel/trial.h"

namespace sandgauge::tools_test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Text {
  char text[256];
};

/// What is said of the tools in a process that has done something to itself.
std::string broken_after(const std::function<void()>& harm) {
  const auto shared = SharedSlot<Text>::make();
  if (!shared) return "no shared memory";
  const pid_t pid = ::fork();
  if (pid == 0) {
    harm();
    std::strncpy((*shared)->text, find_broken_tool().c_str(), sizeof(Text::text) - 1);
    ::_exit(0);
  }
  wait_for(pid);
  return (*shared)->text;
}

std::string broken_under(std::uint32_t number, std::uint32_t action) {
  return broken_after([=] { load_filter(answer(number, action)); });
}

TEST(ToolsTest, AllWorkHere) { EXPECT_EQ(find_broken_tool(), ""); }

TEST(ToolsTest, NamesTheOneThatAFilterDeniesAndItsErrno) {
  EXPECT_THAT(broken_under(SYS_getppid, SECCOMP_RET_ERRNO | EPERM), StartsWith("getppid(2) does not work here"));
  EXPECT_EQ(broken_under(SYS_fcntl, SECCOMP_RET_ERRNO | EPERM), "fcntl(2) does not work here: EPERM");
  EXPECT_EQ(broken_under(SYS_kill, SECCOMP_RET_ERRNO | ENOSYS), "kill(2) does not work here: ENOSYS");
  EXPECT_EQ(broken_under(SYS_wait4, SECCOMP_RET_ERRNO | EPERM), "wait4(2) does not work here: EPERM");
}

TEST(ToolsTest, IsNotFooledByACallThatOnlySeemsToSucceed) {
  for (const std::uint32_t number : {SYS_kill, SYS_tgkill, SYS_wait4, SYS_fcntl, SYS_getppid})
    EXPECT_THAT(broken_under(number, SECCOMP_RET_ERRNO), HasSubstr("it does not do what it should")) << number;
}

TEST(ToolsTest, LooksOnlyAtThoseThatAreAskedFor) {
  const auto shared = SharedSlot<Text>::make();
  ASSERT_TRUE(shared);
  const pid_t pid = ::fork();
  if (pid == 0) {
    load_filter(answer(SYS_getppid, SECCOMP_RET_ERRNO | EPERM));
    std::strncpy((*shared)->text, find_broken_tool({"kill(2)", "poll(2)"}).c_str(), sizeof(Text::text) - 1);
    ::_exit(find_broken_tool({"getppid(2)"}).empty() ? 1 : 0);
  }
  EXPECT_EQ(wait_for(pid), 0);
  EXPECT_STREQ((*shared)->text, "");
}

TEST(ToolsTest, NamesTheOneThatKillsItsCaller) {
  EXPECT_THAT(broken_under(SYS_getpgid, SECCOMP_RET_KILL_PROCESS), StartsWith("getpgid(2) does not work here: "));
}

TEST(ToolsTest, NamesALimitThatIsTooLow) {
  const std::string said = broken_after([] {
    const rlimit few{16, 16};
    ::setrlimit(RLIMIT_NOFILE, &few);
  });
  EXPECT_EQ(said, "having 128 files open (RLIMIT_NOFILE) does not work here: EMFILE");
}

}  // namespace
}  // namespace sandgauge::tools_test
