#include "app/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cerrno>
#include <cstddef>

#include "compile/bpf.h"
#include "evaluate/evaluate.h"

namespace sandgauge::explanation_test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Policy policy() {
  Policy policy;
  policy.rules = {{.syscalls = {"uname"}, .action = errno_action(EPERM), .when = {}},
                  {.syscalls = {"socket", "getpid"}, .action = errno_action(EACCES), .when = {{.index = 0, .value = 16}}}};
  return policy;
}

Explanation all(const Policy& policy) {
  const NamedProgram program{"bpf", compile_bpf(policy).value(), ""};
  return explain({&program, 1}, &policy, {});
}

const ExplainedCall& call(const Explanation& explanation, std::string_view name, Abi abi = Abi::x86_64) {
  return *std::ranges::find_if(explanation.calls,
                               [&](const ExplainedCall& each) { return each.name == name && each.abi == abi; });
}

TEST(ExplanationTest, EveryCallOfThreeAbisIsThere) {
  const Explanation explanation = all(policy());
  EXPECT_EQ(call(explanation, "read").number, 0);
  EXPECT_EQ(call(explanation, "read", Abi::i386).number, 3);
  EXPECT_EQ(call(explanation, "read", Abi::x32).decision, "KILL_PROCESS");
  EXPECT_GT(explanation.calls.size(), 1000U);
}

TEST(ExplanationTest, ACallsDecisionRulesAndCostAreThoseOfTheFilter) {
  const Explanation explanation = all(policy());
  const ExplainedCall& uname = call(explanation, "uname");
  EXPECT_EQ(uname.decision, "ERRNO(EPERM)");
  EXPECT_THAT(uname.rules, ElementsAre(1));
  EXPECT_FALSE(uname.costs[0].bitmap_hit);
  EXPECT_EQ(uname.costs[0].instructions,
            evaluate(compile_bpf(policy()).value(), to_seccomp_data({.abi = Abi::x86_64, .number = 63})).steps);
  const ExplainedCall& read = call(explanation, "read");
  EXPECT_TRUE(read.costs[0].bitmap_hit && read.rules.empty());
}

TEST(ExplanationTest, ADecisionByArgumentNamesAllOutcomesAndTheWorstArguments) {
  const ExplainedCall socket = call(all(policy()), "socket");
  EXPECT_EQ(socket.decision, "ALLOW or ERRNO(EACCES), by argument");
  EXPECT_EQ(socket.costs[0].worst, "socket(16)");
  EXPECT_THAT(socket.costs[0].bitmap_reason, HasSubstr("argument rule: instruction "));
  EXPECT_LT(socket.costs[0].least, socket.costs[0].most);
}

TEST(ExplanationTest, TheWorstCallOfAFilterThatLooksAtTheCallerSaysWhereItIs) {
  const NamedProgram program{
      "cbpf",
      {{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, instruction_pointer)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x7000, 0, 1), BPF_STMT(BPF_LD | BPF_IMM, 0), BPF_STMT(BPF_RET | BPF_K, 0)}},
      ""};
  EXPECT_EQ(call(explain({&program, 1}, nullptr, {}), "read").costs[0].worst, "read() from 0x7000");
}

TEST(ExplanationTest, FindingsCountTheCallsThatTheyDoNotName) {
  Policy many;
  many.rules = {{.syscalls = {"read", "write", "open", "close", "stat", "fstat", "lstat", "poll", "lseek"},
                 .action = errno_action(EPERM),
                 .when = {{.index = 0, .value = 16}}}};
  EXPECT_THAT(all(many).findings, Contains("1 more allowed call misses the bitmap, with no more instructions"));
  many.rules[0].syscalls.emplace_back("mmap");
  EXPECT_THAT(all(many).findings, Contains("2 more allowed calls miss the bitmap, with no more instructions"));
}

TEST(ExplanationTest, AskedArgumentsGiveOneCallAndItsPath) {
  const Policy wanted = policy();
  const NamedProgram program{"bpf", compile_bpf(wanted).value(), ""};
  const AskedCall asked{.call = {.number = 41, .args = {16}}, .with_arguments = true, .text = "socket(16)"};
  const Explanation explanation = explain({&program, 1}, &wanted, {&asked, 1});
  ASSERT_EQ(explanation.calls.size(), 1U);
  EXPECT_EQ(explanation.calls[0].decision, "ERRNO(EACCES)");
  EXPECT_EQ(explanation.backends[0].path.size(), explanation.calls[0].costs[0].instructions);
}

