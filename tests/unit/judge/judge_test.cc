#include "judge/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "imitation.h"
#include "judge/distinguish.h"
#include "scene.h"

namespace sandgauge::judge_test {
namespace {

using namespace scene;

constexpr Probe kBoth{.handler = true, .threads = true};

/// Claims of a program what it shows under `action`.
Case program_case_that_claims(Action action, const Probe& probe) {
  Case test = program_case(action);
  const Outcome outcome = kernel_does(action, test, probe, root_host());
  if (outcome.end.kind == End::Kind::exited) test.expect.exit = outcome.end.exit_code;
  if (outcome.end.kind == End::Kind::signaled) test.expect.signal = outcome.end.signal;
  test.expect.err = outcome.err;
  return test;
}

/// TRAP and TRACE with data 0 claim no data where none is seen.
bool same_claim(Action a, Action b) { return a == b || (a.kind == b.kind && a.data == 0); }

// The heart of the matter: whatever the kernel did in place of the expected action, no chosen probe lets it pass.
TEST(JudgeTest, NeverPassesAnotherActionUnderTheChosenProbe) {
  for (const Host& host : {root_host(), user_host()}) {
    for (const Attach attach : {Attach::call, Attach::exec}) {
      for (const Action& expected : every_action()) {
        Case test = attach == Attach::call ? call_case(expected) : program_case(expected);
        if (attach == Attach::exec) test = program_case_that_claims(expected, {.tracer = true, .listener = true});
        const ProbeChoice choice = choose_probe(test, expected, host);
        if (!choice.unmet.empty()) continue;
        for (const Action& did : every_action()) {
          if (did == expected) continue;
          const Verdict verdict = judge_with(test, choice.probe, expected, kernel_does(did, test, choice.probe, host), host);
          EXPECT_NE(verdict.status, Status::pass) << to_string(expected) << ", kernel " << to_string(did);
        }
        const Outcome outcome = kernel_does(expected, test, choice.probe, host);
        const Verdict verdict = judge_with(test, choice.probe, expected, outcome, host);
        EXPECT_EQ(verdict.status, Status::pass) << to_string(expected) << ": " << verdict.reason;
      }
    }
  }
}

TEST(JudgeTest, NeverPassesAnotherActionUnderAnyProbe) {
  Host few = root_host();
  few.actions_logged = {"kill_process", "log"};
  std::size_t passed = 0;
  for (const Host& host : {root_host(), few}) {
    for (const Probe& probe : every_probe()) {
      for (const Attach attach : {Attach::call, Attach::exec}) {
        for (const bool answered : {false, true}) {
          for (const Action& expected : every_action()) {
            Case test = attach == Attach::call ? call_case(expected) : program_case_that_claims(expected, probe);
            if (answered) test.tracer = {.answer = TracerPlan::Answer::skip, .result = -EPERM};
            if (answered) test.listener = {.answer = ListenerPlan::Answer::reply, .error = -EPERM};
            for (const Action& did : every_action()) {
              const Verdict verdict = judge_with(test, probe, expected, kernel_does(did, test, probe, host), host);
              if (verdict.status != Status::pass) continue;
              ++passed;
              EXPECT_TRUE(same_claim(expected, did))
                  << to_string(expected) << ", kernel " << to_string(did) << ", " << to_string(probe);
            }
          }
        }
      }
    }
  }
  EXPECT_GT(passed, 500U);
}

TEST(JudgeTest, PassesWhenEveryAnswerAndExpectationAgree) {
  Case test = call_case(kEperm);
  test.expect.error = EPERM;
  const Verdict verdict = judge_with(test, kBoth, kEperm, kernel_does(kEperm, test, kBoth, root_host()), root_host());
  expect_verdict(verdict, Status::pass, Cause::none, "");
  ASSERT_EQ(verdict.checks.size(), 1U);
  EXPECT_TRUE(verdict.checks[0].met);
}

TEST(JudgeTest, AFailedSetupIsBrokenWithStepAndErrno) {
  Outcome outcome;
  outcome.setup = SetupFailure{"execve /no/such", ENOENT};
  expect_verdict(judge_with(call_case(kEperm), kBoth, kEperm, outcome, root_host()), Status::broken, Cause::setup,
                 "execve /no/such: ENOENT (No such file or directory)");
  outcome.setup = SetupFailure{"the child sent nonsense", 0};
  expect_verdict(judge_with(call_case(kEperm), kBoth, kEperm, outcome, root_host()), Status::broken, Cause::setup,
                 "the child sent nonsense");
}

TEST(JudgeTest, AnInterruptedRunIsBroken) {
  Outcome outcome = kernel_does(kEperm, call_case(kEperm), kBoth, root_host());
  outcome.end.kind = End::Kind::interrupted;
  expect_verdict(judge_with(call_case(kEperm), kBoth, kEperm, outcome, root_host()), Status::broken, Cause::interrupted,
                 "the run was ended before the child was");
}

TEST(JudgeTest, ACallThatWasNeverMadeIsBrokenWithTheEnd) {
  const Case test = call_case(kKillProcess);
  Outcome outcome = kernel_does(kKillProcess, test, {.audit = true}, root_host());
  outcome.call->started = 0;
  outcome.audit[0].syscall = 202;
  expect_verdict(judge_with(test, {.audit = true}, kKillProcess, outcome, root_host()), Status::broken, Cause::setup,
                 "the child ended before it made the call: killed by SIGSYS: KILL_PROCESS on futex (202), x86_64; "
                 "the audit record says code=0x80000000 sig=31");
}

TEST(JudgeTest, AProbeThatCannotTellIsBrokenWithAdvice) {
  const Case test = call_case(kKill);
  expect_verdict(judge_with(test, {}, kKill, kernel_does(kKill, test, {}, root_host()), root_host()), Status::broken,
                 Cause::probe, "a plain probe cannot tell KILL from KILL_PROCESS and TRAP; add threads or audit");
  Case trapped = call_case(trap(5));
  trapped.expect.signal = SIGSYS;
  expect_verdict(judge_with(trapped, {.audit = true}, trap(5), kernel_does(trap(5), trapped, {.audit = true}, root_host()),
                            root_host()),
                 Status::broken, Cause::probe,
                 "an audit probe cannot tell TRAP(5) from TRAP and TRAP(4); add handler or tracer");
}

TEST(JudgeTest, AdvicePairsWatchersWhereOneIsNotEnough) {
  const Case test = call_case(errno_action(ENOSYS));
  const Verdict verdict =
      judge_with(test, {}, errno_action(ENOSYS), kernel_does(errno_action(ENOSYS), test, {}, root_host()), root_host());
  EXPECT_EQ(verdict.reason, "a plain probe cannot tell ERRNO(ENOSYS) from NOTIFY and TRACE(0); add audit");
  Host host = root_host();
  host.actions_logged.clear();
  const Verdict unlogged =
      judge_with(test, {}, errno_action(ENOSYS), kernel_does(errno_action(ENOSYS), test, {}, host), host);
  EXPECT_EQ(unlogged.reason, "a plain probe cannot tell ERRNO(ENOSYS) from NOTIFY and TRACE(0); add tracer+listener");
  const Verdict never = judge_with(call_case(kAllow), {}, kAllow, kernel_does(kAllow, test, {}, host), host);
  EXPECT_EQ(never.reason, "a plain probe cannot tell ALLOW from ERRNO(0) and LOG; no probe can on this machine");
}

TEST(JudgeTest, AProgramThatShowsNothingCannotTellAnErrno) {
  Case test = program_case(kEperm);
  test.expect.within = std::chrono::seconds(1);
  const Verdict verdict =
      judge_with(test, {.audit = true}, kEperm, kernel_does(kEperm, test, {.audit = true}, root_host()), root_host());
  EXPECT_EQ(verdict.cause, Cause::probe);
  EXPECT_EQ(verdict.reason,
            "an audit probe cannot tell ERRNO(EPERM) from ERRNO(0) and ERRNO(ENOSYS); "
            "expect what the program shows then: exit, stdout or stderr");
}

TEST(JudgeTest, AnExpectationWithoutItsWatcherIsBroken) {
  struct Missing {
    Attach attach;
    Probe probe;
    void (*claim)(Expectation&);
    std::string reason;
  };
  const auto tracing = [](Expectation& expect) { expect.trace.emplace(); };
  const auto notified = [](Expectation& expect) { expect.notification.emplace(); };
  const auto recorded = [](Expectation& expect) { expect.audit.emplace(); };
  const auto trapped = [](Expectation& expect) { expect.siginfo.emplace(); };
  const Missing rows[] = {
      {Attach::call, kBoth, tracing, "the probe is handler+threads: expect.trace needs the tracer"},
      {Attach::call, kBoth, notified, "the probe is handler+threads: expect.notification needs the listener"},
      {Attach::call, kBoth, recorded, "the probe is handler+threads: expect.audit needs audit"},
      {Attach::call, {}, trapped, "the probe is plain: expect.siginfo needs the handler or the tracer"},
      {Attach::exec, kBoth, trapped, "the probe is handler+threads: expect.siginfo needs the tracer"},
  };
  for (const Missing& row : rows) {
    Case test = row.attach == Attach::call ? call_case(kEperm) : program_case(kEperm);
    row.claim(test.expect);
    const Outcome outcome = kernel_does(kEperm, test, row.probe, root_host());
    expect_verdict(judge_with(test, row.probe, kEperm, outcome, root_host()), Status::broken, Cause::probe, row.reason);
  }
}

TEST(JudgeTest, AnExpectationWithItsWatcherIsChecked) {
  Case test = call_case(trap(5));
  test.expect.siginfo = SiginfoExpectation{.error = 5};
  for (const Probe& probe : {Probe{.handler = true}, Probe{.tracer = true}}) {
    const Outcome outcome = kernel_does(trap(5), test, probe, root_host());
    expect_verdict(judge_with(test, probe, trap(5), outcome, root_host()), Status::pass, Cause::none, "");
  }
}

TEST(JudgeTest, LostAuditRecordsAreBroken) {
  const Case test = call_case(kAllow);
  Outcome outcome = kernel_does(kAllow, test, {.audit = true}, root_host());
  outcome.audit_complete = false;
  expect_verdict(judge_with(test, {.audit = true}, kAllow, outcome, root_host()), Status::broken, Cause::probe,
                 "audit records were lost");
}

TEST(JudgeTest, AMissingPredictionIsTheHarnesssFault) {
  const Case test = call_case(kEperm);
  const Host host = root_host();
  const Outcome outcome = kernel_does(kEperm, test, kBoth, host);
  const Answers answers{kEperm, std::nullopt};
  expect_verdict(judge({test, kBoth, answers, outcome, host, ""}), Status::broken, Cause::harness,
                 "the harness did not predict the case's call");
}

TEST(JudgeTest, AnUnknownCallIsBroken) {
  Case test = call_case(kEperm);
  const Outcome outcome = kernel_does(kEperm, test, kBoth, root_host());
  test.call->syscall = "frobnicate";
  expect_verdict(judge_with(test, kBoth, kEperm, outcome, root_host()), Status::broken, Cause::setup,
                 "x86_64 has no syscall 'frobnicate'");
}

struct Differing {
  std::optional<Action> claimed;
  Action did;
  std::string reason;
};

TEST(JudgeTest, ADisagreementNamesTheOneThatDiffersFromTwoOthers) {
  const Differing rows[] = {
      {kEperm, kEperm, "evaluate says KILL_PROCESS, but decide and the case say ERRNO(EPERM)"},
      {kKillProcess, kKillProcess, "decide says ERRNO(EPERM), but evaluate and the case say KILL_PROCESS"},
      {std::nullopt, kEperm, "evaluate says KILL_PROCESS, but decide and the kernel say ERRNO(EPERM)"},
      {std::nullopt, kKillProcess, "decide says ERRNO(EPERM), but evaluate and the kernel say KILL_PROCESS"},
      {std::nullopt, trap(1), "decide says ERRNO(EPERM), evaluate says KILL_PROCESS"},
  };
  const Host host = root_host();
  const Answers answers{kEperm, kKillProcess};
  for (const Differing& row : rows) {
    Case test = call_case(kEperm);
    test.expect.action = row.claimed;
    const Outcome outcome = kernel_does(row.did, test, kBoth, host);
    expect_verdict(judge({test, kBoth, answers, outcome, host, ""}), Status::fail, Cause::disagreement, row.reason);
  }
}

TEST(JudgeTest, AKernelThatDisagreesFailsAndTheChecksAreStillListed) {
  Case test = call_case(kEperm);
  test.expect.error = EPERM;
  test.expect.exit = 0;
  const Verdict verdict = judge_with(test, kBoth, kEperm, kernel_does(kKillProcess, test, kBoth, root_host()), root_host());
  expect_verdict(verdict, Status::fail, Cause::disagreement,
                 "decide and evaluate say ERRNO(EPERM), the kernel did KILL_PROCESS");
  ASSERT_EQ(verdict.checks.size(), 2U);
  EXPECT_FALSE(verdict.checks[0].met);
  EXPECT_FALSE(verdict.checks[1].met);
}

TEST(JudgeTest, AnEndThatFitsNoActionIsADisagreementWithTheEnd) {
  const Case test = call_case(kEperm);
  Outcome outcome = kernel_does(kKillProcess, test, kBoth, root_host());
  outcome.end.signal = SIGKILL;
  expect_verdict(judge_with(test, kBoth, kEperm, outcome, root_host()), Status::fail, Cause::disagreement,
                 "decide and evaluate say ERRNO(EPERM), what the kernel did fits no action: "
                 "killed by SIGKILL (strict mode, or somebody else)");
}

TEST(JudgeTest, AStricterAnswerUnderAnOuterFilterIsBroken) {
  Host host = root_host();
  host.outer_filters = 1;
  const Case test = call_case(kEperm);
  expect_verdict(judge_with(test, kBoth, kEperm, kernel_does(kKillProcess, test, kBoth, host), host), Status::broken,
                 Cause::outer_filter,
                 "decide and evaluate say ERRNO(EPERM), the kernel did KILL_PROCESS; "
                 "a filter that the harness itself runs under may have answered first");
  host.outer_filters = -1;
  EXPECT_EQ(judge_with(test, kBoth, kEperm, kernel_does(kKill, test, kBoth, host), host).cause, Cause::outer_filter);
}

TEST(JudgeTest, AnOuterFilterDoesNotExcuseAMilderAnswerOrOtherData) {
  Host host = root_host();
  host.outer_filters = 1;
  const Case test = call_case(kEperm);
  EXPECT_EQ(judge_with(test, kBoth, kEperm, kernel_does(kAllow, test, kBoth, host), host).status, Status::fail);
  EXPECT_EQ(judge_with(test, kBoth, kEperm, kernel_does(errno_action(ENOENT), test, kBoth, host), host).cause,
            Cause::disagreement);
}

TEST(JudgeTest, AMissedDeadlineFailsWithTheStateAndEveryCheck) {
  Case test = call_case(kEperm);
  test.expect.exit = 0;
  test.expect.within = std::chrono::seconds(2);
  Outcome outcome = kernel_does(kEperm, test, kBoth, root_host());
  outcome.end = {.kind = End::Kind::deadline, .state = "stopped (T)"};
  outcome.duration = std::chrono::milliseconds(5000);
  const Verdict verdict = judge_with(test, kBoth, kEperm, outcome, root_host());
  expect_verdict(verdict, Status::fail, Cause::deadline, "did not end within 5000 ms; it was stopped (T)");
  ASSERT_EQ(verdict.checks.size(), 2U);
  EXPECT_EQ(verdict.checks[0], (Check{"exit", "0", "did not end in time", false}));
  EXPECT_EQ(verdict.checks[1], (Check{"within", "at most 2000 ms", "did not end in time", false}));
}

TEST(JudgeTest, AnUnmetExpectationFailsAndCountsTheRest) {
  Case test = program_case(kEperm);
  test.call.reset();
  test.expect.exit = 2;
  Outcome outcome;
  outcome.out = "hello\n";
  expect_verdict(judge_with(test, {}, kEperm, outcome, root_host()), Status::fail, Cause::expectation,
                 "exit: expected 2, observed 0");
  test.expect.out = "";
  expect_verdict(judge_with(test, {}, kEperm, outcome, root_host()), Status::fail, Cause::expectation,
                 "exit: expected 2, observed 0 (and 1 more)");
}

TEST(JudgeTest, ACaseThatClaimsNothingThatWasCheckedIsBroken) {
  Case test = program_case(kEperm);
  test.call.reset();
  expect_verdict(judge_with(test, {}, kEperm, Outcome{}, root_host()), Status::broken, Cause::probe,
                 "the case claims nothing that was checked");
  const Case silent = program_case(kAllow);
  Outcome outcome = kernel_does(kAllow, silent, {.audit = true}, root_host());
  const Verdict verdict = judge_with(silent, {.audit = true}, kAllow, outcome, root_host());
  EXPECT_NE(verdict.status, Status::pass);
}

TEST(JudgeTest, AProgramAnsweredByArgumentsIsJudgedByExpectationsAlone) {
  Case test = program_case(kEperm);
  test.policy.rules[0].when.push_back({.index = 0, .value = 1});
  test.expect.exit = 2;
  const Outcome outcome = kernel_does(kEperm, test, {}, root_host());
  EXPECT_EQ(judge_with(test, {}, kEperm, outcome, root_host()).status, Status::pass);
  test.expect.action = kEperm;
  expect_verdict(judge_with(test, {}, kEperm, outcome, root_host()), Status::broken, Cause::probe,
                 "expect.action: the policy answers this call by its arguments, which only attach call pins down");
}

TEST(JudgeTest, StrictModeIsJudgedByExpectationsAlone) {
  Case test = call_case(kAllow);
  test.mechanism = Mechanism::strict;
  test.expect.signal = SIGKILL;
  const Host host = root_host();
  Outcome outcome = kernel_does(kKillProcess, test, {}, host);
  const Answers none;
  EXPECT_EQ(judge({test, Probe{}, none, outcome, host, ""}).cause, Cause::expectation);
  outcome.end.signal = SIGKILL;
  EXPECT_EQ(judge({test, Probe{}, none, outcome, host, ""}).status, Status::pass);
  test.expect.action = kKill;
  expect_verdict(judge({test, Probe{}, none, outcome, host, ""}), Status::broken, Cause::probe,
                 "expect.action needs a call and a filter");
}

TEST(JudgeTest, AnExpectedActionThatNobodyTookIsAnUnmetExpectation) {
  Case test = call_case(kEperm);
  test.expect.action = kKillProcess;
  expect_verdict(judge_with(test, kBoth, kEperm, kernel_does(kEperm, test, kBoth, root_host()), root_host()), Status::fail,
                 Cause::expectation, "action: expected KILL_PROCESS, observed ERRNO(EPERM), LOG or ALLOW");
}

}  // namespace
}  // namespace sandgauge::judge_test
