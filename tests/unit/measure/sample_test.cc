#include "measure/sample.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "model/program.h"

namespace sandgauge::sample_test {
namespace {

using ::testing::Each;
using ::testing::Gt;
using ::testing::HasSubstr;

/// Answers one call number, in the test's own words.
class TestFilter : public Confinement {
 public:
  TestFilter(long number, std::uint32_t value, unsigned flags = 0)
      : code_{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
              BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1),
              BPF_STMT(BPF_RET | BPF_K, value), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)},
        flags_(flags) {}
  ConfineResult apply() const noexcept override {
    const sock_fprog filter{4, const_cast<sock_filter*>(code_)};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return {"prctl", errno, -1};
    const long result = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags_, &filter);
    if (result < 0) return {"seccomp", errno, -1};
    return {nullptr, 0, flags_ != 0 ? static_cast<int>(result) : -1};
  }

 private:
  sock_filter code_[4];
  unsigned flags_;
};

class FailingConfinement : public Confinement {
 public:
  ConfineResult apply() const noexcept override { return {"my step", EPERM, -1}; }
};

int own_cpu() {
  cpu_set_t set;
  ::sched_getaffinity(0, sizeof set, &set);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) return cpu;
  return 0;
}

Sample take(Specimen specimen, Stretches stretches = {.batch = 20, .stretches = 3}) {
  if (specimen.calls.empty()) specimen.calls = {{.number = SYS_getppid}};
  specimen.cpu = specimen.supervisor_cpu = own_cpu();
  return Sampler::make().value().take(specimen, stretches).value();
}

TEST(SampleTest, TimesEachStretchAndSaysWhatTheCallReturned) {
  const Sample sample = take({});
  EXPECT_EQ(sample.problem, "");
  EXPECT_EQ(sample.nanoseconds.size(), 3U);
  EXPECT_THAT(sample.nanoseconds, Each(Gt(0)));
  EXPECT_EQ(sample.returned[0], ::getpid());
}

TEST(SampleTest, WithPatienceItSaysHowFastTheCoreRan) {
  EXPECT_EQ(take({}).core, 0);
  const Sample sample = take({}, {.batch = 20, .stretches = 5, .patience = std::chrono::seconds(1), .tries = 15});
  EXPECT_EQ(sample.problem, "");
  EXPECT_TRUE(sample.core > 0 || sample.disturbed);
  EXPECT_GE(sample.nanoseconds.size(), 3U);
}

TEST(SampleTest, TheFirstCallsOfAStretchAreNotTimed) {
  const TestFilter filter(SYS_getppid, SECCOMP_RET_TRAP);
  const Sample sample =
      take({.confinements = {&filter}, .supervision = Supervision::handler}, {.batch = 20, .stretches = 3, .warm_up = 5});
  EXPECT_EQ(sample.traps, 1 + 25 * 4);
}

TEST(SampleTest, AFilterIsInForce) {
  const TestFilter filter(SYS_getppid, SECCOMP_RET_ERRNO | EACCES);
  EXPECT_EQ(take({.confinements = {&filter}}).returned[0], -EACCES);
}

TEST(SampleTest, TheSecondCallCanTakeTheResultOfTheFirst) {
  Specimen specimen;
  specimen.calls = {{.number = SYS_openat, .args = {AT_FDCWD, reinterpret_cast<long>("/"), O_RDONLY | O_CLOEXEC}},
                    {.number = SYS_close, .takes_result = true}};
  const Sample sample = take(specimen, {.batch = 5000, .stretches = 1});  // more than there may be descriptors
  EXPECT_EQ(sample.problem, "");
  EXPECT_EQ(sample.returned[1], 0);
}

TEST(SampleTest, AHandlerCountsItsTraps) {
  const TestFilter filter(SYS_getppid, SECCOMP_RET_TRAP);
  const Sample sample = take({.confinements = {&filter}, .supervision = Supervision::handler});
  EXPECT_EQ(sample.problem, "");
  EXPECT_EQ(sample.traps, 1 + 20 * 4);  // once to see, one stretch to warm up, three to time
}

TEST(SampleTest, ATracerContinuesEachStop) {
  const TestFilter filter(SYS_getppid, SECCOMP_RET_TRACE);
  const Sample sample = take({.confinements = {&filter}, .supervision = Supervision::tracer});
  EXPECT_EQ(sample.problem, "");
  EXPECT_EQ(sample.trips, 1 + 20 * 4);
  EXPECT_GT(sample.returned[0], 0);
}

TEST(SampleTest, AListenerAnswersEachNotification) {
  const TestFilter filter(SYS_getppid, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
  for (const bool continue_calls : {true, false}) {
    const Sample sample =
        take({.confinements = {&filter}, .supervision = Supervision::listener, .continue_calls = continue_calls});
    EXPECT_EQ(sample.problem, "");
    EXPECT_EQ(sample.trips, 2 + 20 * 4);  // and one that ends the listener
    EXPECT_EQ(sample.returned[0] > 0, continue_calls);
  }
}

TEST(SampleTest, AProcessThatTheFilterKillsHasNoTimes) {
  const TestFilter filter(SYS_getppid, SECCOMP_RET_KILL_PROCESS);
  const Sample sample = take({.confinements = {&filter}});
  EXPECT_EQ(sample.problem, "the filter killed the process (SIGSYS)");
  EXPECT_TRUE(sample.nanoseconds.empty());
}

TEST(SampleTest, AFilterThatDeniesExitDoesNotKeepTheProcess) {
  const TestFilter filter(SYS_exit_group, SECCOMP_RET_ERRNO | EPERM);
  EXPECT_EQ(take({.confinements = {&filter}}).nanoseconds.size(), 3U);
}

TEST(SampleTest, AStepThatFailsIsNamed) {
  const FailingConfinement failing;
  EXPECT_THAT(take({.confinements = {&failing}}).problem, HasSubstr("my step: EPERM"));
  EXPECT_THAT(take({.work = Work::install, .confinements = {&failing}}).problem, HasSubstr("my step: EPERM"));
}

TEST(SampleTest, AProcessThatDoesNotEndIsEndedAtTheDeadline) {
  Specimen specimen{.calls = {{.number = SYS_pause}}, .cpu = own_cpu()};
  const Sample sample = Sampler::make().value().take(specimen, {}, std::chrono::milliseconds(50)).value();
  EXPECT_EQ(sample.problem, "did not end within 50 ms");
}

TEST(SampleTest, InstallingAndLivesAreTimedByProcess) {
  const TestFilter filter(SYS_getppid, SECCOMP_RET_KILL_PROCESS);
  for (const Work work : {Work::install, Work::life}) {
    const Sample sample = take({.work = work, .confinements = {&filter}}, {.batch = 2, .stretches = 3});
    EXPECT_EQ(sample.problem, "");
    EXPECT_THAT(sample.nanoseconds, Each(Gt(0)));
  }
}

}  // namespace
}  // namespace sandgauge::sample_test