TEST(ExplanationTest, TheSummaryCountsHitsAndFindsWorstAndMedian) {
  const Explanation explanation = all(policy());
  const ExplainedBackend& backend = explanation.backends[0];
  EXPECT_EQ(backend.hits + backend.misses, explanation.calls.size());
  EXPECT_EQ(explanation.calls[backend.worst_call].costs[0].most, backend.worst);
  EXPECT_EQ(backend.worst, call(explanation, "socket").costs[0].most);
  EXPECT_LE(backend.median, backend.worst);
  EXPECT_TRUE(backend.unreachable.empty());
}

TEST(ExplanationTest, TheListingSaysWhichRuleAnswers) {
  EXPECT_THAT(all(policy()).backends[0].listing, Contains(HasSubstr("; ERRNO(EPERM): rule 1")));
  EXPECT_THAT(all(policy()).backends[0].listing, Contains(HasSubstr("; ALLOW: no rule")));
}

TEST(ExplanationTest, FindingsNameAllowedCallsThatMissTheBitmap) {
  EXPECT_THAT(all(policy()).findings, Contains(HasSubstr("socket is allowed but misses the bitmap: argument rule")));
  EXPECT_THAT(all(policy()).findings, Contains(HasSubstr("getpid is allowed but misses")));
}

TEST(ExplanationTest, FindingsNameDeadInstructionsAndDisagreeingBackends) {
  Program other = compile_bpf(policy()).value();
  other.code.push_back({0x06, 0, 0, 0});
  Policy wider = policy();
  wider.rules[0].syscalls = {"uname", "mkdir"};
  const NamedProgram programs[] = {{"bpf", other, ""}, {"second", compile_bpf(wider).value(), ""}, {"third", {}, "no"}};
  const Explanation explanation = explain(programs, nullptr, {});
  EXPECT_THAT(explanation.findings, Contains(HasSubstr("bpf: no call reaches 1 of ")));
  EXPECT_THAT(explanation.findings, Contains("the backends do not mean the same for 1 call: mkdir"));
  EXPECT_EQ(explanation.backends[2].error, "no");
}

TEST(ExplanationTest, BackendsThatSwapTheirAnswersDiffer) {
  // Both allow socket for some arguments and deny it for others: not for the same ones.
  Policy other = policy();
  other.rules[1].when[0].value = 17;
  const NamedProgram programs[] = {{"bpf", compile_bpf(policy()).value(), ""}, {"second", compile_bpf(other).value(), ""}};
  EXPECT_THAT(explain(programs, nullptr, {}).findings,
              Contains(HasSubstr("the backends do not mean the same for 2 calls: getpid, socket")));
}

TEST(ExplanationTest, TheMedianIsOfTheNativeCallsThatRunTheFilter) {
  const Explanation explanation = all(policy());
  const ExplainedCall& median = explanation.calls[explanation.backends[0].median_call];
  EXPECT_EQ(median.abi, native_abi());
  EXPECT_FALSE(median.costs[0].bitmap_hit);
  EXPECT_EQ(median.costs[0].most, explanation.backends[0].median);
  const NamedProgram allow{"cbpf", {{{0x06, 0, 0, SECCOMP_RET_ALLOW}}}, ""};
  EXPECT_EQ(explain({&allow, 1}, nullptr, {}).backends[0].median, 0U);
}

TEST(ExplanationTest, FindingsNameCallsThatWaitForASupervisor) {
  Policy watched;
  watched.rules = {{.syscalls = {"mkdir"}, .action = {ActionKind::notify, 0}, .when = {}},
                   {.syscalls = {"rmdir", "open"}, .action = {ActionKind::trace, 1}, .when = {}}};
  EXPECT_THAT(all(watched).findings, Contains("1 call waits for a listener: mkdir"));
  EXPECT_THAT(all(watched).findings, Contains("2 calls wait for a tracer: open, rmdir"));
  watched.rules[0].when = {{.index = 0, .value = 1}};
  EXPECT_THAT(all(watched).findings, Contains("1 call waits for a listener: mkdir (by argument)"));
}

}  // namespace
}  // namespace sandgauge::explanation_test
