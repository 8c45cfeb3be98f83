#include "judge/appearance.h"

#include <gtest/gtest.h>

#include "scene.h"

namespace sandgauge::appearance_test {
namespace {

using namespace scene;
using Death = Appearance::Death;

constexpr std::uint32_t kCodeOf[] = {0x80000000, 0x00000000, 0x00030000, 0x00050000, 0x7fc00000, 0x7ff00000, 0x7ffc0000};
std::uint32_t code_of(Action action) { return kCodeOf[static_cast<int>(action.kind)]; }

struct Row {
  const char* name;
  Action action;
  Attach attach = Attach::call;
  Probe probe;
  Appearance expected;
  TracerPlan tracer{};
  ListenerPlan listener{};
};

const TracerPlan kSkip{.answer = TracerPlan::Answer::skip, .result = -EIO};
const ListenerPlan kReplyError{.answer = ListenerPlan::Answer::reply, .error = -EBUSY};
const ListenerPlan kReplyValue{.answer = ListenerPlan::Answer::reply, .value = 9};

const Row kRows[] = {
    {.name = "KILL_PROCESS kills a sole thread's process", .action = kKillProcess, .expected = {.death = Death::process}},
    {.name = "KILL kills a sole thread's process", .action = kKill, .expected = {.death = Death::process}},
    {.name = "KILL_PROCESS kills both threads",
     .action = kKillProcess,
     .probe = {.threads = true},
     .expected = {.death = Death::process}},
    {.name = "KILL kills the calling thread only",
     .action = kKill,
     .probe = {.threads = true},
     .expected = {.death = Death::thread}},
    {.name = "a handler does not save from KILL",
     .action = kKill,
     .probe = {.handler = true},
     .expected = {.death = Death::process}},
    {.name = "a tracer sees no signal of KILL_PROCESS",
     .action = kKillProcess,
     .probe = {.tracer = true},
     .expected = {.death = Death::process}},
    {.name = "TRAP without a handler kills", .action = trap(5), .expected = {.death = Death::process}},
    {.name = "TRAP without a handler kills both threads",
     .action = trap(5),
     .probe = {.threads = true},
     .expected = {.death = Death::process}},
    {.name = "TRAP runs the handler with its data",
     .action = trap(5),
     .probe = {.handler = true},
     .expected = {.sigsys_data = 5}},
    {.name = "TRAP stops for the tracer, then kills",
     .action = trap(5),
     .probe = {.tracer = true},
     .expected = {.death = Death::process, .sigsys_data = 5}},
    {.name = "TRAP in a program cannot be handled by us",
     .action = trap(5),
     .attach = Attach::exec,
     .probe = {.handler = true},
     .expected = {.death = Death::process}},
    {.name = "KILL in a program kills it, for all that we know",
     .action = kKill,
     .attach = Attach::exec,
     .probe = {.threads = true},
     .expected = {.death = Death::process}},
    {.name = "ERRNO fails", .action = kEperm, .expected = {.result = -EPERM}},
    {.name = "ERRNO(0) looks like success", .action = errno_action(0), .expected = {.result = 0}},
    {.name = "TRACE without a tracer is ENOSYS", .action = trace(7), .expected = {.result = -ENOSYS}},
    {.name = "TRACE stops with its message and goes on",
     .action = trace(7),
     .probe = {.tracer = true},
     .expected = {.result = 0, .trace_message = 7}},
    {.name = "TRACE that is skipped returns what the tracer wrote",
     .action = trace(7),
     .probe = {.tracer = true},
     .expected = {.result = -EIO, .trace_message = 7},
     .tracer = kSkip},
    {.name = "a plan without a tracer means nothing", .action = trace(7), .expected = {.result = -ENOSYS}, .tracer = kSkip},
    {.name = "NOTIFY without a listener is ENOSYS", .action = kNotify, .expected = {.result = -ENOSYS}},
    {.name = "NOTIFY notifies and goes on",
     .action = kNotify,
     .probe = {.listener = true},
     .expected = {.result = 0, .notified = true}},
    {.name = "NOTIFY fails as replied",
     .action = kNotify,
     .probe = {.listener = true},
     .expected = {.result = -EBUSY, .notified = true},
     .listener = kReplyError},
    {.name = "NOTIFY returns as replied",
     .action = kNotify,
     .probe = {.listener = true},
     .expected = {.result = 9, .notified = true},
     .listener = kReplyValue},
    {.name = "LOG runs", .action = kLog, .expected = {.result = 0}},
    {.name = "ALLOW runs", .action = kAllow, .expected = {.result = 0}},
};

class AppearanceTest : public testing::TestWithParam<Row> {};

TEST_P(AppearanceTest, IsAsTheKernelDoesIt) {
  const Row& row = GetParam();
  Case test = row.attach == Attach::call ? call_case(row.action) : program_case(row.action);
  test.tracer = row.tracer;
  test.listener = row.listener;
  EXPECT_EQ(appearance(row.action, view_of(test, row.probe, root_host())), row.expected);
}

INSTANTIATE_TEST_SUITE_P(Rows, AppearanceTest, testing::ValuesIn(kRows), [](const auto& row) {
  std::string name = row.param.name;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
});

View audited(Action action, Probe probe = {}) {
  probe.audit = true;
  return view_of(call_case(action), probe, root_host());
}

TEST(AuditAppearanceTest, EveryActionButAllowLeavesItsCodeWithoutData) {
  for (const Action& action : every_action()) {
    SCOPED_TRACE(to_string(action));
    const auto code = appearance(action, audited(action)).audit_code;
    if (action == kAllow)
      EXPECT_EQ(code, std::nullopt);
    else
      EXPECT_EQ(code, code_of(action));
  }
}

TEST(AuditAppearanceTest, NoRecordIsSeenWithoutTheAuditProbe) {
  for (const Action& action : every_action())
    EXPECT_EQ(appearance(action, view_of(call_case(action), {}, root_host())).audit_code, std::nullopt) << to_string(action);
}

TEST(AuditAppearanceTest, AnActionWhoseWordIsNotLoggedLeavesNoRecord) {
  for (const Action& action : every_action()) {
    View view = audited(action);
    view.actions_logged.erase(std::string(logged_word(action.kind)));
    EXPECT_EQ(appearance(action, view).audit_code, std::nullopt) << to_string(action);
  }
}

TEST(AuditAppearanceTest, ACallThatAWatcherHandlesIsRecordedOnlyIfTheListenerReplied) {
  EXPECT_EQ(appearance(trace(7), audited(trace(7), {.tracer = true})).audit_code, std::nullopt);
  View view = audited(kNotify, {.listener = true});
  EXPECT_EQ(appearance(kNotify, view).audit_code, std::nullopt);
  view.listener = kReplyValue;
  EXPECT_EQ(appearance(kNotify, view).audit_code, code_of(kNotify));
}

TEST(AuditAppearanceTest, ACallThatTheTracerSkipsIsRecordedUnderAnotherNumber) {
  View view = audited(trace(7), {.tracer = true});
  view.tracer = kSkip;
  EXPECT_EQ(appearance(trace(7), view).audit_code, std::nullopt);
}

TEST(ViewTest, TheResultOfAProgramsCallIsSeenOnlyIfTheCaseSaysWhatTheProgramShows) {
  Case test = program_case(kEperm);
  EXPECT_FALSE(view_of(test, {}, root_host()).result_seen);
  test.expect.signal = SIGSYS;
  EXPECT_FALSE(view_of(test, {}, root_host()).result_seen);
  EXPECT_EQ(appearance(kEperm, view_of(test, {}, root_host())), Appearance{});
  const auto with = [&test](auto set) {
    Case changed = test;
    set(changed.expect);
    return view_of(changed, {}, root_host()).result_seen;
  };
  EXPECT_TRUE(with([](Expectation& expect) { expect.exit = 2; }));
  EXPECT_TRUE(with([](Expectation& expect) { expect.out = ""; }));
  EXPECT_TRUE(with([](Expectation& expect) { expect.err = ""; }));
  EXPECT_TRUE(with([](Expectation& expect) { expect.error = EPERM; }));
  EXPECT_TRUE(with([](Expectation& expect) { expect.returns = -1; }));
  EXPECT_TRUE(with([](Expectation& expect) { expect.absent = {"x"}; }));
  EXPECT_TRUE(with([](Expectation& expect) { expect.present = {"x"}; }));
}

TEST(ViewTest, ACallThatTheKernelDoesNotRunFailsWithEnosysByItself) {
  Case test = call_case(kAllow);
  EXPECT_EQ(view_of(test, {}, root_host()).own_error, std::nullopt);
  test.call->abi = Abi::x32;
  EXPECT_EQ(view_of(test, {}, root_host()).own_error, ENOSYS);
  EXPECT_EQ(appearance(kAllow, view_of(test, {}, root_host())).result, -ENOSYS);
  Host host = root_host();
  host.abis.insert(Abi::x32);
  EXPECT_EQ(view_of(test, {}, host).own_error, std::nullopt);
  test.call = CallRequest{.syscall = "9999"};
  EXPECT_EQ(view_of(test, {}, root_host()).own_error, ENOSYS);
}

TEST(ViewTest, AThreadThatExitsLooksLikeOneThatWasKilled) {
  Case test = call_case(kAllow);
  test.call->syscall = "exit";
  const View view = view_of(test, {.threads = true}, root_host());
  EXPECT_EQ(appearance(kAllow, view), appearance(kKill, view));
  test.call->syscall = "exit_group";
  const View group = view_of(test, {.threads = true}, root_host());
  EXPECT_EQ(appearance(kAllow, group), Appearance{});
}

}  // namespace
}  // namespace sandgauge::appearance_test
