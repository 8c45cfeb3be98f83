#include "judge/distinguish.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "judge/identify.h"
#include "scene.h"

namespace sandgauge::distinguish_test {
namespace {

using namespace scene;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Probe kBoth{.handler = true, .threads = true};

Probe with(Probe probe, bool Probe::*watcher) {
  probe.*watcher = true;
  return probe;
}

std::vector<View> every_view() {
  std::vector<View> views;
  for (const Attach attach : {Attach::call, Attach::exec}) {
    for (const bool shown : {true, false}) {
      for (const Probe& probe : every_probe()) {
        Case test = attach == Attach::call ? call_case(kAllow) : program_case(kAllow);
        if (shown) test.expect.exit = 0;
        views.push_back(view_of(test, probe, root_host()));
      }
    }
  }
  return views;
}

bool claims_no_data(Action expected, Action other) {
  return (expected == trap(0) || expected == trace(0)) && other.kind == expected.kind;
}

TEST(LookalikesTest, AreTheActionsOfEqualAppearanceForEveryPairAndProbe) {
  for (const View& view : every_view()) {
    for (const Action& expected : every_action()) {
      const std::vector<Action> alike = lookalikes(expected, view);
      for (const Action& other : every_action()) {
        if (other == expected || claims_no_data(expected, other)) continue;
        const bool equal = appearance(expected, view) == appearance(other, view);
        const bool listed = std::ranges::find(alike, other) != alike.end();
        // Data that is not in the list is stood for by the neighbouring value.
        const bool same_kind = std::ranges::any_of(alike, [&](const Action& one) { return one.kind == other.kind; });
        EXPECT_TRUE(!listed || equal) << to_string(expected) << " and " << to_string(other);
        EXPECT_TRUE(!equal || same_kind) << to_string(expected) << " and " << to_string(other) << ", "
                                         << to_string(view.probe);
      }
      for (const Action& other : alike) EXPECT_NE(other, expected);
    }
  }
}

TEST(LookalikesTest, APlainProbeConfusesTheThreeDeaths) {
  const View view = view_of(call_case(kKill), {}, root_host());
  EXPECT_THAT(lookalikes(kKill, view), ElementsAre(kKillProcess, trap(0)));
  EXPECT_THAT(lookalikes(kKillProcess, view), ElementsAre(kKill, trap(0)));
}

TEST(LookalikesTest, OnlyAuditTellsAllowFromLog) {
  for (const Probe& probe : every_probe())
    EXPECT_EQ(lookalikes(kAllow, view_of(call_case(kAllow), probe, root_host())).empty(), probe.audit) << to_string(probe);
}

TEST(LookalikesTest, TheDataOfATrapNeedsAHandlerOrATracerEvenWithAudit) {
  EXPECT_THAT(lookalikes(trap(5), view_of(call_case(trap(5)), {.audit = true}, root_host())), ElementsAre(trap(0), trap(4)));
  EXPECT_THAT(lookalikes(trap(5), view_of(call_case(trap(5)), {.handler = true}, root_host())), IsEmpty());
  EXPECT_THAT(lookalikes(trap(5), view_of(call_case(trap(5)), {.tracer = true}, root_host())), IsEmpty());
  EXPECT_THAT(lookalikes(trap(0), view_of(call_case(trap(0)), {.audit = true}, root_host())), IsEmpty());
}

TEST(LookalikesTest, AReplyThatIsTheSameErrnoIsToldByTheNotification) {
  Case test = call_case(kNotify);
  test.listener = {.answer = ListenerPlan::Answer::reply, .error = -EACCES};
  EXPECT_THAT(lookalikes(errno_action(EACCES), view_of(test, {.listener = true}, root_host())), IsEmpty());
}

TEST(IdentifiableTest, ACaseWithoutACallOrAFilterIsNot) {
  Case test = call_case(kEperm);
  EXPECT_TRUE(identifiable(test));
  test.mechanism = Mechanism::strict;
  EXPECT_FALSE(identifiable(test));
  test.mechanism = Mechanism::filter;
  test.call.reset();
  EXPECT_FALSE(identifiable(test));
}

TEST(IdentifiableTest, AProgramIsNotWhenThePolicyTestsTheArgumentsOfItsCall) {
  Case test = program_case(kEperm);
  EXPECT_TRUE(identifiable(test));
  test.policy.rules[0].when.push_back({.index = 0, .value = 1});
  EXPECT_FALSE(identifiable(test));
  test.attach = Attach::call;
  EXPECT_TRUE(identifiable(test));
}

struct Pick {
  Action action;
  Probe probe;
};

TEST(ChooseProbeTest, TakesTheCheapestSufficientOneForACall) {
  const Pick picks[] = {{kKillProcess, kBoth},
                        {kKill, kBoth},
                        {trap(5), kBoth},
                        {kEperm, kBoth},
                        {errno_action(0), with(kBoth, &Probe::audit)},
                        {errno_action(ENOSYS), {true, true, true, true, false}},
                        {trace(7), with(kBoth, &Probe::tracer)},
                        {kNotify, with(kBoth, &Probe::listener)},
                        {kLog, with(kBoth, &Probe::audit)},
                        {kAllow, with(kBoth, &Probe::audit)}};
  for (const auto& [action, probe] : picks) {
    const ProbeChoice choice = choose_probe(call_case(action), action, root_host());
    EXPECT_EQ(to_string(choice.probe), to_string(probe)) << to_string(action);
    EXPECT_EQ(choice.unmet, "") << to_string(action);
  }
}

TEST(ChooseProbeTest, TakesTheCheapestSufficientOneForAProgram) {
  const Pick picks[] = {{kKillProcess, {.audit = true}},
                        {kKill, {.audit = true}},
                        {trap(5), {.tracer = true}},
                        {kEperm, {}},
                        {errno_action(ENOSYS), {.tracer = true, .listener = true}},
                        {trace(7), {.tracer = true}},
                        {kNotify, {.listener = true}},
                        {kLog, {.audit = true}},
                        {kAllow, {.audit = true}}};
  for (const auto& [action, probe] : picks) {
    Case test = program_case(action);
    test.expect.exit = 0;
    EXPECT_EQ(to_string(choose_probe(test, action, root_host()).probe), to_string(probe)) << to_string(action);
  }
}

TEST(ChooseProbeTest, NamesTheCapabilityThatOnlyARecordWouldNeed) {
  EXPECT_EQ(choose_probe(call_case(kAllow), kAllow, user_host()).unmet,
            "CAP_AUDIT_READ: only an audit record tells ALLOW from ERRNO(0) and LOG");
  EXPECT_EQ(choose_probe(program_case(kKill), kKill, user_host()).unmet,
            "CAP_AUDIT_READ: only an audit record tells KILL from KILL_PROCESS");
  EXPECT_EQ(choose_probe(call_case(kKill), kKill, user_host()).unmet, "");
}

TEST(ChooseProbeTest, NamesTheSysctlsWordThatIsMissing) {
  Host host = root_host();
  host.actions_logged = {"kill_process", "errno"};
  const ProbeChoice choice = choose_probe(call_case(kLog), kLog, host);
  EXPECT_TRUE(choice.probe.audit);
  EXPECT_EQ(choice.unmet, "log in kernel.seccomp.actions_logged: only an audit record tells LOG from ERRNO(0) and ALLOW");
  EXPECT_EQ(choose_probe(program_case(kKillProcess), kKillProcess, host).unmet, "");
}

TEST(ChooseProbeTest, KeepsTheCasesOwnProbe) {
  Case test = call_case(kAllow);
  test.probe = Probe{};
  EXPECT_EQ(choose_probe(test, kAllow, user_host()), (ProbeChoice{Probe{}, ""}));
  test.probe = Probe{.audit = true};
  EXPECT_EQ(choose_probe(test, kAllow, root_host()), (ProbeChoice{Probe{.audit = true}, ""}));
  EXPECT_EQ(choose_probe(test, kAllow, user_host()).unmet,
            "CAP_AUDIT_READ: only an audit record tells ALLOW from ERRNO(0) and LOG");
}

TEST(ChooseProbeTest, ExpectActionGoesBeforeDecide) {
  Case test = call_case(kEperm);
  test.expect.action = kLog;
  EXPECT_TRUE(choose_probe(test, kEperm, root_host()).probe.audit);
}

TEST(ChooseProbeTest, AClaimedDeathLeavesOutWhatWouldPreventIt) {
  Case kill = call_case(kKill);
  kill.expect.signal = SIGSYS;
  EXPECT_EQ(to_string(choose_probe(kill, kKill, root_host()).probe), "handler+audit");
  Case trapped = call_case(trap(5));
  trapped.expect.signal = SIGSYS;
  EXPECT_EQ(to_string(choose_probe(trapped, trap(5), root_host()).probe), "threads+tracer");
  Case process = call_case(kKillProcess);
  process.expect.core = true;
  EXPECT_EQ(to_string(choose_probe(process, kKillProcess, root_host()).probe), "handler+threads");
}

TEST(ChooseProbeTest, ExpectationsBringTheirWatchers) {
  const auto choose = [](Attach attach, auto set) {
    Case test = attach == Attach::call ? call_case(kEperm) : program_case(kEperm);
    test.expect.exit = 0;
    set(test);
    return to_string(choose_probe(test, kEperm, root_host()).probe);
  };
  EXPECT_EQ(choose(Attach::call, [](Case& test) { test.expect.siginfo.emplace(); }), "handler+threads");
  EXPECT_EQ(choose(Attach::exec, [](Case& test) { test.expect.siginfo.emplace(); }), "tracer");
  EXPECT_EQ(choose(Attach::exec, [](Case& test) { test.expect.trace.emplace(); }), "tracer");
  EXPECT_EQ(choose(Attach::exec, [](Case& test) { test.expect.notification.emplace(); }), "listener");
  EXPECT_EQ(choose(Attach::exec, [](Case& test) { test.expect.audit.emplace(); }), "audit");
  EXPECT_EQ(choose(Attach::exec, [](Case& test) { test.policy.flags.wait_killable = true; }), "listener");
}

TEST(ChooseProbeTest, APolicyWithTraceOrNotifyAnywhereBringsItsWatcher) {
  Case test = program_case(kEperm);
  test.call.reset();
  EXPECT_EQ(to_string(choose_probe(test, std::nullopt, user_host()).probe), "plain");
  test.policy.default_action = trace(1);
  EXPECT_EQ(to_string(choose_probe(test, std::nullopt, user_host()).probe), "tracer");
  test.policy.foreign_action = kNotify;
  EXPECT_EQ(to_string(choose_probe(test, std::nullopt, user_host()).probe), "tracer+listener");
  test.mechanism = Mechanism::none;
  EXPECT_EQ(to_string(choose_probe(test, std::nullopt, user_host()).probe), "plain");
}

TEST(ChooseProbeTest, AnExpectedRecordThatIsNeverWrittenIsUnmet) {
  Case test = call_case(kKill);
  test.expect.audit = AuditExpectation{.code = 0};
  EXPECT_EQ(choose_probe(test, kKill, user_host()).unmet, "CAP_AUDIT_READ: the case expects an audit record");
  Host host = root_host();
  host.actions_logged.erase("kill_thread");
  EXPECT_EQ(choose_probe(test, kKill, host).unmet,
            "kill_thread in kernel.seccomp.actions_logged: the case expects an audit record");
}

TEST(ChooseProbeTest, StrictModeIsWatchedPlainly) {
  Case test = call_case(kKill);
  test.mechanism = Mechanism::strict;
  EXPECT_EQ(choose_probe(test, std::nullopt, user_host()), (ProbeChoice{Probe{}, ""}));
}

}  // namespace
}  // namespace sandgauge::distinguish_test
