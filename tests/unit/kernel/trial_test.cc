#include "kernel/trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/shared_slot.h"

namespace sandgauge::trial_test {
namespace {

using testing::HasSubstr;

TEST(AttemptTest, GivesBackTheWitnesssLastWord) {
  EXPECT_EQ(attempt([](Witness& witness) { witness.yes("saw %d", 3); }), (Finding{Standing::yes, "saw 3"}));
  EXPECT_EQ(attempt([](Witness& witness) {
              witness.yes("first");
              witness.no("then");
            }),
            (Finding{Standing::no, "then"}));
  EXPECT_EQ(attempt([](Witness& witness) { witness.untested("%s", error_name(EPERM)); }).evidence, "EPERM");
}

TEST(AttemptTest, GivesBackTheValue) {
  std::string value = "old";
  attempt(
      [](Witness& witness) {
        witness.value("%s", "7");
        witness.yes("it");
      },
      &value);
  EXPECT_EQ(value, "7");
}

TEST(AttemptTest, CutsALongWordAndKeepsItsEndClosed) {
  const std::string long_word(10'000, 'x');
  const Finding finding = attempt([&](Witness& witness) { witness.yes("%s", long_word.c_str()); });
  EXPECT_EQ(finding.standing, Standing::yes);
  EXPECT_LT(finding.evidence.size(), 300U);
}

TEST(AttemptTest, IsUntestedWhenTheChildSaysNothing) {
  EXPECT_EQ(attempt([](Witness&) {}).standing, Standing::untested);
  EXPECT_EQ(attempt([](Witness&) { ::_exit(1); }).standing, Standing::untested);
}

TEST(AttemptTest, IsUntestedWhenTheChildIsKilledAndSaysByWhat) {
  const Finding killed = attempt([](Witness&) { ::raise(SIGSYS); });
  EXPECT_EQ(killed.standing, Standing::untested);
  EXPECT_THAT(killed.evidence, HasSubstr("SIGSYS"));
}

TEST(AttemptTest, KeepsWhatWasSaidBeforeADeath) {
  EXPECT_EQ(attempt([](Witness& witness) {
              witness.no("seen");
              ::raise(SIGKILL);
            }),
            (Finding{Standing::no, "seen"}));
}

TEST(AttemptTest, EndsAChildThatDoesNotEnd) {
  const Finding finding = attempt([](Witness&) { ::pause(); }, nullptr, std::chrono::milliseconds(50));
  EXPECT_EQ(finding.standing, Standing::untested);
  EXPECT_THAT(finding.evidence, HasSubstr("in time"));
}

TEST(AttemptTest, EndsTheHelpersThatAChildLeavesBehind) {
  const auto helper = SharedSlot<pid_t>::make();
  attempt([&](Witness& witness) {
    **helper = fork_helper([] {
      ::signal(SIGTERM, SIG_IGN);
      for (;;) ::pause();
    });
    witness.yes("left one");
  });
  ASSERT_GT(**helper, 0);
  // It is not our child: it is gone when its number is, or when init has yet to reap it.
  for (int i = 0; i < 1000 && ::kill(**helper, 0) == 0; ++i) {
    siginfo_t ended{};
    if (::waitid(P_PID, static_cast<id_t>(**helper), &ended, WEXITED | WNOHANG) == 0) break;
    ::usleep(1000);
  }
  const std::string stat = "/proc/" + std::to_string(**helper) + "/stat";
  char text[256]{};
  if (FILE* file = std::fopen(stat.c_str(), "r")) {
    EXPECT_GT(std::fread(text, 1, sizeof text - 1, file), 0U);
    std::fclose(file);
    EXPECT_THAT(text, HasSubstr(") Z ")) << "still running";
  }
}

TEST(AttemptTest, LeavesTheCallersSignalsAsTheyWere) {
  const auto handler = [](int) {};
  struct sigaction before {};
  before.sa_handler = handler;
  ::sigaction(SIGCHLD, &before, nullptr);
  EXPECT_EQ(attempt([](Witness& witness) { witness.yes("x"); }).standing, Standing::yes);
  struct sigaction after {};
  ::sigaction(SIGCHLD, nullptr, &after);
  EXPECT_EQ(after.sa_handler, before.sa_handler);
  sigset_t blocked;
  ::sigprocmask(SIG_BLOCK, nullptr, &blocked);
  EXPECT_EQ(sigismember(&blocked, SIGCHLD), 0);
  ::signal(SIGCHLD, SIG_IGN);
  EXPECT_EQ(attempt([](Witness& witness) { witness.yes("x"); }).standing, Standing::yes);
  ::signal(SIGCHLD, SIG_DFL);
}

TEST(ForkHelperTest, ExitsWithZeroWhenItsWorkIsDone) {
  const int status = wait_for(fork_helper([] {}));
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  const int other = wait_for(fork_helper([] { ::_exit(5); }));
  EXPECT_TRUE(WIFEXITED(other) && WEXITSTATUS(other) == 5);
}

}  // namespace
}  // namespace sandgauge::trial_test
