#include "judge/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "imitation.h"
#include "scene.h"

namespace sandgauge::explain_test {
namespace {

using namespace scene;
using testing::ElementsAre;

Outcome dead_by(Action action, const Probe& probe) { return kernel_does(action, program_case(action), probe, root_host()); }

Outcome ended(End end) {
  Outcome outcome;
  outcome.end = end;
  outcome.duration = std::chrono::milliseconds(5000);
  return outcome;
}

TEST(ExplainEndTest, ARecordNamesActionAndCall) {
  EXPECT_EQ(explain_end(dead_by(kKillProcess, {.audit = true})),
            "killed by SIGSYS: KILL_PROCESS on uname (63), x86_64; the audit record says code=0x80000000 sig=31");
  EXPECT_EQ(explain_end(dead_by(kKill, {.audit = true})),
            "killed by SIGSYS: KILL on uname (63), x86_64; the audit record says code=0x0 sig=31");
  EXPECT_EQ(explain_end(dead_by(trap(5), {.audit = true})),
            "killed by SIGSYS: TRAP on uname (63), x86_64; the audit record says code=0x30000 sig=0");
}

TEST(ExplainEndTest, ATracerNamesATrapWithItsData) {
  EXPECT_EQ(explain_end(dead_by(trap(5), {.tracer = true})),
            "killed by SIGSYS: TRAP(5) on uname (63), x86_64; the tracer saw its signal");
}

TEST(ExplainEndTest, WithoutEitherItSaysWhatItMayBe) {
  EXPECT_EQ(explain_end(dead_by(kKill, {})), "killed by SIGSYS: KILL, KILL_PROCESS or TRAP (no audit record to tell)");
}

TEST(ExplainEndTest, TheChildsOwnRecordGoesBeforeADescendants) {
  Outcome outcome = dead_by(kKillProcess, {.audit = true});
  AuditRecord other = outcome.audit[0];
  other.pid = 101;
  other.syscall = 39;
  outcome.audit.push_back(other);
  EXPECT_THAT(explain_end(outcome), testing::HasSubstr("uname (63)"));
  outcome.audit[0].pid = 102;
  EXPECT_THAT(explain_end(outcome), testing::HasSubstr("getpid (39)"));
}

TEST(ExplainEndTest, AnExitCodeIsNoSignal) {
  EXPECT_EQ(explain_end(ended({.exit_code = 2})), "exited with 2");
  EXPECT_EQ(explain_end(ended({.exit_code = 128})), "exited with 128");
  EXPECT_EQ(explain_end(ended({.exit_code = 159})),
            "exited with 159: an exit code, not a death by signal (a shell shows 128+31 for SIGSYS)");
  EXPECT_EQ(explain_end(ended({.exit_code = 255})), "exited with 255");
}

TEST(ExplainEndTest, OtherEndsAreNamed) {
  EXPECT_EQ(explain_end(ended({.kind = End::Kind::signaled, .signal = SIGKILL})),
            "killed by SIGKILL (strict mode, or somebody else)");
  EXPECT_EQ(explain_end(ended({.kind = End::Kind::signaled, .signal = SIGSEGV, .core = true})),
            "killed by SIGSEGV, core dumped");
  EXPECT_EQ(explain_end(ended({.kind = End::Kind::deadline, .state = "stopped (T)"})),
            "did not end within 5000 ms; it was stopped (T)");
  EXPECT_EQ(explain_end(ended({.kind = End::Kind::interrupted})), "the run was ended before the child was");
}

std::vector<std::string> facts_of(const Case& test, const Probe& probe, const Outcome& outcome) {
  const Host host = root_host();
  const Answers answers{kEperm, kEperm};
  return facts({test, probe, answers, outcome, host, ""});
}

TEST(FactsTest, SayWhatWasPredictedAndSeen) {
  const Case test = call_case(kEperm);
  Outcome outcome = kernel_does(kEperm, test, {.audit = true}, root_host());
  outcome.out = "a\"\n";
  outcome.err_cut = true;
  outcome.err = "e";
  outcome.leftovers = 2;
  outcome.audit_complete = false;
  EXPECT_THAT(
      facts_of(test, {.audit = true}, outcome),
      ElementsAre("decide ERRNO(EPERM), evaluate ERRNO(EPERM), kernel ERRNO(EPERM)", "end: exited with 0, after 2.000 ms",
                  "call: uname (63), x86_64 failed with EPERM", R"(stdout: "a\"\n")",
                  R"(stderr: "e", then more that was cut)", R"(audit: uname (63), x86_64, code=0x50000 sig=0, comm "x")",
                  "audit: records were lost", "left over: 2 descendants had to be killed"));
}

TEST(FactsTest, ListEveryKindOfEvent) {
  const Probe probe{.handler = true, .tracer = true, .listener = true};
  EXPECT_THAT(facts_of(call_case(trap(5)), probe, kernel_does(trap(5), call_case(trap(5)), probe, root_host())),
              testing::IsSupersetOf({"call: uname (63), x86_64 ran the SIGSYS handler (1 times)",
                                     "SIGSYS: uname (63), x86_64, code 1, errno 5, ip 0x1000"}));
  EXPECT_THAT(facts_of(call_case(trace(7)), probe, kernel_does(trace(7), call_case(trace(7)), probe, root_host())),
              testing::Contains("seccomp stop: uname (63), x86_64, message 7"));
  EXPECT_THAT(facts_of(call_case(kNotify), probe, kernel_does(kNotify, call_case(kNotify), probe, root_host())),
              testing::Contains("notification: uname (63), x86_64, args 0x0 0x0 0x0 0x0 0x0 0x0"));
}

TEST(FactsTest, AThreadsDeathIsTold) {
  const Case test = call_case(kKill);
  EXPECT_THAT(facts_of(test, {.threads = true}, kernel_does(kKill, test, {.threads = true}, root_host())),
              testing::Contains("call: uname (63), x86_64 ended its thread, and the process lived on"));
}

TEST(FactsTest, AreBounded) {
  const Case test = call_case(kLog);
  Outcome outcome = kernel_does(kLog, test, {.audit = true}, root_host());
  outcome.audit.resize(1000, outcome.audit[0]);
  for (std::size_t i = 0; i < 10; ++i) outcome.audit[i].syscall = 39;
  outcome.out.assign(1'000'000, '\n');
  const std::vector<std::string> lines = facts_of(test, {.audit = true}, outcome);
  EXPECT_LT(lines.size(), 12U);
  EXPECT_THAT(lines, testing::IsSupersetOf({"audit: 985 more", "audit records: 10 of other calls"}));
  for (const std::string& line : lines) EXPECT_LT(line.size(), 2000U);
}

TEST(FactsTest, AFailedSetupIsTheOnlyFact) {
  Outcome outcome;
  outcome.setup = SetupFailure{"load the filter: seccomp(2)", EINVAL};
  EXPECT_THAT(facts_of(call_case(kEperm), {}, outcome),
              ElementsAre("set-up failed: load the filter: seccomp(2): EINVAL (Invalid argument)"));
}

TEST(FactsTest, WithoutACallNothingIsIdentified) {
  Case test = program_case(kEperm);
  test.call.reset();
  EXPECT_THAT(facts_of(test, {}, ended({.exit_code = 2})), ElementsAre("end: exited with 2, after 5000.000 ms"));
  test = program_case(kEperm);
  test.policy.rules[0].when.push_back({.index = 0, .value = 1});
  EXPECT_THAT(facts_of(test, {}, ended({.exit_code = 2})),
              testing::Contains("decide ERRNO(EPERM), evaluate ERRNO(EPERM), kernel not identified"));
}

TEST(ExcerptTest, EscapesAndCuts) {
  EXPECT_EQ(excerpt("a\t\"\\\x1b\xff\n"), R"("a\t\"\\\x1b\xff\n")");
  EXPECT_EQ(excerpt(std::string(401, 'a')), "\"" + std::string(400, 'a') + "\" and 1 bytes more");
}

}  // namespace
}  // namespace sandgauge::explain_test
