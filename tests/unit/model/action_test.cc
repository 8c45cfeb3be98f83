#include "model/action.h"

#include <gtest/gtest.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>

namespace sandgauge::action_test {
namespace {

constexpr Action kTrap{ActionKind::trap, 0};

struct Spelling {
  const char* text;
  Action action;
};

TEST(ActionTest, EverySpellingIsRead) {
  const Spelling spellings[] = {
      {"KILL", {ActionKind::kill_thread}},
      {"KILL_THREAD", {ActionKind::kill_thread}},
      {"KILL_PROCESS", {ActionKind::kill_process}},
      {"TRAP", kTrap},
      {"TRAP(0)", kTrap},
      {"TRAP(65535)", {ActionKind::trap, 65535}},
      {"ERRNO", errno_action(EPERM)},
      {"ERRNO(EPERM)", errno_action(EPERM)},
      {"ERRNO(ENOSYS)", errno_action(ENOSYS)},
      {"ERRNO(0)", errno_action(0)},
      {"ERRNO(38)", errno_action(ENOSYS)},
      {"ERRNO(4095)", errno_action(4095)},
      {"TRACE", {ActionKind::trace, 0}},
      {"TRACE(7)", {ActionKind::trace, 7}},
      {"TRACE(0x10)", {ActionKind::trace, 16}},
      {"TRACE(0XfFfF)", {ActionKind::trace, 65535}},
      {"LOG", {ActionKind::log}},
      {"ALLOW", {ActionKind::allow}},
      {"NOTIFY", {ActionKind::notify}},
      {"USER_NOTIF", {ActionKind::notify}},
      {"SCMP_ACT_KILL", {ActionKind::kill_thread}},
      {"SCMP_ACT_KILL_THREAD", {ActionKind::kill_thread}},
      {"SCMP_ACT_KILL_PROCESS", {ActionKind::kill_process}},
      {"SCMP_ACT_TRAP", kTrap},
      {"SCMP_ACT_ERRNO", errno_action(EPERM)},
      {"SCMP_ACT_ERRNO(ENOSYS)", errno_action(ENOSYS)},
      {"SCMP_ACT_TRACE", {ActionKind::trace, 0}},
      {"SCMP_ACT_LOG", {ActionKind::log}},
      {"SCMP_ACT_ALLOW", {ActionKind::allow}},
      {"SCMP_ACT_NOTIFY", {ActionKind::notify}},
  };
  for (const auto& [text, action] : spellings) {
    const auto parsed = parse_action(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().message;
    EXPECT_EQ(*parsed, action) << text;
  }
}

TEST(ActionTest, AnUnknownActionIsRefusedWithTheKnownOnes) {
  for (const std::string text : {"", "kill", "DENY", "SCMP_ACT_", "SCMP_ACT_SCMP_ACT_KILL", "ERRNO(EPERM", "ERRNO EPERM",
                                 "(EPERM)", "KILL ", "ERRNO(EPERM) "}) {
    const auto parsed = parse_action(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(
        parsed.error().message,
        "unknown action '" + text + "', expected KILL, KILL_PROCESS, TRAP, ERRNO(errno), TRACE(n), LOG, ALLOW or NOTIFY");
  }
}

TEST(ActionTest, AnActionWithoutDataTakesNoArgument) {
  for (const std::string name : {"KILL", "KILL_THREAD", "KILL_PROCESS", "LOG", "ALLOW", "NOTIFY", "USER_NOTIF"}) {
    const auto parsed = parse_action(name + "(1)");
    ASSERT_FALSE(parsed) << name;
    EXPECT_EQ(parsed.error().message, "action " + name + " takes no argument, found '" + name + "(1)'");
  }
}

TEST(ActionTest, ErrnoWantsANameOrANumberOfAnErrno) {
  for (const std::string argument : {"", "EPREM", "eperm", "4096", "-1", "0x1", "1.5"}) {
    const auto parsed = parse_action("ERRNO(" + argument + ")");
    ASSERT_FALSE(parsed) << argument;
    EXPECT_EQ(parsed.error().message, "unknown errno '" + argument + "' in 'ERRNO(" + argument +
                                          ")', expected a name such as EPERM or a number from 0 to 4095");
  }
}

TEST(ActionTest, TrapAndTraceWantANumberOfSixteenBits) {
  for (const std::string text : {"TRACE()", "TRACE(65536)", "TRACE(-1)", "TRACE(0x)", "TRACE(4294967303)", "TRAP(seven)",
                                 "TRAP(0x10000)", "TRAP(7 )"}) {
    const auto parsed = parse_action(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().message, "'" + text + "': expected a number from 0 to 65535");
  }
}

TEST(ActionTest, CanonicalTextLeadsBackToTheAction) {
  for (const ActionKind kind : kEveryActionKind) {
    const bool has_data = kind == ActionKind::error || kind == ActionKind::trap || kind == ActionKind::trace;
    for (const std::uint16_t data : std::initializer_list<std::uint16_t>{0, 1, 38, 4095}) {
      const Action action{kind, has_data ? data : std::uint16_t{0}};
      const auto parsed = parse_action(to_string(action));
      ASSERT_TRUE(parsed) << to_string(action);
      EXPECT_EQ(*parsed, action) << to_string(action);
    }
  }
}

TEST(ActionTest, CanonicalTexts) {
  EXPECT_EQ(to_string(Action{ActionKind::kill_thread}), "KILL");
  EXPECT_EQ(to_string(Action{ActionKind::kill_process}), "KILL_PROCESS");
  EXPECT_EQ(to_string(kTrap), "TRAP");
  EXPECT_EQ(to_string(Action{ActionKind::trap, 9}), "TRAP(9)");
  EXPECT_EQ(to_string(errno_action(EPERM)), "ERRNO(EPERM)");
  EXPECT_EQ(to_string(errno_action(0)), "ERRNO(0)");
  EXPECT_EQ(to_string(errno_action(4095)), "ERRNO(4095)");
  EXPECT_EQ(to_string(Action{ActionKind::trace, 0}), "TRACE(0)");
  EXPECT_EQ(to_string(Action{ActionKind::log}), "LOG");
  EXPECT_EQ(to_string(Action{ActionKind::allow}), "ALLOW");
  EXPECT_EQ(to_string(Action{ActionKind::notify}), "NOTIFY");
}

TEST(ActionTest, TheDataOfAnActionThatIgnoresItIsNotShown) {
  EXPECT_EQ(to_string(Action{ActionKind::kill_thread, 5}), "KILL");
  EXPECT_EQ(to_string(Action{ActionKind::allow, 5}), "ALLOW");
}

TEST(ActionTest, ReturnValuesAreTheKernels) {
  EXPECT_EQ(return_value({ActionKind::kill_process}), SECCOMP_RET_KILL_PROCESS);
  EXPECT_EQ(return_value({ActionKind::kill_thread}), SECCOMP_RET_KILL_THREAD);
  EXPECT_EQ(return_value({ActionKind::trap, 3}), SECCOMP_RET_TRAP | 3U);
  EXPECT_EQ(return_value(errno_action(EPERM)), 0x00050001U);
  EXPECT_EQ(return_value({ActionKind::notify}), SECCOMP_RET_USER_NOTIF);
  EXPECT_EQ(return_value({ActionKind::trace, 0xffff}), 0x7ff0ffffU);
  EXPECT_EQ(return_value({ActionKind::log}), SECCOMP_RET_LOG);
  EXPECT_EQ(return_value({ActionKind::allow}), SECCOMP_RET_ALLOW);
}

TEST(ActionTest, ReturnValuesLeadBackToTheAction) {
  for (const ActionKind kind : kEveryActionKind) {
    const bool has_data = kind == ActionKind::error || kind == ActionKind::trap || kind == ActionKind::trace;
    const Action action{kind, has_data ? std::uint16_t{77} : std::uint16_t{0}};
    EXPECT_EQ(action_of_return_value(return_value(action)), action) << to_string(action);
  }
}

TEST(ActionTest, TheKernelDropsTheDataOfActionsThatIgnoreIt) {
  for (const std::uint32_t value :
       {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_USER_NOTIF, SECCOMP_RET_LOG, SECCOMP_RET_ALLOW})
    EXPECT_EQ(action_of_return_value(value | 0xffff), action_of_return_value(value)) << value;
}

TEST(ActionTest, TheKernelCutsAnErrnoAtTheHighestOne) {
  EXPECT_EQ(action_of_return_value(SECCOMP_RET_ERRNO | 4095), errno_action(4095));
  EXPECT_EQ(action_of_return_value(SECCOMP_RET_ERRNO | 4096), errno_action(4095));
  EXPECT_EQ(action_of_return_value(SECCOMP_RET_ERRNO | 0xffff), errno_action(4095));
}

TEST(ActionTest, AReturnValueThatTheKernelDoesNotKnowKillsTheProcess) {
  for (const std::uint32_t value : {0x00010000U, 0x7ffe0000U, 0x80010000U, 0xffffffffU})
    EXPECT_EQ(action_of_return_value(value), Action{ActionKind::kill_process}) << value;
}

TEST(ActionTest, StricterKindsComeFirstAsInTheKernel) {
  const auto precedence = [](ActionKind kind) { return static_cast<std::int32_t>(return_value({kind})); };
  EXPECT_TRUE(std::ranges::is_sorted(kEveryActionKind));
  EXPECT_TRUE(std::ranges::is_sorted(kEveryActionKind, {}, precedence));  // seccomp_run_filters() compares them as s32
}

TEST(ActionTest, KindsHaveTheNamesOfTheirActions) {
  for (const ActionKind kind : kEveryActionKind) {
    const auto parsed = parse_action(kind_name(kind));
    ASSERT_TRUE(parsed) << kind_name(kind);
    EXPECT_EQ(parsed->kind, kind);
  }
}

}  // namespace
}  // namespace sandgauge::action_test
