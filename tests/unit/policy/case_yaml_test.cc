#include "policy/case_yaml.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

namespace sandgauge::case_yaml_test {
namespace {

using namespace std::chrono_literals;

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

Case read_one(std::string_view line) { return read(fmt::format("{}{}\n", kRest, line)).at(0); }
/// The error of a whole case with one more line, which is line 6.
std::string error_of_line(std::string_view line) { return error_of(fmt::format("{}{}\n", kRest, line)); }

TEST(CaseYamlTest, ReadsAFileOfOneCase) {
  const std::vector<Case> cases = read(R"yaml(
suite: uname
title: uname fails
why: because
source: uname(2)
program: uname
policy:
  rules:
    - {syscalls: [uname], action: ERRNO(EPERM)}
expect:
  exit: 2
  stdout: "ID: {uid}\n"
  stderr: "uname failed: Operation not permitted\n"
)yaml");
  Case expected;
  expected.id = "uname/case";
  expected.suite = "uname";
  expected.title = "uname fails";
  expected.why = "because";
  expected.source = "uname(2)";
  expected.policy.rules = {{.syscalls = {"uname"}, .action = errno_action(EPERM)}};
  expected.attach = Attach::exec;
  expected.program = {"uname"};
  expected.expect = {.exit = 2, .out = "ID: {uid}\n", .err = "uname failed: Operation not permitted\n"};
  expected.place = {"dir/demo.yaml", 2};
  ASSERT_EQ(cases.size(), 1U);
  EXPECT_EQ(cases[0], expected);
}

TEST(CaseYamlTest, ReadsEachKeyOfACase) {
  EXPECT_EQ(read_one("program: [./my-app, --flag, '']").program, (std::vector<std::string>{"./my-app", "--flag", ""}));
  EXPECT_EQ(read_one("program: uname").attach, Attach::exec);
  EXPECT_EQ(read_one("").attach, Attach::call);
  EXPECT_EQ(read_one("program: uname\nattach: call").attach, Attach::call);
  EXPECT_EQ(read_one("mechanism: none").mechanism, Mechanism::none);
  EXPECT_EQ(read_one("mechanism: strict").mechanism, Mechanism::strict);
  EXPECT_EQ(read_one("mechanism: filter").mechanism, Mechanism::filter);
  EXPECT_EQ(read_one("backends: libseccomp:2").backend, (Backend{Backend::Compiler::libseccomp, 2}));
  EXPECT_EQ(read_one("").backend, Backend());
  EXPECT_EQ(read_one("").probe, std::nullopt);
  EXPECT_EQ(read_one("probe: auto").probe, std::nullopt);
  EXPECT_EQ(read_one("probe: plain").probe, Probe());
  EXPECT_EQ(read_one("probe: audit").probe, Probe{.audit = true});
  EXPECT_EQ(read_one("probe: [handler, threads, tracer, listener, audit]").probe,
            (Probe{.handler = true, .threads = true, .tracer = true, .listener = true, .audit = true}));
  EXPECT_EQ(read_one("tracer: proceed").tracer, TracerPlan());
  EXPECT_EQ(read_one("tracer: {skip: -1}").tracer, (TracerPlan{TracerPlan::Answer::skip, -1}));
  EXPECT_EQ(read_one("listener: proceed").listener, ListenerPlan());
  EXPECT_EQ(read_one("listener: {error: EPERM}").listener, (ListenerPlan{ListenerPlan::Answer::reply, -EPERM, 0}));
  EXPECT_EQ(read_one("listener: {value: -7}").listener, (ListenerPlan{ListenerPlan::Answer::reply, 0, -7}));
  EXPECT_TRUE(read_one("core: unlimited").core_unlimited);
  EXPECT_FALSE(read_one("core: none").core_unlimited);
  EXPECT_EQ(read_one("").timeout, 0ms);
  EXPECT_EQ(read_one("timeout: 1500ms").timeout, 1500ms);
  EXPECT_EQ(read_one("timeout: 2").timeout, 2s);
}

TEST(CaseYamlTest, ReadsNeeds) {
  Requirements needs;
  needs.capabilities = {"CAP_AUDIT_READ"};
  needs.since = KernelVersion{5, 0};
  needs.until = KernelVersion{6, 10};
  needs.machine = {Abi::x86_64};
  needs.abis = {Abi::i386, Abi::x32};
  needs.core_file = true;
  EXPECT_EQ(read_one("needs: {capabilities: CAP_AUDIT_READ, since: 5.0, until: 6.10, machine: x86_64, abis: [i386, x32], "
                     "core_file: true}")
                .needs,
            needs);
}

TEST(CaseYamlTest, ReadsACallAsAMap) {
  using Kind = CallArgument::Kind;
  constexpr std::string_view kCase = "policy: {}\nexpect: {returns: 0}\ncall: ";
  const auto call_of = [&](std::string_view call) { return *read(fmt::format("{}{}\n", kCase, call)).at(0).call; };
  EXPECT_EQ(call_of("{syscall: uname}"), (CallRequest{.syscall = "uname"}));
  EXPECT_EQ(call_of("{syscall: 0x3f, abi: i386}"), (CallRequest{.syscall = "63", .abi = Abi::i386}));
  EXPECT_EQ(call_of("{syscall: mkdir, args: [scratch, -1, text, o755, '5', {text: scratch}]}").args,
            (std::vector<CallArgument>{{.kind = Kind::scratch},
                                       {.number = ~std::uint64_t{0}},
                                       {.kind = Kind::text, .text = "text"},
                                       {.kind = Kind::text, .text = "o755"},
                                       {.number = 5},
                                       {.kind = Kind::text, .text = "scratch"}}));
  EXPECT_EQ(call_of("mkdir(\"teste\", 0o755)"),
            (CallRequest{.syscall = "mkdir", .args = {{.kind = Kind::text, .text = "teste"}, {.number = 0755}}}));
}

TEST(CaseYamlTest, SaysWhatIsWrongWithAKey) {
  const struct {
    const char* line;
    const char* message;
  } rows[] = {
      {"suite: A", "demo.yaml:6:8: found 'A', expected a name of lower-case letters, digits and ._+-"},
      {"name: a/b", "demo.yaml:6:7: found 'a/b', expected a name of lower-case letters, digits and ._+-"},
      {"name: \"{uid}\"", "demo.yaml:6:7: found '{uid}', expected a name of lower-case letters, digits and ._+-"},
      {"title: [a]", "demo.yaml:6:8: found a list, expected text"},
      {"program: a b", "demo.yaml:6:10: the program 'a b' has a space, expected a list such as [./my-app, --flag]"},
      {"program: ''", "demo.yaml:6:10: the program '', expected a name or a path"},
      {"program: []", "demo.yaml:6:10: found an empty list, expected at least one entry"},
      {"program: {a: b}", "demo.yaml:6:10: found a map, expected text"},
      {"attach: docker", "demo.yaml:6:9: found 'docker', expected exec, call, preload, needed, runc or crun"},
      {"program: x\nattach: preload\nprobe: listener",
       "demo.yaml:8:8: the probe listener with attach preload, expected it with attach exec or call only"},
      {"program: x\nattach: needed\nmechanism: none",
       "demo.yaml:8:12: attach needed with no filter to bring, expected mechanism: filter"},
      {"attach: [call, call]", "demo.yaml:6:16: 'call' for the second time, expected it once"},
      {"mechanism: landlock", "demo.yaml:6:12: found 'landlock', expected filter, strict or none"},
      {"backends: [bpf, libbpf]",
       "demo.yaml:6:17: unknown backend 'libbpf', expected bpf, libseccomp, libseccomp:1 or libseccomp:2"},
      {"backends: [libseccomp, libseccomp:1]", "demo.yaml:6:24: 'libseccomp:1' for the second time, expected it once"},
      {"backend: bpf", "demo.yaml:6:1: unknown key 'backend', did you mean 'backends'?"},
      {"probe: [plain]", "demo.yaml:6:9: found 'plain', expected handler, threads, tracer, listener or audit"},
      {"probe: []", "demo.yaml:6:8: found an empty list, expected at least one entry"},
      {"probe: [audit, audit]", "demo.yaml:6:16: 'audit' for the second time, expected it once"},
      {"tracer: skip", "demo.yaml:6:9: found 'skip', expected proceed or {skip: result}"},
      {"tracer: {}", "demo.yaml:6:9: an empty map, expected proceed or {skip: result}"},
      {"listener: deny", "demo.yaml:6:11: found 'deny', expected proceed, {error: errno} or {value: number}"},
      {"listener: {error: 1, value: 2}",
       "demo.yaml:6:11: found 2 answers, expected proceed, {error: errno} or {value: number}"},
      {"listener: {error: -1}",
       "demo.yaml:6:19: unknown errno '-1', expected a name such as EPERM or a number from 1 to 4095"},
      {"core: 0", "demo.yaml:6:7: found '0', expected unlimited or none"},
      {"timeout: 0s",
       "demo.yaml:6:10: found '0s', expected a whole number of seconds or milliseconds such as 2s or 500ms, from 1ms to "
       "86400s"},
      {"needs: {capabilities: [CAP_AUDIT_RAED]}",
       "demo.yaml:6:24: unknown capability 'CAP_AUDIT_RAED', did you mean 'CAP_AUDIT_READ'?"},
      {"needs: {capabilities: [root]}", "demo.yaml:6:24: unknown capability 'root', expected a name such as CAP_SYS_ADMIN"},
      {"needs: {since: 5}", "demo.yaml:6:16: found '5', expected a kernel version such as \"5.10\""},
      {"needs: {until: 5.10.1}", "demo.yaml:6:16: found '5.10.1', expected a kernel version such as \"5.10\""},
      {"needs: {since: '5.-1'}", "demo.yaml:6:16: found '5.-1', expected a kernel version such as \"5.10\""},
      {"needs: {since: '6.1', until: '5.10'}", "demo.yaml:6:30: until 5.10 is before since 6.1, expected a later version"},
      {"needs: {abis: [arm]}", "demo.yaml:6:16: unknown architecture 'arm', expected x86_64, i386, x32 or aarch64"},
      {"needs: {core_file: 1}", "demo.yaml:6:20: found '1', expected true or false"},
      {"needs: {root: true}",
       "demo.yaml:6:9: unknown key 'root', expected capabilities, since, until, machine, abis or core_file"},
      {"titel: x", "demo.yaml:6:1: unknown key 'titel', did you mean 'title'?"},
      {"<<: {}",
       "demo.yaml:6:1: unknown key '<<', expected name, title, why, source, program, call, attach, policy, "
       "mechanism, backends, probe, tracer, listener, core, timeout, needs, expect or matrix"},
      {"attach: exec", "demo.yaml:6:9: attach exec without 'program', expected the program to run"},
      {"program: uname\nmechanism: strict",
       "demo.yaml:7:12: strict mode with attach exec, expected attach call: it denies execve"},
      {"program: uname\nprobe: [tracer, threads]",
       "demo.yaml:7:8: the probe threads+tracer with attach exec, expected handler and threads with attach call only"},
  };
  for (const auto& row : rows) EXPECT_EQ(error_of_line(row.line), row.message) << row.line;
}

TEST(CaseYamlTest, SaysWhatIsMissing) {
  EXPECT_EQ(error_of("call: getpid()\npolicy: {}"),
            "demo.yaml:1:1: a case without 'expect', expected it to claim something");
  EXPECT_EQ(error_of("call: getpid()\nexpect: {exit: 0}"),
            "demo.yaml:1:1: a case without 'policy', expected one, or mechanism: strict or none");
  EXPECT_EQ(error_of("call: getpid()\nexpect: {exit: 0}\nmechanism: strict"), "no error");
  EXPECT_EQ(error_of("expect: {exit: 0}\nmechanism: none"),
            "demo.yaml:1:1: attach call without 'call', expected the call to make");
  EXPECT_EQ(error_of("program: uname\nexpect: {exit: 0}\nmechanism: none\nattach: [exec, call]"),
            "demo.yaml:4:9: attach call without 'call', expected the call to make");
  EXPECT_EQ(error_of("[a]"), "demo.yaml:1:1: found a list, expected a map of a suite or a case");
  EXPECT_EQ(error_of("a: [\n"),
            "demo.yaml:2:1: not valid YAML: did not find expected node content while parsing a flow node");
}

TEST(CaseYamlTest, SaysWhatIsWrongWithACall) {
  constexpr std::string_view kCase = "policy: {}\nexpect: {exit: 0}\ncall: ";
  const struct {
    const char* call;
    const char* message;
  } rows[] = {
      {"getpid",
       "demo.yaml:3:7: the call 'getpid' has no arguments, expected name(arguments), such as getpid(), "
       "uname(scratch) or mkdir(\"dir\", 0o755)@i386"},
      {"{abi: i386}", "demo.yaml:3:7: a call without 'syscall', expected syscall, and abi and args if need be"},
      {"{syscall: socketcall}", "demo.yaml:3:17: the syscall 'socketcall' exists only on i386, expected one of x86_64"},
      {"{syscall: uname, abi: arm}", "demo.yaml:3:29: unknown architecture 'arm', expected x86_64, i386, x32 or aarch64"},
      {"{syscall: uname, args: [[1]]}", "demo.yaml:3:31: found a list, expected a number, scratch or text"},
      {"{syscall: mkdir, args: [a, 0755]}",
       "demo.yaml:3:34: '0755' has a leading zero, expected 0o for octal or no zero for decimal, or {text: 0755} for text"},
      {"{syscall: uname, args: [{}]}", "demo.yaml:3:31: an argument without 'text', expected {text: ...}"},
      {"{syscall: uname, args: [1, 2, 3, 4, 5, 6, 7]}", "demo.yaml:3:30: found 7 arguments, expected at most 6"},
      {"{syscall: uname, arguments: [1]}", "demo.yaml:3:24: unknown key 'arguments', expected abi, syscall or args"},
  };
  for (const auto& row : rows) EXPECT_EQ(error_of(fmt::format("{}{}\n", kCase, row.call)), row.message) << row.call;
}

TEST(CaseYamlTest, CasesTakeTheirDefaultsFromTheFile) {
  const std::vector<Case> cases = read(R"yaml(
call: uname(scratch)
policy: {default: LOG}
title: all
needs: {since: "5.0", core_file: true}
expect: {returns: 0, exit: 0}
cases:
  - name: first
  - name: second
    title: own
    policy: {rules: []}
    needs: {until: "6.0"}
    expect: {errno: EPERM}
)yaml");
  ASSERT_EQ(cases.size(), 2U);
  EXPECT_EQ(cases[0].id, "demo/first");
  EXPECT_EQ(cases[0].title, "all");
  EXPECT_EQ(cases[0].place.line, 8);
  EXPECT_EQ(cases[0].policy.default_action.kind, ActionKind::log);
  EXPECT_EQ(cases[0].expect, (Expectation{.exit = 0, .returns = 0}));
  EXPECT_EQ(cases[1].id, "demo/second");
  EXPECT_EQ(cases[1].title, "own");
  EXPECT_EQ(cases[1].place.line, 9);
  EXPECT_EQ(cases[1].policy, Policy()) << "replaced as a whole";
  EXPECT_EQ(cases[1].expect, Expectation{.error = EPERM}) << "replaced as a whole";
  EXPECT_EQ(cases[1].needs, (Requirements{.until = KernelVersion{6, 0}})) << "replaced as a whole";
}

TEST(CaseYamlTest, SaysWhatIsWrongInAListOfCases) {
  const struct {
    const char* text;
    const char* message;
  } rows[] = {
      {"cases: []", "demo.yaml:1:8: found an empty list, expected at least one case"},
      {"cases: {a: b}", "demo.yaml:1:8: found a map, expected a list of cases"},
      {"cases: [a]", "demo.yaml:1:9: found 'a', expected a case as a map"},
      {"cases: [{title: a}]", "demo.yaml:1:9: a case without 'name', expected one: it is part of the id"},
      {"name: a\ncases: [{name: a}]", "demo.yaml:1:7: a 'name' beside 'cases', expected one in each case instead"},
      {"cases: [{name: a, suite: b}]",
       "demo.yaml:1:19: unknown key 'suite', expected name, title, why, source, program, call, attach, policy, mechanism, "
       "backends, probe, tracer, listener, core, timeout, needs, expect or matrix"},
      {"titel: b\ncases: [{name: a}]", "demo.yaml:1:1: unknown key 'titel', did you mean 'title'?"},
      {"call: getpid()\npolicy: {}\nexpect: {exit: 0}\ncases:\n  - {name: a}\n  - {name: b}\n  - {name: a}\n",
       "demo.yaml:7:5: a second case with the id 'demo/a' (the first is at line 5), expected another name"},
  };
  for (const auto& row : rows) EXPECT_EQ(error_of(row.text), row.message) << row.text;
}

TEST(CaseYamlTest, TheSuiteIsTheStemOfTheFileUnlessItIsNamed) {
  const std::string text(kRest);
  EXPECT_EQ(parse_cases(text, "/a/Uname Tests.yaml")->at(0).id, "uname-tests/case");
  EXPECT_EQ(parse_cases(text, "<stdin>")->at(0).suite, "stdin");
  EXPECT_EQ(parse_cases(text + "suite: own\nname: n\n", "x.yaml")->at(0).id, "own/n");
  EXPECT_EQ(parse_cases(text, "().yaml").error().message,
            "().yaml:1:1: a file name that gives no suite, expected a 'suite'");
}

TEST(CaseYamlTest, ReadCasesSaysWhyAFileCannotBeRead) {
  EXPECT_EQ(read_cases("/nonexistent/x.yaml").error().message,
            "/nonexistent/x.yaml: cannot open it: ENOENT (No such file or directory)");
}

}  // namespace
}  // namespace sandgauge::case_yaml_test
