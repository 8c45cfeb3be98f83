#include "model/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/ipc.h>
#include <linux/net.h>

#include <cerrno>

#include "model/syscalls.h"

namespace sandgauge::policy_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Action kDeny = errno_action(EPERM);
constexpr Action kKill{ActionKind::kill_process, 0};

Policy policy_of(std::vector<Abi> abis, std::vector<Rule> rules) {
  Policy policy;
  policy.architectures = std::move(abis);
  policy.rules = std::move(rules);
  return policy;
}

std::vector<ResolvedRule> resolved(const Policy& policy) {
  auto rules = resolve(policy);
  if (rules) return *std::move(rules);
  ADD_FAILURE() << rules.error().message;
  return {};
}

std::string complaint(const Policy& policy) {
  const auto rules = resolve(policy);
  return rules ? "none" : rules.error().message;
}

ArgumentTest argument_is(std::uint8_t index, std::uint64_t value) {
  return {.index = index, .compare = Compare::equal, .value = value};
}

TEST(PolicyTest, ByDefaultItAllowsOwnCallsAndKillsOtherAbis) {
  EXPECT_EQ(Policy{}.default_action, Action{ActionKind::allow});
  EXPECT_EQ(Policy{}.foreign_action, Action{ActionKind::kill_process});
  EXPECT_THAT(Policy{}.architectures, ElementsAre(native_abi()));
  EXPECT_THAT(resolved(Policy{}), IsEmpty());
}

TEST(ResolveTest, NamesBecomeNumbersInTheOrderOfTheRules) {
  const Policy policy =
      policy_of({Abi::x86_64}, {{{"uname", "mkdir"}, kDeny, {argument_is(1, 7)}}, {{"getuid"}, kKill, {}}});
  EXPECT_THAT(resolved(policy), ElementsAre(ResolvedRule{Abi::x86_64, 63, kDeny, {argument_is(1, 7)}, 0},
                                            ResolvedRule{Abi::x86_64, 83, kDeny, {argument_is(1, 7)}, 0},
                                            ResolvedRule{Abi::x86_64, 102, kKill, {}, 1}));
}

TEST(ResolveTest, EachListedAbiGetsItsOwnNumber) {
  const Policy policy = policy_of({Abi::i386, Abi::x86_64, Abi::x32, Abi::aarch64}, {{{"execve"}, kDeny, {}}});
  EXPECT_THAT(resolved(policy),
              ElementsAre(ResolvedRule{Abi::i386, 11, kDeny, {}, 0}, ResolvedRule{Abi::x86_64, 59, kDeny, {}, 0},
                          ResolvedRule{Abi::x32, 520, kDeny, {}, 0}, ResolvedRule{Abi::aarch64, 221, kDeny, {}, 0}));
}

TEST(ResolveTest, AnAbiThatLacksTheCallIsLeftOut) {
  const Policy policy = policy_of({Abi::x86_64, Abi::aarch64}, {{{"mkdir"}, kDeny, {}}});
  EXPECT_THAT(resolved(policy), ElementsAre(ResolvedRule{Abi::x86_64, 83, kDeny, {}, 0}));
}

TEST(ResolveTest, ANumberIsTakenAsItIsForEachAbi) {
  const Policy policy = policy_of({Abi::x86_64, Abi::i386}, {{{"9999", "-1"}, kDeny, {}}});
  EXPECT_THAT(resolved(policy),
              ElementsAre(ResolvedRule{Abi::x86_64, 9999, kDeny, {}, 0}, ResolvedRule{Abi::i386, 9999, kDeny, {}, 0},
                          ResolvedRule{Abi::x86_64, -1, kDeny, {}, 0}, ResolvedRule{Abi::i386, -1, kDeny, {}, 0}));
}

TEST(ResolveTest, AMisspeltNameIsRefusedWithTheNearestOne) {
  EXPECT_EQ(complaint(policy_of({Abi::x86_64}, {{{"uname", "unmae"}, kDeny, {}}})),
            "unknown syscall 'unmae', did you mean 'uname'?");
}

TEST(ResolveTest, AnUnknownNameIsRefused) {
  EXPECT_EQ(complaint(policy_of({Abi::x86_64}, {{{"frobnicate"}, kDeny, {}}})), "unknown syscall 'frobnicate'");
  EXPECT_EQ(complaint(policy_of({Abi::x86_64}, {{{"99999999999"}, kDeny, {}}})), "unknown syscall '99999999999'");
}

