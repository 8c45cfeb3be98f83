// Random damage to good files: whatever comes of it is read or refused with a place, and never a crash; a hang is for the
// test's time limit to end.
#include <gtest/gtest.h>

#include <cstdio>
#include <random>
#include <set>

#include "policy/case_yaml.h"
#include "policy/policy_yaml.h"

namespace sandgauge::mutation_test {
namespace {

constexpr std::string_view kPolicy = R"yaml(
default: ERRNO(ENOSYS)
architectures: [x86_64, i386]
foreign: KILL_PROCESS
flags: [LOG, TSYNC]
rules:
  - &rule {syscalls: [uname, 63], action: ERRNO(EPERM)}
  - {syscalls: write, action: KILL, when: ["arg0 == 1", "arg2 & 0xff == 0x3"]}
  - *rule
  - syscalls: [mkdir]
    action: SCMP_ACT_ERRNO
    errno: EACCES
    args: [{index: 0, op: SCMP_CMP_MASKED_EQ, value: 0xff, valueTwo: 3}]
)yaml";

constexpr std::string_view kCases = R"yaml(
suite: demo
program: [uname, --flag]
call: mkdir("teste", 0o755)@i386
policy: {rules: [{syscalls: [mkdir], action: "{action}"}]}
needs: {capabilities: [CAP_AUDIT_READ], since: "5.0", machine: x86_64}
matrix:
  of: [{action: KILL, sig: SIGSYS}, {action: TRAP(3), sig: SIGSYS, name: trap}]
  backend: [bpf, libseccomp:2]
cases:
  - name: one
    attach: [exec, call]
    expect: {signal: "{sig}", stdout: "ID: {uid}\n", audit: {code: "{action}", count: 1}, absent: [teste]}
  - name: two
    probe: [tracer, listener]
    tracer: {skip: -1}
    listener: {error: EPERM}
    timeout: 2s
    title: "{action}"
    expect:
      siginfo: {code: 1, errno: 3, syscall: mkdir, arch: i386}
      trace: {message: 7}
      notification: {args: [1, null]}
      within: 500ms
      exit: 2
)yaml";

std::string damaged(std::string text, std::mt19937& random) {
  constexpr std::string_view kPieces[] = {"[",   "]",   "{",  "}",    ": ",  "- ", "\n",   "  ", "\"", "'",
                                          "&a ", "*a ", "!",  "|",    "{n}", "-1", "0",    "0x", "~",  ",",
                                          "#",   "\t",  "\0", "\xff", "é",   "?",  "<<: ", "%"};
  const auto below = [&random](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  for (std::size_t rounds = 1 + below(4) / 3; rounds > 0 && !text.empty(); --rounds) {
    const std::size_t from = below(text.size());
    const std::size_t length = 1 + below(std::min<std::size_t>(below(4) == 0 ? 40 : 4, text.size() - from));
    switch (below(5)) {
      case 0: text.erase(from, length); break;
      case 1: text.insert(below(text.size()), text.substr(from, length)); break;
      case 2: text[from] = static_cast<char>(below(8) == 0 ? below(256) : ' ' + below(95)); break;
      case 3: text.insert(from, kPieces[below(std::size(kPieces))]); break;
      case 4: text.replace(from, length, text.substr(below(text.size()), length)); break;
    }
  }
  return text;
}

/// "demo.yaml:LINE:COLUMN: message", on one line.
bool has_place(const std::string& message) {
  unsigned line = 0;
  unsigned column = 0;
  int length = 0;
  return std::sscanf(message.c_str(), "demo.yaml:%u:%u: %n", &line, &column, &length) == 2 && length > 0 && line > 0 &&
         column > 0 && static_cast<std::size_t>(length) < message.size() && message.find('\n') == std::string::npos;
}

TEST(MutationTest, DamagedPoliciesAreReadOrRefusedWithAPlace) {
  std::mt19937 random(20260101);
  int read = 0;
  ASSERT_TRUE(parse_policy(kPolicy, "demo.yaml"));
  for (int i = 0; i < 2000; ++i) {
    const std::string text = damaged(std::string(kPolicy), random);
    const auto policy = parse_policy(text, "demo.yaml");
    if (!policy) {
      EXPECT_TRUE(has_place(policy.error().message)) << policy.error().message << "\n" << text;
      continue;
    }
    ++read;
    EXPECT_TRUE(resolve(*policy)) << text;
    const auto again = parse_policy(to_yaml(*policy), "demo.yaml");
    ASSERT_TRUE(again) << again.error().message << "\n" << to_yaml(*policy);
    EXPECT_EQ(*again, *policy) << text;
  }
  EXPECT_GT(read, 30) << "the damage leaves nothing to read";
}

TEST(MutationTest, DamagedCasesAreReadOrRefusedWithAPlace) {
  std::mt19937 random(20260102);
  int read = 0;
  const auto whole = parse_cases(kCases, "demo.yaml");
  ASSERT_TRUE(whole) << whole.error().message;
  ASSERT_EQ(whole->size(), 12U);
  for (int i = 0; i < 2000; ++i) {
    const std::string text = damaged(std::string(kCases), random);
    const auto cases = parse_cases(text, "demo.yaml");
    if (!cases) {
      EXPECT_TRUE(has_place(cases.error().message)) << cases.error().message << "\n" << text;
      continue;
    }
    ++read;
    std::set<std::string> ids;
    for (const Case& one : *cases) {
      EXPECT_TRUE(ids.insert(one.id).second) << one.id << "\n" << text;
      EXPECT_NE(one.expect, Expectation()) << text;
      EXPECT_TRUE(one.attach == Attach::exec ? !one.program.empty() : one.call.has_value()) << text;
      EXPECT_TRUE(resolve(one.policy)) << text;
    }
  }
  EXPECT_GT(read, 30) << "the damage leaves nothing to read";
}

}  // namespace
}  // namespace sandgauge::mutation_test
