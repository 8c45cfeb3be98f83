// The listings of small policies, exactly. After a wanted change, run this test with UPDATE_GOLDEN=1 in the environment: it
// then writes tests/golden/*.txt anew and fails, so that nobody mistakes that for a check. Review the difference.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "compile/bpf.h"
#include "compile/listing.h"

namespace sandgauge::golden_test {
namespace {

constexpr Action kAllow{ActionKind::allow, 0};
constexpr Action kKill{ActionKind::kill_thread, 0};

std::string path_of(const std::string& name) { return std::string(SANDGAUGE_GOLDEN_DIR) + "/" + name + ".txt"; }

void expect_golden(const std::string& name, const Policy& policy) {
  const Result<Program> program = compile_bpf(policy);
  ASSERT_TRUE(program) << program.error().message;
  const std::string text = listing(*program);
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path_of(name)) << text;
    FAIL() << "wrote " << path_of(name);
  }
  std::ifstream file(path_of(name));
  ASSERT_TRUE(file) << "cannot read " << path_of(name);
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(text, golden.str());
}

Policy x86_64_policy(std::vector<Rule> rules) {
  Policy policy;
  policy.architectures = {Abi::x86_64};
  policy.rules = std::move(rules);
  return policy;
}

TEST(GoldenTest, OneDeniedCall) {
  expect_golden("deny-uname", x86_64_policy({{.syscalls = {"uname"}, .action = errno_action(1)}}));
}

TEST(GoldenTest, AnAllowList) {
  Policy policy =
      x86_64_policy({{.syscalls = {"read", "write", "close", "exit", "exit_group", "rt_sigreturn"}, .action = kAllow}});
  policy.default_action = kKill;
  expect_golden("allow-list", policy);
}

TEST(GoldenTest, EveryAction) {
  expect_golden("every-action", x86_64_policy({{.syscalls = {"read"}, .action = {ActionKind::kill_process, 0}},
                                               {.syscalls = {"write"}, .action = kKill},
                                               {.syscalls = {"open"}, .action = {ActionKind::trap, 3}},
                                               {.syscalls = {"close"}, .action = errno_action(2)},
                                               {.syscalls = {"stat"}, .action = {ActionKind::notify, 0}},
                                               {.syscalls = {"fstat"}, .action = {ActionKind::trace, 7}},
                                               {.syscalls = {"lstat"}, .action = {ActionKind::log, 0}}}));
}

TEST(GoldenTest, FourAbis) {
  Policy policy = x86_64_policy({{.syscalls = {"uname"}, .action = errno_action(1)}});
  policy.architectures = {Abi::x86_64, Abi::i386, Abi::x32, Abi::aarch64};
  expect_golden("four-abis", policy);
}

TEST(GoldenTest, OneTestOfEachComparison) {
  const auto rule = [](const char* name, Compare compare) {
    return Rule{.syscalls = {name},
                .action = kKill,
                .when = {{.index = 1, .compare = compare, .value = 0x500000007, .mask = 0xff000000ff}}};
  };
  expect_golden("comparisons",
                x86_64_policy({rule("read", Compare::equal), rule("open", Compare::not_equal), rule("stat", Compare::less),
                               rule("lstat", Compare::less_or_equal), rule("lseek", Compare::greater),
                               rule("mprotect", Compare::greater_or_equal), rule("brk", Compare::masked_equal)}));
}

TEST(GoldenTest, SeveralRulesForOneCall) {
  expect_golden("several-rules",
                x86_64_policy({{.syscalls = {"socket"}, .action = kAllow, .when = {{.index = 0, .value = 1}}},
                               {.syscalls = {"socket"}, .action = kAllow, .when = {{.index = 0, .value = 2}}},
                               {.syscalls = {"socket"},
                                .action = kKill,
                                .when = {{.index = 0, .value = 2},
                                         {.index = 1, .compare = Compare::masked_equal, .value = 3, .mask = 0xf}}},
                               {.syscalls = {"socket"}, .action = {ActionKind::trace, 1}}}));
}

TEST(GoldenTest, I386SocketCallsHaveTwoEntries) {
  Policy policy = x86_64_policy({{.syscalls = {"socket"}, .action = errno_action(97)}});
  policy.architectures = {Abi::i386};
  expect_golden("i386-socket", policy);
}

}  // namespace
}  // namespace sandgauge::golden_test
