#include "policy/policy_yaml.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "policy/format.h"

namespace sandgauge::policy_yaml_test {
namespace {

Policy read(std::string_view text) {
  const auto policy = parse_policy(text, "p.yaml");
  EXPECT_TRUE(policy) << policy.error().message;
  return policy ? *policy : Policy();
}

std::string error_of(std::string_view text) {
  const auto policy = parse_policy(text, "p.yaml");
  return policy ? "no error" : policy.error().message;
}

/// The error of a policy of one rule; the rule's map begins at 2:5.
std::string error_of_rule(std::string_view rule) { return error_of(fmt::format("rules:\n  - {}\n", rule)); }

TEST(PolicyYamlTest, AnEmptyMapAllowsEverythingOfTheNativeAbi) { EXPECT_EQ(read("{}"), Policy()); }

TEST(PolicyYamlTest, ReadsEveryKey) {
  Policy expected;
  expected.default_action = errno_action(ENOSYS);
  expected.architectures = {Abi::x86_64, Abi::i386, Abi::x32};
  expected.foreign_action = {ActionKind::trap, 9};
  expected.flags = {.log = true, .tsync = true, .spec_allow = true, .wait_killable = true};
  expected.rules = {
      {.syscalls = {"uname", "63"}, .action = errno_action(EPERM)},
      {.syscalls = {"write"},
       .action = {ActionKind::kill_thread, 0},
       .when = {{0, Compare::equal, 1}, {2, Compare::masked_equal, 3, 0xff}, {1, Compare::greater, 0x100000000}}},
      {.syscalls = {"mkdir"}, .action = errno_action(EACCES), .when = {{0, Compare::masked_equal, 3, 0xff}}},
  };
  EXPECT_EQ(read(R"(
default: ERRNO(ENOSYS)
architectures: [x86_64, SCMP_ARCH_X86, x32]
foreign: TRAP(9)
flags: [LOG, SECCOMP_FILTER_FLAG_TSYNC, SPEC_ALLOW, WAIT_KILLABLE_RECV]
rules:
  - {syscalls: [uname, 0x3f], action: ERRNO(EPERM)}
  - {syscalls: write, action: KILL, when: ["arg0 == 1", "arg2 & 0xff == 0x3", "arg1 > 0x100000000"]}
  - syscalls: [mkdir]
    action: SCMP_ACT_ERRNO
    errno: EACCES
    args: [{index: 0, op: SCMP_CMP_MASKED_EQ, value: 0xff, valueTwo: 3}]
)"),
            expected);
}

TEST(PolicyYamlTest, OciAndOwnTestsMayStandTogether) {
  const Policy policy =
      read("rules: [{syscalls: write, action: LOG, when: arg0 < 3, args: [{index: 1, op: '!=', value: -1, valueTwo: 0}]}]");
  EXPECT_EQ(policy.rules.at(0).when,
            (std::vector<ArgumentTest>{{0, Compare::less, 3}, {1, Compare::not_equal, ~std::uint64_t{0}}}));
}

TEST(PolicyYamlTest, WritesWhatItReads) {
  const Policy policy = read(R"yaml(
default: TRACE(7)
architectures: [i386, x86_64]
foreign: ERRNO(0)
flags: [SPEC_ALLOW, LOG]
rules:
  - {syscalls: [uname, 63], action: NOTIFY}
  - {syscalls: [socket], action: "TRAP(3)", when: ["arg0 <= 10", "arg5 & 0xffff0000 == 0x10000", "arg1 != -1"]}
)yaml");
  EXPECT_EQ(read(to_yaml(policy)), policy) << to_yaml(policy);
  EXPECT_EQ(read(to_yaml(Policy())), Policy());
  EXPECT_EQ(to_yaml(policy), R"yaml(default: TRACE(7)
architectures: [i386, x86_64]
foreign: ERRNO(0)
flags: [LOG, SPEC_ALLOW]
rules:
  - {syscalls: ["uname", "63"], action: NOTIFY}
  - {syscalls: ["socket"], action: TRAP(3), when: ["arg0 <= 10", "arg5 & 0xffff0000 == 0x10000", "arg1 != 18446744073709551615"]}
)yaml");
}

TEST(PolicyYamlTest, WritesAndReadsEveryAction) {
  for (const ActionKind kind : kEveryActionKind) {
    Policy policy;
    policy.default_action = {kind, kind == ActionKind::error ? std::uint16_t{4095} : std::uint16_t{0}};
    EXPECT_EQ(read(to_yaml(policy)), policy) << to_yaml(policy);
  }
}

TEST(PolicyYamlTest, SaysWhatIsWrongInAPolicy) {
  const struct {
    const char* text;
    const char* message;
  } rows[] = {
      {"", "p.yaml:1:1: there is nothing in it, expected a YAML map"},
      {"[a]", "p.yaml:1:1: found a list, expected a map"},
      {"default: ALOW",
       "p.yaml:1:10: unknown action 'ALOW', expected KILL, KILL_PROCESS, TRAP, ERRNO(errno), TRACE(n), LOG, ALLOW or "
       "NOTIFY"},
      {"default: [ALLOW]", "p.yaml:1:10: found a list, expected an action such as ERRNO(EPERM)"},
      {"rules: []\ndefault:", "p.yaml:2:1: found nothing, expected an action such as ERRNO(EPERM)"},
      {"default: {action}",
       "p.yaml:1:10: found a map (as text it is written \"{action}\"), expected an action such as ERRNO(EPERM)"},
      {"foreign: KIL",
       "p.yaml:1:10: unknown action 'KIL', expected KILL, KILL_PROCESS, TRAP, ERRNO(errno), TRACE(n), LOG, ALLOW or NOTIFY"},
      {"defualt: ALLOW", "p.yaml:1:1: unknown key 'defualt', did you mean 'default'?"},
      {"listener: x", "p.yaml:1:1: unknown key 'listener', expected default, architectures, foreign, flags or rules"},
      {"architectures: [x86_64, arm]", "p.yaml:1:25: unknown architecture 'arm', expected x86_64, i386, x32 or aarch64"},
      {"architectures: [x86_64, amd64]", "p.yaml:1:25: architecture x86_64 for the second time, expected each once"},
      {"architectures: []", "p.yaml:1:16: found an empty list, expected at least one entry"},
      {"flags: [LOG, NEW_LISTENER]",
       "p.yaml:1:14: found 'NEW_LISTENER', expected LOG, TSYNC, SPEC_ALLOW or WAIT_KILLABLE_RECV"},
      {"flags: LOG", "p.yaml:1:8: found 'LOG', expected a list"},
      {"rules: {syscalls: uname}", "p.yaml:1:8: found a map, expected a list"},
      {"rules: [uname]", "p.yaml:1:9: found 'uname', expected a map"},
  };
  for (const auto& row : rows) EXPECT_EQ(error_of(row.text), row.message) << row.text;
}

TEST(PolicyYamlTest, SaysWhatIsWrongInARule) {
  const struct {
    const char* rule;
    const char* message;
  } rows[] = {
      {"{action: KILL}", "p.yaml:2:5: a rule without 'syscalls', expected syscalls and action"},
      {"{syscalls: uname}", "p.yaml:2:5: a rule without 'action', expected syscalls and action"},
      {"{syscalls: [], action: KILL}", "p.yaml:2:16: found an empty list, expected at least one entry"},
      {"{syscalls: {uname}, action: KILL}",
       "p.yaml:2:16: found a map (as text it is written \"{uname}\"), expected the name or the number of a syscall"},
      {"{syscalls: [getpid, unmae], action: KILL}", "p.yaml:2:25: unknown syscall 'unmae', did you mean 'uname'?"},
      {"{syscalls: [-1], action: KILL}",
       "p.yaml:2:17: as a syscall, '-1' is out of range, expected a number from 0 to 1073741823"},
      {"{syscalls: [socketcall], action: KILL}",
       "p.yaml:2:17: the syscall 'socketcall' exists only on i386, expected one of x86_64"},
      {"{syscall: uname, action: KILL}", "p.yaml:2:6: unknown key 'syscall', did you mean 'syscalls'?"},
      {"{syscalls: uname, action: KILL, when: []}", "p.yaml:2:43: found an empty list, expected at least one entry"},
      {"{syscalls: uname, action: KILL, when: [arg9 == 1]}",
       "p.yaml:2:44: the test 'arg9 == 1' is of arg9, expected arg0 to arg5"},
      {"{syscalls: uname, action: KILL, when: [[x]]}", "p.yaml:2:44: found a list, expected a test such as \"arg0 == 1\""},
      {"{syscalls: uname, action: LOG, errno: EPERM}",
       "p.yaml:2:43: errno with the action LOG, expected it with ERRNO only"},
      {"{syscalls: uname, action: ERRNO(EPERM), errno: EACCES}",
       "p.yaml:2:52: an errno beside ERRNO(EPERM), expected it in one place only"},
      {"{syscalls: uname, action: ERRNO, errno: EPREM}",
       "p.yaml:2:45: unknown errno 'EPREM', expected a name such as EPERM or a number from 1 to 4095"},
      {"{syscalls: uname, action: ERRNO, errno: 4096}",
       "p.yaml:2:45: unknown errno '4096', expected a name such as EPERM or a number from 1 to 4095"},
      {"{syscalls: uname, action: KILL, args: [{index: 6, op: ==, value: 1}]}",
       "p.yaml:2:52: '6' is out of range, expected a number from 0 to 5"},
      {"{syscalls: uname, action: KILL, args: [{index: 0, op: =, value: 1}]}",
       "p.yaml:2:59: found '=', expected SCMP_CMP_EQ, _NE, _LT, _LE, _GT, _GE or _MASKED_EQ, or == != < <= > >="},
      {"{syscalls: uname, action: KILL, args: [{index: 0, op: ==}]}",
       "p.yaml:2:44: an argument test without 'value', expected index, op and value"},
      {"{syscalls: uname, action: KILL, args: [{index: 0, op: ==, value: 1, valueTwo: 1}]}",
       "p.yaml:2:44: valueTwo without a mask, expected it with SCMP_CMP_MASKED_EQ only"},
      {"{syscalls: uname, action: KILL, args: [{index: 0, op: ==, value: 1, valuetwo: 1}]}",
       "p.yaml:2:73: unknown key 'valuetwo', did you mean 'valueTwo'?"},
      {"{syscalls: uname, action: KILL, args: [{index: 0, op: ==, value: 18446744073709551616}]}",
       "p.yaml:2:70: '18446744073709551616' does not fit into 64 bits, expected a number from -2^63 to 2^64-1"},
  };
  for (const auto& row : rows) EXPECT_EQ(error_of_rule(row.rule), row.message) << row.rule;
}

TEST(PolicyYamlTest, LooksUpNamesOnTheListedArchitectures) {
  EXPECT_EQ(error_of("architectures: [i386, x86_64]\nrules: [{syscalls: socketcall, action: KILL}]"), "no error");
  EXPECT_EQ(error_of("rules: [{syscalls: socketcall, action: KILL}]\narchitectures: [aarch64, x32]"),
            "p.yaml:1:20: the syscall 'socketcall' exists only on i386, expected one of aarch64, x32");
}

TEST(PolicyYamlTest, KnowsTheSubCallsOfMultiplexers) {
  // i386 has no semop of its own, only ipc(SEMOP, ...), which cannot be matched together with tests of semop's arguments.
  EXPECT_EQ(error_of("architectures: [i386]\nrules: [{syscalls: semop, action: KILL}]"), "no error");
  EXPECT_EQ(error_of("architectures: [i386]\nrules: [{syscalls: semop, action: KILL, when: arg0 == 1}]"),
            "p.yaml:2:20: the syscall 'semop' exists only on x86_64, x32, aarch64, expected one of i386");
}

TEST(PolicyYamlTest, EveryPolicyReadIsResolvable) {
  const Policy policy =
      read("architectures: [x86_64, i386]\nrules: [{syscalls: [uname, 63, socketcall, semop], action: LOG}]");
  EXPECT_TRUE(resolve(policy));
}

TEST(PolicyYamlTest, ReadPolicySaysWhyAFileCannotBeRead) {
  EXPECT_EQ(read_policy("/nonexistent/p.yaml").error().message,
            "/nonexistent/p.yaml: cannot open it: ENOENT (No such file or directory)");
  EXPECT_EQ(read_policy("/").error().message, "/: it is a directory, expected a file");
}

}  // namespace
}  // namespace sandgauge::policy_yaml_test