TEST(ResolveTest, ANameOfOtherAbisOnlyIsRefused) {
  EXPECT_EQ(complaint(policy_of({Abi::aarch64}, {{{"mkdir"}, kDeny, {}}})),
            "syscall 'mkdir' does not exist on any architecture of the policy");
  EXPECT_EQ(complaint(policy_of({}, {{{"uname"}, kDeny, {}}})),
            "syscall 'uname' does not exist on any architecture of the policy");
}

TEST(ResolveTest, ATestOfASeventhArgumentIsRefused) {
  EXPECT_EQ(complaint(policy_of({Abi::x86_64}, {{{"uname"}, kDeny, {argument_is(5, 0)}}})), "none");
  EXPECT_EQ(complaint(policy_of({Abi::x86_64}, {{{"uname"}, kDeny, {}}, {{"mkdir"}, kDeny, {argument_is(6, 0)}}})),
            "rule 2: a test of argument 6, expected 0 to 5");
}

TEST(ResolveTest, ASocketCallOfI386IsAlsoASubCallOfSocketcall) {
  EXPECT_THAT(resolved(policy_of({Abi::i386}, {{{"socket"}, kDeny, {}}})),
              ElementsAre(ResolvedRule{Abi::i386, 359, kDeny, {}, 0},
                          ResolvedRule{Abi::i386, 102, kDeny, {argument_is(0, SYS_SOCKET)}, 0}));
}

TEST(ResolveTest, ACallThatI386HasOnlyAsASubCallResolvesToThat) {
  EXPECT_THAT(resolved(policy_of({Abi::i386}, {{{"accept", "send", "semop"}, kDeny, {}}})),
              ElementsAre(ResolvedRule{Abi::i386, 102, kDeny, {argument_is(0, SYS_ACCEPT)}, 0},
                          ResolvedRule{Abi::i386, 102, kDeny, {argument_is(0, SYS_SEND)}, 0},
                          ResolvedRule{Abi::i386, 117, kDeny, {argument_is(0, SEMOP)}, 0}));
}

TEST(ResolveTest, ARuleWithArgumentTestsDoesNotReachIntoSocketcall) {
  const Rule rule{{"socket"}, kDeny, {argument_is(0, 2)}};
  EXPECT_THAT(resolved(policy_of({Abi::i386}, {rule})),
              ElementsAre(ResolvedRule{Abi::i386, 359, kDeny, {argument_is(0, 2)}, 0}));
}

TEST(ResolveTest, OtherAbisHaveNoSubCalls) {
  EXPECT_THAT(resolved(policy_of({Abi::x86_64, Abi::x32}, {{{"socket"}, kDeny, {}}})),
              ElementsAre(ResolvedRule{Abi::x86_64, 41, kDeny, {}, 0}, ResolvedRule{Abi::x32, 41, kDeny, {}, 0}));
  EXPECT_EQ(complaint(policy_of({Abi::x86_64}, {{{"send"}, kDeny, {}}})),
            "syscall 'send' does not exist on any architecture of the policy");
}

TEST(ResolveTest, SubCallsHaveTheNumbersOfTheKernelsHeaders) {
  const std::pair<const char*, std::uint64_t> of_socketcall[] = {
      {"socket", SYS_SOCKET},
      {"bind", SYS_BIND},
      {"connect", SYS_CONNECT},
      {"listen", SYS_LISTEN},
      {"accept", SYS_ACCEPT},
      {"getsockname", SYS_GETSOCKNAME},
      {"getpeername", SYS_GETPEERNAME},
      {"socketpair", SYS_SOCKETPAIR},
      {"send", SYS_SEND},
      {"recv", SYS_RECV},
      {"sendto", SYS_SENDTO},
      {"recvfrom", SYS_RECVFROM},
      {"shutdown", SYS_SHUTDOWN},
      {"setsockopt", SYS_SETSOCKOPT},
      {"getsockopt", SYS_GETSOCKOPT},
      {"sendmsg", SYS_SENDMSG},
      {"recvmsg", SYS_RECVMSG},
      {"accept4", SYS_ACCEPT4},
      {"recvmmsg", SYS_RECVMMSG},
      {"sendmmsg", SYS_SENDMMSG},
  };
  const std::pair<const char*, std::uint64_t> of_ipc[] = {
      {"semop", SEMOP},   {"semget", SEMGET}, {"semctl", SEMCTL}, {"semtimedop", SEMTIMEDOP},
      {"msgsnd", MSGSND}, {"msgrcv", MSGRCV}, {"msgget", MSGGET}, {"msgctl", MSGCTL},
      {"shmat", SHMAT},   {"shmdt", SHMDT},   {"shmget", SHMGET}, {"shmctl", SHMCTL},
  };
  const auto last_of = [](const char* name) { return resolved(policy_of({Abi::i386}, {{{name}, kDeny, {}}})).back(); };
  for (const auto& [name, number] : of_socketcall)
    EXPECT_EQ(last_of(name), (ResolvedRule{Abi::i386, 102, kDeny, {argument_is(0, number)}, 0})) << name;
  for (const auto& [name, number] : of_ipc)
    EXPECT_EQ(last_of(name), (ResolvedRule{Abi::i386, 117, kDeny, {argument_is(0, number)}, 0})) << name;
}

