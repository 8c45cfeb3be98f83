#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

#include "policy/case_yaml.h"

namespace sandgauge::case_matrix_test {
namespace {

using ::testing::ElementsAre;

std::vector<Case> read(std::string_view text) {
  auto cases = parse_cases(text, "dir/demo.yaml");
  EXPECT_TRUE(cases) << cases.error().message << "\n" << text;
  return cases ? *std::move(cases) : std::vector<Case>(1);
}

std::string error_of(std::string_view text) {
  const auto cases = parse_cases(text, "demo.yaml");
  return cases ? "no error" : cases.error().message;
}

/// What makes a case whole, for tests of the other keys; five lines.
constexpr std::string_view kRest = "call: uname(scratch)\npolicy: {}\nexpect:\n  returns: 0\n# end\n";

/// The error of a whole case with one more line, which is line 6.
std::string error_of_line(std::string_view line) { return error_of(fmt::format("{}{}\n", kRest, line)); }

std::vector<std::string> ids_of(std::string_view text) {
  std::vector<std::string> ids;
  for (const Case& one : read(text)) ids.push_back(one.id);
  return ids;
}

TEST(CaseMatrixTest, ListsMultiplyAndAppearInTheIdOnlyWithSeveralValues) {
  EXPECT_THAT(
      ids_of(fmt::format("{}program: uname\nattach: [exec, call]\nbackends: [bpf, libseccomp, libseccomp:2]\n", kRest)),
      ElementsAre("demo/case/exec/bpf", "demo/case/exec/libseccomp", "demo/case/exec/libseccomp:2", "demo/case/call/bpf",
                  "demo/case/call/libseccomp", "demo/case/call/libseccomp:2"));
  EXPECT_THAT(ids_of(fmt::format("{}attach: [call]\nbackends: [libseccomp]\n", kRest)), ElementsAre("demo/case"));
}

TEST(CaseMatrixTest, AMatrixIsMultipliedInTheOrderWritten) {
  const std::vector<Case> cases = read(R"yaml(
title: "{action} with {n}"
call: uname(scratch)
policy: {rules: [{syscalls: uname, action: "{action}"}]}
matrix:
  n: [1, -1]
  action: [KILL, ERRNO(EPERM)]
  backend: [bpf, libseccomp:2]
  one: [only]
expect: {returns: "{n}", stdout: "{one}{uid}"}
)yaml");
  ASSERT_EQ(cases.size(), 8U);
  EXPECT_EQ(cases[0].id, "demo/case/1/kill/bpf");
  EXPECT_EQ(cases[1].id, "demo/case/1/kill/libseccomp:2");
  EXPECT_EQ(cases[2].id, "demo/case/1/errno-eperm/bpf");
  EXPECT_EQ(cases[7].id, "demo/case/-1/errno-eperm/libseccomp:2");
  EXPECT_EQ(cases[7].title, "ERRNO(EPERM) with -1");
  EXPECT_EQ(cases[7].backend, (Backend{Backend::Compiler::libseccomp, 2}));
  EXPECT_EQ(cases[7].policy.rules.at(0).action, errno_action(EPERM));
  EXPECT_EQ(cases[7].expect.returns, -1);
  EXPECT_EQ(cases[7].expect.out, "only{uid}");
  EXPECT_EQ(cases[0].policy.rules.at(0).action.kind, ActionKind::kill_thread);
}

TEST(CaseMatrixTest, AMatrixSetsFieldsByName) {
  const std::vector<Case> cases = read(R"yaml(
policy: {}
expect: {exit: 0}
matrix:
  program: [uname, [mkdir, teste]]
  call: [uname(scratch), {syscall: mkdir, args: [teste, 0o755]}]
  attach: [exec, call]
  probe: [tracer, [tracer, audit]]
)yaml");
  ASSERT_EQ(cases.size(), 16U);
  EXPECT_EQ(cases[0].id, "demo/case/uname/uname-scratch/exec/tracer");
  EXPECT_EQ(cases[15].id, "demo/case/mkdir-teste/mkdir-teste-0o755/call/tracer-audit");
  EXPECT_EQ(cases[15].program, (std::vector<std::string>{"mkdir", "teste"}));
  EXPECT_EQ(cases[15].call->syscall, "mkdir");
  EXPECT_EQ(cases[15].attach, Attach::call);
  EXPECT_EQ(cases[15].probe, (Probe{.tracer = true, .audit = true}));
}

TEST(CaseMatrixTest, AFieldOfTheCaseBeatsTheMatrixOfItsLevel) {
  const std::vector<Case> cases = read(R"yaml(
policy: {}
expect: {exit: 0}
program: ["{program}", -v]
matrix: {program: [uname, getuid]}
)yaml");
  ASSERT_EQ(cases.size(), 2U);
  EXPECT_EQ(cases[1].program, (std::vector<std::string>{"getuid", "-v"}));
}

TEST(CaseMatrixTest, TheMatrixOfACaseBeatsAFieldOfTheFile) {
  const std::vector<Case> cases = read(R"yaml(
policy: {}
expect: {exit: 0}
program: uname
backends: [bpf]
cases:
  - name: a
    matrix: {program: [mkdir, getuid], backend: [bpf, libseccomp]}
  - name: b
)yaml");
  ASSERT_EQ(cases.size(), 5U);
  EXPECT_EQ(cases[3].program, std::vector<std::string>{"getuid"});
  EXPECT_EQ(cases[3].backend.compiler, Backend::Compiler::libseccomp);
  EXPECT_EQ(cases[4].program, std::vector<std::string>{"uname"});
}

TEST(CaseMatrixTest, KeysCanVaryTogether) {
  const std::vector<Case> cases = read(R"yaml(
call: uname(scratch)
policy: {rules: [{syscalls: uname, action: "{action}"}]}
expect: "{expect}"
matrix:
  of:
    - {action: KILL_PROCESS, expect: {signal: SIGSYS}}
    - {action: ERRNO(EPERM), expect: {errno: EPERM}, name: denied}
)yaml");
  ASSERT_EQ(cases.size(), 2U);
  EXPECT_EQ(cases[0].id, "demo/case/kill_process");
  EXPECT_EQ(cases[0].expect.signal, SIGSYS);
  EXPECT_EQ(cases[1].id, "demo/case/denied");
  EXPECT_EQ(cases[1].expect.error, EPERM);
}

TEST(CaseMatrixTest, SaysWhatIsWrongWithAMatrix) {
  const struct {
    const char* lines;
    const char* message;
  } rows[] = {
      {"matrix: {n: [1, 2]}",
       "demo.yaml:6:10: the matrix key 'n' changes nothing in the case 'case', expected \"{n}\" in it"},
      {"title: \"{n}\"",
       "demo.yaml:6:8: unknown placeholder {n}, expected {uid}, {gid}, {cwd}, {sysname}, {release}, or {{n}} for the text "
       "itself"},
      {"title: \"{n}\"\nmatrix: {n: [a.b, A.b]}",
       "demo.yaml:1:1: a second case with the id 'demo/case/a.b' (the first is at line 1), expected another name"},
      {"timeout: \"{n}\"\nmatrix: {n: [1, -1]}",
       "demo.yaml:7:17: found '-1', expected a whole number of seconds or milliseconds such as 2s or 500ms, from 1ms to "
       "86400s"},
      {"timeout: \"{n}ms\"\nmatrix: {n: [1, x]}",
       "demo.yaml:6:10: found 'xms', expected a whole number of seconds or milliseconds such as 2s or 500ms, from 1ms to "
       "86400s"},
      {"matrix: {of: [{backend: bpf, n: 1}, {backend: bpf}]}\ntitle: \"{n}\"",
       "demo.yaml:7:8: unknown placeholder {n}, expected {backend}, {uid}, {gid}, {cwd}, {sysname}, {release}, or {{n}} for "
       "the text itself"},
      {"matrix: {backend: [bpf, tcc]}",
       "demo.yaml:6:25: unknown backend 'tcc', expected bpf, libseccomp, libseccomp:1 or libseccomp:2"},
  };
  for (const auto& row : rows) EXPECT_EQ(error_of_line(row.lines), row.message) << row.lines;
}

TEST(CaseMatrixTest, AMatrixOfMoreThanTenThousandCasesIsRefusedAtOnce) {
  const auto matrix = [](std::size_t a, std::size_t b) {
    std::string text = std::string(kRest) + "title: \"{a}{b}\"\nmatrix:\n  a: [";
    for (std::size_t i = 0; i < a; ++i) text += fmt::format("{}, ", i);
    text += "]\n  b: [";
    for (std::size_t i = 0; i < b; ++i) text += fmt::format("{}, ", i);
    return text + "]\n";
  };
  EXPECT_EQ(read(matrix(100, 100)).size(), 10'000U);
  EXPECT_EQ(error_of(matrix(100, 101)), "demo.yaml:8:3: more than 10000 cases in a file, expected fewer");
  EXPECT_EQ(error_of(matrix(20'000, 20'000)), "demo.yaml:8:3: more than 10000 cases in a file, expected fewer");
  EXPECT_EQ(error_of(matrix(100, 100) + "backends: [bpf, libseccomp]\n"),
            "demo.yaml:1:1: more than 10000 cases in a file, expected fewer");
}

TEST(CaseMatrixTest, AMatrixCannotMultiplyAFileBeyondItsBudget) {
  std::string text = std::string(kRest) + "title: \"{n}\"\nwhy: " + std::string(100'000, 'x') + "\nmatrix: {n: [";
  for (int i = 0; i < 1000; ++i) text += fmt::format("{}, ", i);
  EXPECT_EQ(error_of(text + "]}\n"),
            "demo.yaml:7:6: the cases of this file come to more than 1000000 YAML nodes or 64 MiB of text, expected fewer");
}

}  // namespace
}  // namespace sandgauge::case_matrix_test
