#include "observe/follow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "model/syscalls.h"

namespace sandgauge::follow_test {
namespace {

using testing::HasSubstr;

/// A filter with one answer for every call.
class OneAnswer : public Confinement {
 public:
  explicit OneAnswer(std::uint32_t answer) : instruction_(BPF_STMT(BPF_RET | BPF_K, answer)) {}
  ConfineResult apply() const noexcept override {
    const sock_fprog program{1, const_cast<sock_filter*>(&instruction_)};
    const unsigned flags = instruction_.k == SECCOMP_RET_USER_NOTIF ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return {"prctl", errno, -1};
    const long result = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    if (result < 0) return {"seccomp", errno, -1};
    return {nullptr, 0, flags != 0 ? static_cast<int>(result) : -1};
  }

 private:
  sock_filter instruction_;
};

FollowRequest shell(const std::string& script, FollowBy by = FollowBy::ptrace, const Confinement* confinement = nullptr) {
  return {
      .by = by, .path = "/bin/sh", .words = {"sh", "-c", script}, .environment = {"PATH=/bin"}, .confinement = confinement};
}

const ObservedCall* find(const Observation& seen, std::string_view name) {
  const auto number = syscall_number(native_abi(), name);
  const auto found = std::ranges::find_if(
      seen.calls, [&](const ObservedCall& call) { return call.abi == native_abi() && call.number == number; });
  return found == seen.calls.end() ? nullptr : &*found;
}

TEST(FollowTest, SeesTheProgramFromItsExecveToItsEnd) {
  const auto followed = follow(shell("cd /nonexistent 2>/dev/null; exit 3"));
  ASSERT_TRUE(followed) << followed.error().message;
  ASSERT_FALSE(followed->seen.calls.empty());
  EXPECT_EQ(followed->seen.calls[0].number, syscall_number(native_abi(), "execve"));
  ASSERT_NE(find(followed->seen, "chdir"), nullptr);
  EXPECT_EQ(find(followed->seen, "chdir")->errors, 1U);
  EXPECT_EQ(find(followed->seen, "exit_group")->count, 1U);
  EXPECT_TRUE(followed->seen.errors_known);
  EXPECT_EQ(followed->end.exit_code, 3);
  EXPECT_EQ(followed->processes, 1U);
}

TEST(FollowTest, SeesChildrenAlsoThoseThatAreLeftBehind) {
  const auto followed = follow(shell("/bin/mkdir /proc/x 2>/dev/null; (umask 022; /bin/true) & exit 0"));
  ASSERT_TRUE(followed) << followed.error().message;
  EXPECT_EQ(find(followed->seen, "execve")->count, 3U);
  EXPECT_NE(find(followed->seen, "umask"), nullptr);
  EXPECT_GE(followed->processes, 3U);
}

TEST(FollowTest, AListenerSeesTheSameCallsAsTheTracer) {
  const OneAnswer notify(SECCOMP_RET_USER_NOTIF);
  const auto traced = follow(shell("cd /"));
  const auto notified = follow(shell("cd /", FollowBy::notify, &notify));
  ASSERT_TRUE(traced) << traced.error().message;
  ASSERT_TRUE(notified) << notified.error().message;
  EXPECT_FALSE(notified->seen.errors_known);
  for (const ObservedCall& call : traced->seen.calls) {
    const ObservedCall* same = find(notified->seen, syscall_name(call.abi, call.number));
    ASSERT_NE(same, nullptr) << syscall_name(call.abi, call.number);
    EXPECT_EQ(same->count, call.count) << syscall_name(call.abi, call.number);
  }
  EXPECT_EQ(notified->seen.calls.size(), traced->seen.calls.size());
}

TEST(FollowTest, ReportsADeathBySignal) {
  const auto followed = follow(shell("kill -TERM $$"));
  ASSERT_TRUE(followed) << followed.error().message;
  EXPECT_EQ(followed->end.kind, End::Kind::signaled);
  EXPECT_EQ(followed->end.signal, SIGTERM);
}

TEST(FollowTest, ASignalIsHandedOnAndEndsTheProgramInItsOwnWay) {
  const auto followed = follow(shell("trap 'exit 7' TERM; kill -TERM $PPID; while :; do /bin/sleep 0.01; done"));
  ASSERT_TRUE(followed) << followed.error().message;
  EXPECT_EQ(followed->interrupted_by, "SIGTERM");
  EXPECT_EQ(followed->end.kind, End::Kind::exited);
  EXPECT_EQ(followed->end.exit_code, 7);
}

TEST(FollowTest, ASecondSignalKillsTheTree) {
  const auto followed =
      follow(shell("trap : TERM; kill -TERM $PPID; /bin/sleep 0.01; while :; do kill -TERM $PPID; /bin/sleep 0.01; done"));
  ASSERT_TRUE(followed) << followed.error().message;
  EXPECT_EQ(followed->end.kind, End::Kind::interrupted);
  EXPECT_NE(find(followed->seen, "kill"), nullptr);
}

TEST(FollowTest, AProgramThatCannotBeRunIsAnError) {
  const auto missing = follow({.path = "/nonexistent", .words = {"x"}, .environment = {}});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "/nonexistent: execve: ENOENT (No such file or directory)");
}

TEST(FollowTest, CallsBeforeTheSheetSaysSoDoNotCount) {
  PreloadSheet sheet{};
  FollowRequest request = shell("exit 0");
  request.sheet = &sheet;
  const auto untouched = follow(request);
  ASSERT_TRUE(untouched) << untouched.error().message;
  EXPECT_TRUE(untouched->seen.calls.empty());
  sheet.stage = static_cast<std::uint32_t>(PreloadStage::loaded);
  const auto loaded = follow(request);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_NE(find(loaded->seen, "exit_group"), nullptr);
}

}  // namespace
}  // namespace sandgauge::follow_test
