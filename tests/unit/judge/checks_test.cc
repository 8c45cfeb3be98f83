#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "imitation.h"
#include "judge/judge.h"
#include "scene.h"

namespace sandgauge::checks_test {
namespace {

using namespace scene;
using std::chrono::milliseconds;

constexpr Probe kAll{.handler = true, .threads = true, .tracer = true, .listener = true, .audit = true};

/// One expectation, what the kernel did, and the single check that must come of it.
struct Row {
  const char* name;
  std::function<void(Expectation&)> claim;
  std::function<void(Outcome&)> happened;
  Check check;
};

void exits(Outcome& outcome) { outcome.end = {.kind = End::Kind::exited, .exit_code = 2}; }
void dumps(Outcome& outcome) { outcome.end = {.kind = End::Kind::signaled, .signal = SIGSYS, .core = true}; }
void dies(Outcome& outcome) { outcome.end = {.kind = End::Kind::signaled, .signal = SIGKILL}; }
void hangs(Outcome& outcome) { outcome.end = {.kind = End::Kind::deadline, .state = "sleeping (S)"}; }
void does(Outcome& outcome, Action action) { outcome = kernel_does(action, call_case(action), kAll, root_host()); }
std::function<void(Outcome&)> done(Action action) {
  return [action](Outcome& outcome) { does(outcome, action); };
}
std::function<void(Outcome&)> exists(std::string path) {
  return [path](Outcome& outcome) { outcome.existing = {path}; };
}
std::function<void(Outcome&)> wrote(std::string out, bool cut = false) {
  return [out, cut](Outcome& outcome) { outcome.out = out, outcome.out_cut = cut; };
}
std::function<void(Outcome&)> took(int ms) {
  return [ms](Outcome& outcome) { outcome.duration = milliseconds(ms); };
}
std::function<void(Outcome&)> notified_of(std::uint64_t first, std::uint64_t second) {
  return [=](Outcome& outcome) {
    does(outcome, kNotify);
    outcome.notifications[0].call.args[0] = first;
    outcome.notifications[0].call.args[1] = second;
  };
}
std::function<void(Expectation&)> siginfo(SiginfoExpectation claim) {
  return [claim](Expectation& expect) { expect.siginfo = claim; };
}
std::function<void(Expectation&)> tracing(TraceExpectation claim) {
  return [claim](Expectation& expect) { expect.trace = claim; };
}
std::function<void(Expectation&)> notification(NotificationExpectation claim) {
  return [claim](Expectation& expect) { expect.notification = claim; };
}
std::function<void(Expectation&)> audit(AuditExpectation claim) {
  return [claim](Expectation& expect) { expect.audit = claim; };
}

const Row kRows[] = {
    {"exit met", [](Expectation& e) { e.exit = 2; }, exits, {"exit", "2", "2", true}},
    {"exit differs", [](Expectation& e) { e.exit = 0; }, exits, {"exit", "0", "2", false}},
    {"exit but killed", [](Expectation& e) { e.exit = 0; }, dies, {"exit", "0", "killed by SIGKILL", false}},
    {"signal met", [](Expectation& e) { e.signal = SIGSYS; }, dumps, {"signal", "SIGSYS", "SIGSYS", true}},
    {"signal differs", [](Expectation& e) { e.signal = SIGSYS; }, dies, {"signal", "SIGSYS", "SIGKILL", false}},
    {"signal but exited", [](Expectation& e) { e.signal = SIGSYS; }, exits, {"signal", "SIGSYS", "exited with 2", false}},
    {"core met", [](Expectation& e) { e.core = true; }, dumps, {"core bit", "set", "set", true}},
    {"no core met", [](Expectation& e) { e.core = false; }, dies, {"core bit", "clear", "clear", true}},
    {"core missing", [](Expectation& e) { e.core = true; }, dies, {"core bit", "set", "clear", false}},
    {"core unwanted", [](Expectation& e) { e.core = false; }, dumps, {"core bit", "clear", "set", false}},
    {"core of a hang", [](Expectation& e) { e.core = false; }, hangs, {"core bit", "clear", "did not end in time", false}},
    {"stdout met",
     [](Expectation& e) { e.out = "ID: {uid} {gid} {cwd} {sysname} {release} {other}\n"; },
     wrote("ID: 0 0 /run/x Linux 6.18.1 {other}\n"),
     {"stdout", R"("ID: 0 0 /run/x Linux 6.18.1 {other}\n")", R"("ID: 0 0 /run/x Linux 6.18.1 {other}\n")", true}},
    {"stdout differs", [](Expectation& e) { e.out = "a"; }, wrote("b"), {"stdout", R"("a")", R"("b")", false}},
    {"stdout is longer", [](Expectation& e) { e.out = ""; }, wrote("b"), {"stdout", R"("")", R"("b")", false}},
    {"stdout was cut",
     [](Expectation& e) { e.out = "a"; },
     wrote("a", true),
     {"stdout", R"("a")", R"("a", then more that was cut)", false}},
    {"stderr differs",
     [](Expectation& e) { e.err = "x"; },
     [](Outcome& o) { o.err = "\x1b"; },
     {"stderr", R"("x")", R"("\x1b")", false}},
    {"action met",
     [](Expectation& e) { e.action = kKillProcess; },
     done(kKillProcess),
     {"action", "KILL_PROCESS", "KILL_PROCESS", true}},
    {"action differs",
     [](Expectation& e) { e.action = kKillProcess; },
     done(kKill),
     {"action", "KILL_PROCESS", "KILL", false}},
    {"action's data differs",
     [](Expectation& e) { e.action = trap(5); },
     done(trap(6)),
     {"action", "TRAP(5)", "TRAP(6)", false}},
    {"errno met",
     [](Expectation& e) { e.error = EPERM; },
     done(kEperm),
     {"errno", "failed with EPERM", "failed with EPERM", true}},
    {"errno differs",
     [](Expectation& e) { e.error = ENOSYS; },
     done(kEperm),
     {"errno", "failed with ENOSYS", "failed with EPERM", false}},
    {"errno but success",
     [](Expectation& e) { e.error = EPERM; },
     done(kAllow),
     {"errno", "failed with EPERM", "returned 0", false}},
    {"errno but killed",
     [](Expectation& e) { e.error = EPERM; },
     done(kKill),
     {"errno", "failed with EPERM", "did not return", false}},
    {"errno but trapped",
     [](Expectation& e) { e.error = EPERM; },
     done(trap(0)),
     {"errno", "failed with EPERM", "the SIGSYS handler ran instead", false}},
    {"errno unknown",
     [](Expectation& e) { e.error = EPERM; },
     [](Outcome& o) { o.call.reset(); },
     {"errno", "failed with EPERM", "the program did not report it", false}},
    {"returns met", [](Expectation& e) { e.returns = -1; }, done(kEperm), {"returns", "-1", "-1", true}},
    {"returns differs", [](Expectation& e) { e.returns = 0; }, done(kEperm), {"returns", "0", "-1", false}},
    {"siginfo met", siginfo({}), done(trap(5)), {"siginfo", "SIGSYS", "SIGSYS", true}},
    {"siginfo missing", siginfo({}), done(kKill), {"siginfo", "SIGSYS", "none", false}},
    {"trace met", tracing({}), done(trace(7)), {"trace.count", "at least 1", "1", true}},
    {"trace missing", tracing({}), done(kEperm), {"trace.count", "at least 1", "0", false}},
    {"trace count met", tracing({.count = 0}), done(kEperm), {"trace.count", "0", "0", true}},
    {"trace count differs", tracing({.count = 2}), done(trace(7)), {"trace.count", "2", "1", false}},
    {"message met", tracing({.message = 7}), done(trace(7)), {"trace.message", "7", "7", true}},
    {"message differs", tracing({.message = 7}), done(trace(8)), {"trace.message", "7", "8", false}},
    {"message missing", tracing({.message = 7}), done(kAllow), {"trace.message", "7", "none", false}},
    {"one message of two differs",
     tracing({.message = 7}),
     [](Outcome& o) {
       does(o, trace(7));
       o.traces.push_back(o.traces[0]);
       o.traces[1].message = 9;
     },
     {"trace.message", "7", "9", false}},
    {"notification met", notification({}), done(kNotify), {"notification.count", "at least 1", "1", true}},
    {"notification missing", notification({}), done(kAllow), {"notification.count", "at least 1", "0", false}},
    {"notification count", notification({.count = 2}), done(kNotify), {"notification.count", "2", "1", false}},
    {"args met",
     notification({.args = {1, std::nullopt}}),
     notified_of(1, 2),
     {"notification.args", "0x1, any", "0x1, any", true}},
    {"args differ", notification({.args = {1, 3}}), notified_of(1, 2), {"notification.args", "0x1, 0x3", "0x1, 0x2", false}},
    {"args missing", notification({.args = {1}}), done(kAllow), {"notification.args", "0x1", "none", false}},
    {"no record met", audit({.none = true}), done(kAllow), {"audit", "no record", "no record", true}},
    {"a record unwanted", audit({.none = true}), done(kLog), {"audit", "no record", "1 of them", false}},
    {"a record met", audit({}), done(kLog), {"audit.count", "at least 1", "1", true}},
    {"a record missing", audit({}), done(kAllow), {"audit.count", "at least 1", "0", false}},
    {"record count", audit({.count = 2}), done(kLog), {"audit.count", "2", "1", false}},
    {"record signal met", audit({.signal = SIGSYS}), done(kKill), {"audit.signal", "31", "31", true}},
    {"record signal differs", audit({.signal = SIGSYS}), done(kLog), {"audit.signal", "31", "0", false}},
    {"record code met", audit({.code = 0x00050000}), done(kEperm), {"audit.code", "0x50000", "0x50000", true}},
    {"record code differs", audit({.code = 0x00050000}), done(kLog), {"audit.code", "0x50000", "0x7ffc0000", false}},
    {"record code missing", audit({.code = 0x00050000}), done(kAllow), {"audit.code", "0x50000", "none", false}},
    {"record arch met", audit({.arch = 0xc000003e}), done(kLog), {"audit.arch", "0xc000003e", "0xc000003e", true}},
    {"record arch differs", audit({.arch = 0x40000003}), done(kLog), {"audit.arch", "0x40000003", "0xc000003e", false}},
    {"absent met",
     [](Expectation& e) { e.absent = {"d"}; },
     exists("e"),
     {"absent d", "does not exist", "does not exist", true}},
    {"absent but there",
     [](Expectation& e) { e.absent = {"d"}; },
     exists("d"),
     {"absent d", "does not exist", "exists", false}},
    {"present met", [](Expectation& e) { e.present = {"d"}; }, exists("d"), {"present d", "exists", "exists", true}},
    {"present but gone",
     [](Expectation& e) { e.present = {"d"}; },
     exists("e"),
     {"present d", "exists", "does not exist", false}},
    {"within met",
     [](Expectation& e) { e.within = milliseconds(20); },
     took(20),
     {"within", "at most 20 ms", "20.000 ms", true}},
    {"within exceeded",
     [](Expectation& e) { e.within = milliseconds(20); },
     took(21),
     {"within", "at most 20 ms", "21.000 ms", false}},
};

std::vector<Check> checks_of(const std::function<void(Expectation&)>& claim, const std::function<void(Outcome&)>& happened) {
  Case test = call_case(kEperm);
  claim(test.expect);
  Outcome outcome;
  outcome.call = CallFacts{.started = 1};
  happened(outcome);
  const Host host = root_host();
  const Answers answers{kEperm, kEperm};
  return checks({test, kAll, answers, outcome, host, "/run/x"});
}

class ChecksTest : public testing::TestWithParam<Row> {};

TEST_P(ChecksTest, IsMadeAsClaimed) {
  const std::vector<Check> made = checks_of(GetParam().claim, GetParam().happened);
  ASSERT_EQ(made.size(), 1U);
  EXPECT_EQ(made[0].what, GetParam().check.what);
  EXPECT_EQ(made[0].expected, GetParam().check.expected);
  EXPECT_EQ(made[0].observed, GetParam().check.observed);
  EXPECT_EQ(made[0].met, GetParam().check.met);
}

INSTANTIATE_TEST_SUITE_P(Rows, ChecksTest, testing::ValuesIn(kRows), [](const auto& row) {
  std::string name = row.param.name;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
});

std::string unmet_names(const std::vector<Check>& made) {
  std::string names;
  for (const Check& check : made)
    if (!check.met) names += check.what + " " + check.observed + ";";
  return names;
}

TEST(SiginfoCheckTest, EveryFieldOfHandlerAndTracerCounts) {
  const SiginfoExpectation claim{.code = 1, .error = 5, .syscall = 63, .arch = 0xc000003e};
  EXPECT_EQ(unmet_names(checks_of(siginfo(claim), done(trap(5)))), "");
  EXPECT_EQ(unmet_names(checks_of(siginfo(claim), done(trap(6)))), "siginfo.errno 6;");
  const auto handler = [](auto set) {
    return [set](Outcome& outcome) {
      does(outcome, trap(5));
      set(outcome.call->sigsys);
    };
  };
  EXPECT_EQ(unmet_names(checks_of(siginfo(claim), handler([](SigsysFacts& f) { f.signo = SIGSEGV; }))), "siginfo SIGSEGV;");
  EXPECT_EQ(unmet_names(checks_of(siginfo(claim), handler([](SigsysFacts& f) { f.code = 2; }))), "siginfo.code 2;");
  EXPECT_EQ(unmet_names(checks_of(siginfo({.syscall = 62}), done(trap(5)))), "siginfo.syscall 63;");
  EXPECT_EQ(unmet_names(checks_of(siginfo({.arch = 0x40000003}), done(trap(5)))), "siginfo.arch 0xc000003e;");
  const auto tracer_differs = [](Outcome& outcome) {
    does(outcome, trap(5));
    outcome.traced_sigsys[0].facts.error = 6;
  };
  EXPECT_EQ(unmet_names(checks_of(siginfo(claim), tracer_differs)), "siginfo.errno 6;");
}

TEST(SiginfoCheckTest, ASigsysOfAnotherCallIsNone) {
  const auto another = [](Outcome& outcome) {
    does(outcome, trap(5));
    outcome.call->handler_runs = 0;
    outcome.traced_sigsys[0].facts.syscall = 39;
  };
  EXPECT_EQ(unmet_names(checks_of(siginfo({.error = 5}), another)), "siginfo none;siginfo.errno none;");
}

TEST(SiginfoCheckTest, AnX32NumberIsTakenWithAndWithoutItsBit) {
  for (const int number : {63, 0x4000003f}) {
    Case test = call_case(trap(5));
    test.call->abi = Abi::x32;
    test.expect.siginfo = SiginfoExpectation{.syscall = number};
    const Host host = root_host();
    const Outcome outcome = kernel_does(trap(5), test, kAll, host);
    const Answers answers;
    EXPECT_EQ(unmet_names(checks({test, kAll, answers, outcome, host, ""})), "");
  }
}

TEST(TextCheckTest, ALateDifferenceIsShownWhereItIs) {
  const std::string same(1000, 'a');
  const auto made = checks_of([&](Expectation& e) { e.out = same + "x"; }, wrote(same + "y"));
  EXPECT_EQ(made[0].expected, "from byte 960: \"" + std::string(40, 'a') + "x\"");
  EXPECT_EQ(made[0].observed, "from byte 960: \"" + std::string(40, 'a') + "y\"");
}

TEST(ChecksTest, AllAreMadeAndNoneStopsTheRest) {
  const auto made = checks_of(
      [](Expectation& e) {
        e.exit = 3;
        e.core = true;
        e.out = "x";
        e.err = "x";
        e.action = kLog;
        e.error = 1;
        e.returns = 7;
        e.siginfo = SiginfoExpectation{.code = 1};
        e.trace.emplace();
        e.notification.emplace();
        e.audit.emplace();
        e.absent = {"a"};
        e.present = {"b"};
        e.within = milliseconds(1);
      },
      [](Outcome& outcome) {
        outcome.existing = {"a"};
        outcome.duration = milliseconds(2);
      });
  EXPECT_EQ(made.size(), 15U);
  for (const Check& check : made) EXPECT_FALSE(check.met) << check.what;
}

constexpr std::uint32_t kNative = 0xC000003E;

/// A program whose process 7 the filter killed for its call 140, getpriority; the program's own is 5 and exited with 0.
Outcome with_a_killed_child() {
  Outcome outcome;
  outcome.pid = 5;
  outcome.audit.push_back(
      {.pid = 7, .signal = SIGSYS, .arch = kNative, .syscall = 140, .code = 0x80000000, .comm = "worker"});
  return outcome;
}

std::vector<Check> checks_of_program(const Outcome& outcome, const std::function<void(Case&)>& change) {
  Case test = program_case(kEperm);
  test.call.reset();
  test.expect.exit = 0;
  change(test);
  const Host host = root_host();
  return checks({test, {}, {}, outcome, host, "/run/x"});
}

TEST(KillCheckTest, AProcessThatTheFilterKilledIsNamedThoughItsProgramLivesOn) {
  const auto made = checks_of_program(with_a_killed_child(), [](Case&) {});
  ASSERT_EQ(made.size(), 2U);
  EXPECT_EQ(made[0], (Check{"killed by the filter", "nothing",
                            "process 7 (\"worker\"), by KILL_PROCESS on getpriority (140), x86_64", false}));
  Outcome two = with_a_killed_child();
  two.audit.push_back(two.audit.front());
  EXPECT_TRUE(checks_of_program(two, [](Case&) {})[0].observed.ends_with(", and 1 more"));
}

TEST(KillCheckTest, WhatACaseClaimsIsNoSurprise) {
  const std::function<void(Case&)> claims[] = {
      [](Case& test) { test.expect = {.signal = SIGSYS}; },
      [](Case& test) { test.expect = {.exit = 128 + SIGSYS}; },
      [](Case& test) { test.call = CallRequest{.syscall = "getpriority"}; },
      [](Case& test) { test.expect.audit.emplace(); },
      [](Case& test) { test.attach = Attach::call; },
  };
  for (const auto& claim : claims)
    for (const Check& check : checks_of_program(with_a_killed_child(), claim)) EXPECT_NE(check.what, "killed by the filter");
  const auto other =
      checks_of_program(with_a_killed_child(), [](Case& test) { test.call = CallRequest{.syscall = "uname"}; });
  EXPECT_EQ(other[0].what, "killed by the filter");
}

TEST(KillCheckTest, TheProgramsOwnDeathIsItsEndAndADeadThreadIsNot) {
  Outcome outcome = with_a_killed_child();
  outcome.audit[0].pid = outcome.pid;
  EXPECT_EQ(checks_of_program(outcome, [](Case&) {}).size(), 2U);
  outcome.end = {.kind = End::Kind::signaled, .signal = SIGSYS};
  EXPECT_EQ(checks_of_program(outcome, [](Case&) {}).size(), 1U);
}

TEST(KillCheckTest, ARecordOfAnotherActionIsNoKill) {
  Outcome outcome = with_a_killed_child();
  outcome.audit[0].signal = 0;
  outcome.audit[0].code = 0x00050001;
  EXPECT_EQ(checks_of_program(outcome, [](Case&) {}).size(), 1U);
}

}  // namespace
}  // namespace sandgauge::checks_test