TEST(ArgumentTestTest, ComparesAll64BitsUnsigned) {
  constexpr std::uint64_t kHigh = 1ULL << 63;
  const auto holding = [](Compare compare, std::uint64_t value) {
    std::vector<std::uint64_t> holds_for;
    for (const std::uint64_t argument : {std::uint64_t{4}, std::uint64_t{5}, std::uint64_t{6}, kHigh | 5})
      if (holds({.compare = compare, .value = value}, argument)) holds_for.push_back(argument);
    return holds_for;
  };
  EXPECT_THAT(holding(Compare::equal, 5), ElementsAre(5));
  EXPECT_THAT(holding(Compare::not_equal, 5), ElementsAre(4, 6, kHigh | 5));
  EXPECT_THAT(holding(Compare::less, 5), ElementsAre(4));
  EXPECT_THAT(holding(Compare::less_or_equal, 5), ElementsAre(4, 5));
  EXPECT_THAT(holding(Compare::greater, 5), ElementsAre(6, kHigh | 5));
  EXPECT_THAT(holding(Compare::greater_or_equal, 5), ElementsAre(5, 6, kHigh | 5));
  EXPECT_THAT(holding(Compare::masked_equal, 5), ElementsAre(5));
}

TEST(ArgumentTestTest, AMaskIsLaidOverTheArgumentOnly) {
  const ArgumentTest test{.compare = Compare::masked_equal, .value = 0x3, .mask = 0xf};
  EXPECT_TRUE(holds(test, 0xfffffff3));
  EXPECT_FALSE(holds(test, 0x4));
  EXPECT_FALSE(holds({.compare = Compare::masked_equal, .value = 0x13, .mask = 0xf}, 0x13));
}

TEST(ArgumentTestTest, TheTextIsTheTest) {
  EXPECT_EQ(to_string(argument_is(0, 1)), "arg0 == 1");
  EXPECT_EQ(to_string({.index = 1, .compare = Compare::not_equal, .value = 2}), "arg1 != 2");
  EXPECT_EQ(to_string({.index = 2, .compare = Compare::less, .value = 3}), "arg2 < 3");
  EXPECT_EQ(to_string({.index = 3, .compare = Compare::less_or_equal, .value = 4}), "arg3 <= 4");
  EXPECT_EQ(to_string({.index = 4, .compare = Compare::greater, .value = ~0ULL}), "arg4 > 18446744073709551615");
  EXPECT_EQ(to_string({.index = 5, .compare = Compare::greater_or_equal, .value = 6}), "arg5 >= 6");
  EXPECT_EQ(to_string({.index = 2, .compare = Compare::masked_equal, .value = 3, .mask = 0xff}), "arg2 & 0xff == 0x3");
}

TEST(StricterTest, TheKindDecidesWhateverTheOrder) {
  EXPECT_EQ(stricter(kDeny, kKill), kKill);
  EXPECT_EQ(stricter(kKill, kDeny), kKill);
  EXPECT_EQ(stricter({ActionKind::trace, 0}, errno_action(4095)), errno_action(4095));
}

TEST(StricterTest, BetweenTwoOfOneKindTheLaterWins) {
  EXPECT_EQ(stricter(errno_action(EPERM), errno_action(ENOSYS)), errno_action(ENOSYS));
  EXPECT_EQ(stricter(errno_action(ENOSYS), errno_action(EPERM)), errno_action(EPERM));
}

}  // namespace
}  // namespace sandgauge::policy_test
