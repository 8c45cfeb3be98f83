#include "judge/identify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "imitation.h"
#include "scene.h"

namespace sandgauge::identify_test {
namespace {

using namespace scene;
using Death = Appearance::Death;

std::string kernel_of(const Case& test, const Probe& probe, const Outcome& outcome, const Host& host = root_host()) {
  return to_string(candidates(seen_of(test, outcome), view_of(test, probe, host)));
}
std::string kernel_of(const Case& test, const Probe& probe, Action did) {
  return kernel_of(test, probe, kernel_does(did, test, probe, root_host()));
}

TEST(CandidatesTest, AlwaysHoldTheActionThatWasTaken) {
  for (const Attach attach : {Attach::call, Attach::exec}) {
    for (const bool skip : {false, true}) {
      for (const std::int64_t natural : {0, 7, -ENOENT}) {
        for (const Probe& probe : every_probe()) {
          for (const Action& did : every_action()) {
            Case test = attach == Attach::call ? call_case(kAllow) : program_case(kAllow);
            if (skip) test.tracer = {.answer = TracerPlan::Answer::skip, .result = -EIO};
            if (skip) test.listener = {.answer = ListenerPlan::Answer::reply, .value = 3};
            const Outcome outcome = kernel_does(did, test, probe, root_host(), natural);
            const auto kernel = candidates(seen_of(test, outcome), view_of(test, probe, root_host()));
            EXPECT_TRUE(contains(kernel, did)) << to_string(did) << ", " << to_string(probe) << ": " << to_string(kernel);
          }
        }
      }
    }
  }
}

TEST(CandidatesTest, ADeathWithoutWatchersMayBeAnyOfThree) {
  EXPECT_EQ(kernel_of(call_case(kKill), {}, kKill), "KILL_PROCESS, KILL or TRAP");
  EXPECT_EQ(kernel_of(call_case(kKill), {.handler = true}, kKill), "KILL_PROCESS or KILL");
  EXPECT_EQ(kernel_of(call_case(kKill), {.handler = true, .threads = true}, kKill), "KILL");
  EXPECT_EQ(kernel_of(call_case(kKill), {.audit = true}, kKill), "KILL");
}

TEST(CandidatesTest, AnErrnoMayAlsoBeTheCallsOwnUnlessARecordTells) {
  EXPECT_EQ(kernel_of(call_case(kEperm), {}, kEperm), "ERRNO(EPERM), LOG or ALLOW");
  EXPECT_EQ(kernel_of(call_case(kEperm), {.audit = true}, kEperm), "ERRNO(EPERM)");
  EXPECT_EQ(kernel_of(call_case(kEperm), {}, errno_action(ENOSYS)), "ERRNO(ENOSYS), NOTIFY, TRACE, LOG or ALLOW");
}

TEST(CandidatesTest, APositiveResultMeansThatTheCallRan) {
  const Case test = call_case(kAllow);
  const Outcome outcome = kernel_does(kAllow, test, {}, root_host(), 7);
  EXPECT_EQ(kernel_of(test, {}, outcome), "LOG or ALLOW");
}

TEST(CandidatesTest, AProgramsResultIsUnknown) {
  EXPECT_EQ(kernel_of(program_case(kEperm), {.audit = true}, kEperm), "ERRNO");
  EXPECT_EQ(kernel_of(program_case(kEperm), {}, kEperm), "TRAP, ERRNO, NOTIFY, TRACE, LOG or ALLOW");
}

TEST(CandidatesTest, AProgramThatReportsItsCallIsHeldToIt) {
  const Case test = program_case(kEperm);
  Outcome outcome = kernel_does(kEperm, test, {}, root_host());
  outcome.call = CallFacts{.started = 1, .returned = 1, .result = -EPERM};
  EXPECT_EQ(kernel_of(test, {}, outcome), "ERRNO(EPERM), LOG or ALLOW");
}

TEST(CandidatesTest, ASigkillFitsNoAction) {
  const Case test = call_case(kEperm);
  Outcome outcome = kernel_does(kKillProcess, test, {}, root_host());
  outcome.end.signal = SIGKILL;
  EXPECT_EQ(kernel_of(test, {}, outcome), "no known action");
}

TEST(CandidatesTest, ASigsysFromKillIsNoTrap) {
  const Case test = call_case(trap(5));
  Outcome outcome = kernel_does(trap(5), test, {.handler = true}, root_host());
  EXPECT_EQ(kernel_of(test, {.handler = true}, outcome), "TRAP(5)");
  outcome.call->sigsys.code = 0;
  EXPECT_EQ(kernel_of(test, {.handler = true}, outcome), "no known action");
}

TEST(CandidatesTest, AHandlerAndATracerThatSawDifferentDataFitNothing) {
  const Probe probe{.handler = true, .tracer = true};
  const Case test = call_case(trap(5));
  Outcome outcome = kernel_does(trap(5), test, probe, root_host());
  EXPECT_EQ(kernel_of(test, probe, outcome), "TRAP(5)");
  outcome.traced_sigsys[0].facts.error = 6;
  EXPECT_EQ(kernel_of(test, probe, outcome), "no known action");
}

TEST(CandidatesTest, ATracersSkipMustGiveTheResultItWrote) {
  Case test = call_case(trace(7));
  test.tracer = {.answer = TracerPlan::Answer::skip, .result = -EIO};
  Outcome outcome = kernel_does(trace(7), test, {.tracer = true}, root_host());
  EXPECT_EQ(kernel_of(test, {.tracer = true}, outcome), "TRACE(7)");
  outcome.call->result = 0;
  EXPECT_EQ(kernel_of(test, {.tracer = true}, outcome), "no known action");
}

TEST(CandidatesTest, ARecordOfAnotherCallSaysNothing) {
  const Case test = call_case(kAllow);
  Outcome outcome = kernel_does(kLog, test, {.audit = true}, root_host());
  EXPECT_EQ(kernel_of(test, {.audit = true}, outcome), "LOG");
  outcome.audit[0].syscall = 39;
  EXPECT_EQ(kernel_of(test, {.audit = true}, outcome), "ALLOW");
  outcome.audit[0].syscall = 63;
  outcome.audit[0].arch = audit_arch(Abi::i386);
  EXPECT_EQ(kernel_of(test, {.audit = true}, outcome), "ALLOW");
}

TEST(CandidatesTest, AKillsRecordWithoutItsSignalFitsNothing) {
  const Case test = call_case(kKill);
  Outcome outcome = kernel_does(kKill, test, {.audit = true}, root_host());
  outcome.audit[0].signal = 0;
  EXPECT_EQ(kernel_of(test, {.audit = true}, outcome), "no known action");
}

TEST(CandidatesTest, AnUnknownReturnValueIsRecordedAsItIsAndKillsTheProcess) {
  const Case test = call_case(kKillProcess);
  Outcome outcome = kernel_does(kKillProcess, test, {.audit = true}, root_host());
  outcome.audit[0].code = 0x12340000;
  EXPECT_EQ(kernel_of(test, {.audit = true}, outcome), "KILL_PROCESS");
}

TEST(CandidatesTest, ACallOfX32IsKnownByItsBit) {
  Case test = call_case(kLog);
  test.call->abi = Abi::x32;
  const Outcome outcome = kernel_does(kLog, test, {.audit = true}, root_host(), -ENOSYS);
  EXPECT_EQ(outcome.audit[0].syscall, 0x4000003f);
  EXPECT_EQ(kernel_of(test, {.audit = true}, outcome), "LOG");
}

TEST(CandidatesTest, AnAllowedExitNeedNotReturn) {
  Case test = call_case(kAllow);
  test.call->syscall = "exit_group";
  Outcome outcome;
  outcome.call = CallFacts{.started = 1};
  EXPECT_EQ(kernel_of(test, {}, outcome), "LOG or ALLOW");
  test.call->syscall = "exit";
  outcome.call = CallFacts{.started = 1, .thread_died = 1, .survivor_ran = 1};
  EXPECT_EQ(kernel_of(test, {.threads = true}, outcome), "KILL, LOG or ALLOW");
  test.call->syscall = "uname";
  EXPECT_EQ(kernel_of(test, {.threads = true}, outcome), "KILL");
}

TEST(SeenTest, ADeathAfterTheCallCameBackIsNotTheCalls) {
  const Case test = call_case(kEperm);
  Outcome outcome = kernel_does(kEperm, test, {}, root_host());
  outcome.end = {.kind = End::Kind::signaled, .signal = SIGSYS};
  EXPECT_EQ(seen_of(test, outcome).death, Death::none);
  EXPECT_EQ(kernel_of(test, {}, outcome), "ERRNO(EPERM), LOG or ALLOW");
}

TEST(SeenTest, AProgramKilledOnAnotherCallSaysNothingAboutThisOne) {
  const Case test = program_case(kEperm);
  const Probe probe{.tracer = true, .audit = true};
  Outcome outcome = kernel_does(kKillProcess, test, probe, root_host());
  EXPECT_EQ(kernel_of(test, probe, outcome), "KILL_PROCESS");
  outcome.audit[0].syscall = 39;
  EXPECT_EQ(seen_of(test, outcome).death, Death::none);
  Outcome trapped = kernel_does(trap(5), test, {.tracer = true}, root_host());
  trapped.traced_sigsys[0].facts.syscall = 39;
  EXPECT_EQ(seen_of(test, trapped).death, Death::none);
}

TEST(SeenTest, ADescendantsDeathShowsByItsRecord) {
  const Case test = program_case(kKillProcess);
  Outcome outcome = kernel_does(kKillProcess, test, {.audit = true}, root_host());
  outcome.end = {.kind = End::Kind::exited, .exit_code = 159};
  EXPECT_EQ(kernel_of(test, {.audit = true}, outcome), "KILL_PROCESS");
  EXPECT_EQ(kernel_of(test, {}, kernel_does(kAllow, test, {}, root_host())), "TRAP, ERRNO, NOTIFY, TRACE, LOG or ALLOW");
}

TEST(SeenTest, ACaseWithoutACallSeesEveryEvent) {
  Case test = program_case(kKillProcess);
  const Outcome outcome = kernel_does(kKillProcess, test, {.audit = true}, root_host());
  test.call.reset();
  EXPECT_EQ(seen_of(test, outcome).audit.size(), 1U);
}

TEST(SubjectTest, ReadsNamesAndNumbers) {
  Case test = call_case(kAllow);
  EXPECT_EQ(subject(test)->number, syscall_number(native_abi(), "uname"));
  test.call->syscall = "-1";
  EXPECT_EQ(subject(test)->number, -1);
  test.call->syscall = "frobnicate";
  EXPECT_FALSE(subject(test));
  test.call = CallRequest{.syscall = "uname", .abi = Abi::i386, .args = {{.number = 5}}};
  EXPECT_EQ(subject(test)->number, 122);
  EXPECT_EQ(subject(test)->args[0], 5U);
  test.call.reset();
  EXPECT_FALSE(subject(test));
}

}  // namespace
}  // namespace sandgauge::identify_test
