#include "confine/seccomp.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <thread>

#include "base/shared_slot.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

namespace sandgauge::seccomp_test {
namespace {

/// Answers one call with an action's return value and allows the rest.
Program answering(long number, std::uint32_t answer) {
  return {{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
           BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1), BPF_STMT(BPF_RET | BPF_K, answer),
           BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
}
Program refusing_uname() { return answering(SYS_uname, SECCOMP_RET_ERRNO | EPERM); }

bool uname_is_refused() { return ::syscall(SYS_uname, nullptr) == -1 && errno == EPERM; }

bool is_applied(const Confinement& confinement) { return confinement.apply().failed_step == nullptr; }

/// The wait status of a child that runs `body` and exits with its value.
template <class Body>
int in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

/// What apply() says in a child of its own, once `prepare` has succeeded there.
template <class Prepare>
ConfineResult applied(const Confinement& confinement, Prepare prepare) {
  auto slot = SharedSlot<ConfineResult>::make();
  EXPECT_TRUE(slot);
  const int status = in_child([&] {
    if (!prepare()) return 1;
    **slot = confinement.apply();
    return 0;
  });
  EXPECT_EQ(status, 0);
  return **slot;
}
ConfineResult applied(const Confinement& confinement) {
  return applied(confinement, [] { return true; });
}

void expect_failure(const ConfineResult& result, const char* step, int error) {
  EXPECT_STREQ(result.failed_step, step);
  EXPECT_EQ(result.error, error);
  EXPECT_EQ(result.listener, -1);
}

TEST(SeccompFlagsTest, EachFlagIsTheKernelsBit) {
  EXPECT_EQ(seccomp_flags({}, false), 0U);
  EXPECT_EQ(seccomp_flags({.log = true}, false), SECCOMP_FILTER_FLAG_LOG);
  EXPECT_EQ(seccomp_flags({.tsync = true}, false), SECCOMP_FILTER_FLAG_TSYNC);
  EXPECT_EQ(seccomp_flags({.spec_allow = true}, false), SECCOMP_FILTER_FLAG_SPEC_ALLOW);
  EXPECT_EQ(seccomp_flags({.wait_killable = true}, false), SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
  EXPECT_EQ(seccomp_flags({}, true), SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

TEST(SeccompFlagsTest, FlagsAreJoined) {
  EXPECT_EQ(seccomp_flags({.log = true, .spec_allow = true, .wait_killable = true}, true),
            SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV |
                SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

TEST(SeccompFlagsTest, AListenerForAllThreadsReportsAFailureByErrno) {
  EXPECT_EQ(seccomp_flags({.tsync = true}, true),
            SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC_ESRCH);
}

TEST(SeccompFilterTest, TheProgramAnswersTheChildsCalls) {
  const SeccompFilter filter(refusing_uname(), {}, false);
  const int status = in_child([&] {
    if (uname_is_refused()) return 1;
    if (!is_applied(filter)) return 2;
    return uname_is_refused() ? 0 : 3;
  });
  EXPECT_EQ(status, 0);
}

TEST(SeccompFilterTest, OneThatIsAppliedSaysSo) {
  const ConfineResult result = applied(SeccompFilter(refusing_uname(), {.log = true, .spec_allow = true}, false));
  EXPECT_EQ(result.failed_step, nullptr);
  EXPECT_EQ(result.error, 0);
  EXPECT_EQ(result.listener, -1);
}

TEST(SeccompFilterTest, NoNewPrivsIsSetAlsoForRoot) {
  const SeccompFilter filter(refusing_uname(), {}, false);
  const int status = in_child([&] {
    (void)filter.apply();
    return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
  });
  EXPECT_EQ(WEXITSTATUS(status), 1);
}

TEST(SeccompFilterTest, AnInvalidProgramNamesTheStep) {
  const Program without_end{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))}};
  expect_failure(applied(SeccompFilter(without_end, {}, false)), "seccomp(SECCOMP_SET_MODE_FILTER)", EINVAL);
  expect_failure(applied(SeccompFilter(Program{}, {}, false)), "seccomp(SECCOMP_SET_MODE_FILTER)", EINVAL);
}

TEST(SeccompFilterTest, AProgramThatIsTooLongIsRefusedNotCut) {
  const sock_filter allow BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  for (const std::size_t length : {kLongestProgram + 1, std::size_t{65536}, std::size_t{65537}})
    expect_failure(applied(SeccompFilter(Program{std::vector(length, allow)}, {}, false)),
                   "seccomp(SECCOMP_SET_MODE_FILTER)", EINVAL);
}

TEST(SeccompFilterTest, ARefusedNoNewPrivsNamesTheStep) {
  const SeccompFilter refusing_prctl(answering(SYS_prctl, SECCOMP_RET_ERRNO | EACCES), {}, false);
  const ConfineResult second =
      applied(SeccompFilter(refusing_uname(), {}, false), [&] { return is_applied(refusing_prctl); });
  expect_failure(second, "prctl(PR_SET_NO_NEW_PRIVS)", EACCES);
}

TEST(SeccompFilterTest, AFlagThatNeedsAListenerNamesTheStep) {
  expect_failure(applied(SeccompFilter(refusing_uname(), {.wait_killable = true}, false)),
                 "seccomp(SECCOMP_SET_MODE_FILTER)", EINVAL);
}

TEST(SeccompFilterTest, AListenerIsADescriptorThatExecCloses) {
  const SeccompFilter filter(refusing_uname(), {}, true);
  EXPECT_TRUE(filter.makes_listener());
  const int status = in_child([&] {
    const ConfineResult result = filter.apply();
    return result.failed_step == nullptr && ::fcntl(result.listener, F_GETFD) == FD_CLOEXEC ? 0 : 1;
  });
  EXPECT_EQ(status, 0);
}

TEST(SeccompFilterTest, ASecondListenerNamesTheStep) {
  const SeccompFilter filter(refusing_uname(), {}, true);
  expect_failure(applied(filter, [&] { return is_applied(filter); }), "seccomp(SECCOMP_SET_MODE_FILTER)", EBUSY);
}

/// A thread that has loaded a filter of its own, or none, and then waits for `go`.
class OtherThread {
 public:
  explicit OtherThread(const SeccompFilter* own) {
    thread_ = std::thread([this, own] {
      if (own != nullptr) (void)own->apply();
      ready_ = true;
      ready_.notify_one();
      go_.wait(false);
      refused_ = uname_is_refused();
    });
    ready_.wait(false);
  }
  bool uname_is_refused_there() {
    go_ = true;
    go_.notify_one();
    thread_.join();
    return refused_;
  }

 private:
  std::atomic<bool> ready_ = false;
  std::atomic<bool> go_ = false;
  std::atomic<bool> refused_ = false;
  std::thread thread_;
};

TEST(SeccompFilterTest, TsyncConfinesTheOtherThreadsToo) {
  for (const bool tsync : {false, true}) {
    const SeccompFilter filter(refusing_uname(), {.tsync = tsync}, false);
    const int status = in_child([&] {
      OtherThread other(nullptr);
      if (!is_applied(filter)) return 2;
      return other.uname_is_refused_there() ? 1 : 0;
    });
    EXPECT_EQ(WEXITSTATUS(status), tsync ? 1 : 0);
  }
}

ConfineResult applied_beside_a_filtered_thread(const SeccompFilter& filter) {
  const SeccompFilter own(refusing_uname(), {}, false);
  return applied(filter, [&] { return new OtherThread(&own) != nullptr; });  // it ends with the child
}

TEST(SeccompFilterTest, TsyncFailsWhenAnotherThreadHasFiltersOfItsOwn) {
  expect_failure(applied_beside_a_filtered_thread(SeccompFilter(refusing_uname(), {.tsync = true}, false)),
                 "seccomp(SECCOMP_FILTER_FLAG_TSYNC): a thread has filters of its own", 0);
}

TEST(SeccompFilterTest, TsyncWithAListenerDoesNotTakeTheOtherThreadForADescriptor) {
  expect_failure(applied_beside_a_filtered_thread(SeccompFilter(refusing_uname(), {.tsync = true}, true)),
                 "seccomp(SECCOMP_SET_MODE_FILTER)", ESRCH);
}

TEST(SeccompStrictTest, ReadWriteAndExitRemain) {
  EXPECT_FALSE(SeccompStrict().makes_listener());
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const int status = in_child([&] {
    char byte = 'x';
    if (!is_applied(SeccompStrict())) return 1;
    if (::write(ends[1], &byte, 1) == 1 && ::read(ends[0], &byte, 1) == 1) ::syscall(SYS_exit, 7);
    return 2;
  });
  ::close(ends[0]);
  ::close(ends[1]);
  ASSERT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST(SeccompStrictTest, AnotherCallIsDeathBySigkill) {
  const int status = in_child([] {
    if (!is_applied(SeccompStrict())) ::_exit(1);
    return static_cast<int>(::syscall(SYS_getpid));
  });
  ASSERT_TRUE(WIFSIGNALED(status)) << status;
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

TEST(SeccompStrictTest, UnderAFilterItFailsAndNamesTheStep) {
  const SeccompFilter filter(refusing_uname(), {}, false);
  expect_failure(applied(SeccompStrict(), [&] { return is_applied(filter); }), "seccomp(SECCOMP_SET_MODE_STRICT)", EINVAL);
}

}  // namespace
}  // namespace sandgauge::seccomp_test
