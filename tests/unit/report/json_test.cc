#include "report/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "samples.h"

namespace sandgauge::json_test {
namespace {

using ::testing::HasSubstr;
using namespace std::string_literals;

constexpr const char* kMinimalLine =
    R"({"id":"s/a/LOG","suite":"s","title":"","subject":"a","action":"LOG","backend":"","probe":"",)"
    R"("place":{"file":"","line":0},"status":"PASS","cause":"none","reason":"","checks":[],"facts":[],"reproducer":[],)"
    R"("iteration":1,"stage_checks":0,"stage_filters":0,"duration_us":0})";

constexpr const char* kWholeRun = R"json({
  "schema": "sandgauge.run/1",
  "version": "0.1.0",
  "kernel": "6.1.0",
  "machine": "x86_64",
  "hostname": "box",
  "user": "root",
  "started": "",
  "notes": [
    "a note"
  ],
  "duration_ms": 20,
  "totals": {
    "passed": 0,
    "failed": 1,
    "broken": 0,
    "skipped": 0
  },
  "interrupted": true,
  "not_run": 5,
  "mutation": {
    "mutants": 3,
    "noticed": 1,
    "not_run": 1,
    "survivors": [
      {
        "id": "a/b",
        "mutation": "KILL -> ALLOW"
      }
    ]
  },
  "results": [
    {
      "id": "uname/deny/bpf",
      "suite": "uname",
      "title": "ERRNO(EPERM) makes uname fail",
      "subject": "uname",
      "action": "ERRNO(EPERM)",
      "backend": "bpf",
      "probe": "handler+audit",
      "place": {
        "file": "cases/uname.yaml",
        "line": 12
      },
      "status": "FAIL",
      "cause": "expectation",
      "reason": "exit is 0",
      "checks": [
        {
          "what": "exit",
          "expected": "2",
          "observed": "0",
          "met": false
        },
        {
          "what": "stdout",
          "expected": "ID: 0\n",
          "observed": "ID: 0\n",
          "met": true
        },
        {
          "what": "stderr",
          "expected": "",
          "observed": "\u001b[1mx\n",
          "met": false
        }
      ],
      "facts": [
        "the kernel did ALLOW",
        "stdout: ID: 0\n"
      ],
      "reproducer": [
        "0: ld [4]\n1: ret ALLOW\n",
        "sandgauge run --filter 'uname/deny/bpf'"
      ],
      "iteration": 1,
      "stage_checks": 0,
      "stage_filters": 0,
      "duration_us": 1500
    }
  ]
}
)json";

constexpr const char* kListOfOne = R"json({
  "schema": "sandgauge.list/1",
  "cases": [
    {
      "id": "uname/deny/libseccomp:2",
      "suite": "uname",
      "title": "t",
      "why": "w",
      "source": "seccomp(2)",
      "also": "LTP",
      "difference": "d",
      "mechanism": "filter",
      "attach": "exec",
      "program": [
        "uname",
        "-a"
      ],
      "call": null,
      "parameters": [],
      "backend": "libseccomp:2",
      "probe": "tracer+audit",
      "exclusive": true,
      "needs": {
        "capabilities": [
          "CAP_AUDIT_READ"
        ],
        "since": "4.14",
        "until": null,
        "machine": [
          "x86_64"
        ],
        "abis": [
          "i386",
          "x32"
        ],
        "core_file": true
      },
      "place": {
        "file": "cases/uname.yaml",
        "line": 3
      }
    }
  ]
}
)json";

constexpr const char* kCallCase = R"(
      "mechanism": "strict",
      "attach": "call",
      "program": [],
      "call": {
        "syscall": "mkdir",
        "abi": "i386",
        "args": [
          {
            "kind": "text",
            "text": "x"
          },
          {
            "kind": "scratch"
          },
          {
            "kind": "number",
            "number": 18446744073709551615
          }
        ]
      },
      "parameters": [],
      "backend": "bpf",
      "probe": null,
      "exclusive": false,
      "needs": {
        "capabilities": [],
        "since": null,
        "until": "5.10",
        "machine": [],
        "abis": [],
        "core_file": false
      },)";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(EncodeResultTest, IsOneLineWithEveryField) { EXPECT_EQ(encode_result(passing("s", "a", "LOG")), kMinimalLine); }

TEST(EncodeResultTest, ComesBackTheSame) {
  CaseResult odd = full_failure();
  odd.title = "caf\u00e9 \U0001f600 \"\\ \n\0\x1b \uffff"s;
  odd.place.line = std::numeric_limits<int>::max();
  odd.iteration = std::numeric_limits<int>::min();
  odd.duration = std::chrono::microseconds::max();
  odd.facts = {"", "\n", "x"};
  odd.stage_checks = 256;
  odd.stage_filters = 3;
  std::vector<CaseResult> results = {odd, full_failure(), passing("s", "a", "LOG"), CaseResult{}};
  for (const Status status : {Status::pass, Status::fail, Status::broken, Status::skip})
    results.push_back(with_status(odd, status, Cause::none, ""));
  for (const Cause cause : {Cause::none, Cause::expectation, Cause::disagreement, Cause::deadline, Cause::setup,
                            Cause::probe, Cause::requirement, Cause::outer_filter, Cause::interrupted, Cause::harness})
    results.push_back(with_status(odd, Status::broken, cause, "why"));
  for (const CaseResult& result : results) {
    const std::string line = encode_result(result);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const Result<CaseResult> back = decode_result(line + "\n");
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, result) << line;
  }
}

TEST(EncodeResultTest, BytesThatAreNotUtf8AreReplaced) {
  CaseResult result = passing("s", "a", "LOG");
  result.facts = {"x\xff\xe2\x82y"};
  const Result<CaseResult> back = decode_result(encode_result(result));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->facts[0], "x\ufffd\ufffdy");
}

TEST(DecodeResultTest, WhatIsNotAWholeObjectIsRefused) {
  const std::string line = kMinimalLine;
  for (std::size_t length = 0; length < line.size(); ++length) {
    const Result<CaseResult> result = decode_result(std::string_view(line).substr(0, length));
    ASSERT_FALSE(result) << length;
    EXPECT_EQ(result.error().message, fmt::format("a result of {} bytes is not JSON", length));
  }
  EXPECT_FALSE(decode_result(line + line));
  EXPECT_FALSE(decode_result("\xff"));
  EXPECT_EQ(decode_result("\"\x7ft\"").error().message, "a result is not an object: \"\\x7ft\"");
  EXPECT_FALSE(decode_result(std::string(100'000, '[')));
  EXPECT_FALSE(decode_result(std::string(100'000, '[') + std::string(100'000, ']')));
}

TEST(DecodeResultTest, AMissingFieldIsNamed) {
  const std::string line = kMinimalLine;
  for (const char* name :
       {"id", "suite", "title", "subject", "action", "backend", "probe", "place", "status", "cause", "reason", "checks",
        "facts", "reproducer", "iteration", "stage_checks", "stage_filters", "duration_us"}) {
    const Result<CaseResult> result = decode_result(replaced(line, fmt::format("\"{}\":", name), "\"other\":"));
    ASSERT_FALSE(result) << name;
    EXPECT_EQ(result.error().message, fmt::format("field '{}' of a result is missing", name));
  }
  EXPECT_EQ(decode_result(replaced(line, R"("line":0)", R"("lines":0)")).error().message,
            "field 'place.line' of a result is missing");
  EXPECT_EQ(decode_result(replaced(line, R"("checks":[])", R"("checks":[{"what":"","expected":"","observed":""}])"))
                .error()
                .message,
            "field 'checks.met' of a result is missing");
}

TEST(DecodeResultTest, TheFirstErrorIsTheOneReported) {
  EXPECT_EQ(decode_result(R"({"suite":1,"duration_us":""})").error().message, "field 'id' of a result is missing");
}

TEST(DecodeResultTest, AFieldOfTheWrongKindIsNamed) {
  struct Row {
    const char* from;
    const char* to;
    const char* error;
  };
  const Row rows[] = {
      {R"("id":"s/a/LOG")", R"("id":7)", "field 'id' of a result: expected a text, found 7"},
      {R"("status":"PASS")", R"("status":"pass")", R"(field 'status' of a result: expected a known word, found "pass")"},
      {R"("cause":"none")", R"("cause":null)", "field 'cause' of a result: expected a text, found null"},
      {R"("place":{"file":"","line":0})", R"("place":[])", "field 'place' of a result: expected an object, found a list"},
      {R"("line":0)", R"("line":0.5)", "field 'place.line' of a result: expected a whole number, found 0.5"},
      {R"("line":0)", R"("line":2147483648)",
       "field 'place.line' of a result: expected a number that fits, found 2147483648"},
      {R"("stage_checks":0)", R"("stage_checks":-1)",
       "field 'stage_checks' of a result: expected a number that fits, found -1"},
      {R"("duration_us":0)", R"("duration_us":18446744073709551615)",
       "field 'duration_us' of a result: expected a number that fits, found 18446744073709551615"},
      {R"("duration_us":0)", R"("duration_us":1e300)",
       "field 'duration_us' of a result: expected a whole number, found 1e+300"},
      {R"("checks":[])", R"("checks":{})", "field 'checks' of a result: expected a list, found an object"},
      {R"("checks":[])", R"("checks":[1])", "field 'checks' of a result: expected an object, found 1"},
      {R"("checks":[])", R"("checks":[{"what":"","expected":"","observed":"","met":1}])",
       "field 'checks.met' of a result: expected true or false, found 1"},
      {R"("facts":[])", R"("facts":"x")", R"(field 'facts' of a result: expected a list of texts, found "x")"},
      {R"("reproducer":[])", R"("reproducer":["x",{}])",
       "field 'reproducer' of a result: expected a list of texts, found an object"},
  };
  for (const Row& row : rows) {
    const Result<CaseResult> result = decode_result(replaced(kMinimalLine, row.from, row.to));
    ASSERT_FALSE(result) << row.to;
    EXPECT_EQ(result.error().message, row.error);
  }
  EXPECT_EQ(decode_result("[]").error().message, "a result is not an object: a list");
}

TEST(ToJsonTest, AWholeRun) {
  Report report{.version = "0.1.0", .kernel = "6.1.0", .machine = "x86_64", .hostname = "box", .user = "root"};
  report.notes = {"a note"};
  report.results = {full_failure()};
  report.mutation = {{.mutants = 3, .noticed = 1, .not_run = 1, .survivors = {{"a/b", "KILL -> ALLOW"}}}};
  report.interrupted = true;
  report.not_run = 5;
  report.duration = std::chrono::milliseconds(20);
  EXPECT_EQ(to_json(report), kWholeRun);
}

TEST(ToJsonTest, ARunOfNothing) {
  const std::string json = to_json(Report{});
  EXPECT_THAT(json, HasSubstr("\n  \"results\": []\n"));
  EXPECT_THAT(json, HasSubstr("\n  \"notes\": [],\n"));
  EXPECT_THAT(json, HasSubstr("\n  \"mutation\": null,\n"));
}

TEST(ToJsonTest, BytesThatAreNotUtf8AreReplaced) {
  Report report{.user = "\xff"};
  report.notes = {"\xed\xa0\x80"};
  EXPECT_THAT(to_json(report), HasSubstr("\"user\": \"\ufffd\""));
}

TEST(ListJsonTest, ACaseThatExecutesAProgram) {
  Case one;
  one.id = "uname/deny/libseccomp:2";
  one.suite = "uname";
  one.title = "t";
  one.why = "w";
  one.source = "seccomp(2)";
  one.also = "LTP";
  one.difference = "d";
  one.exclusive = true;
  one.backend = {Backend::Compiler::libseccomp, 2};
  one.program = {"uname", "-a"};
  one.probe = Probe{.tracer = true, .audit = true};
  one.needs = {.capabilities = {"CAP_AUDIT_READ"},
               .since = KernelVersion{4, 14},
               .machine = {Abi::x86_64},
               .abis = {Abi::i386, Abi::x32},
               .core_file = true};
  one.place = {"cases/uname.yaml", 3};
  EXPECT_EQ(list_json({one}), kListOfOne);
}

TEST(ListJsonTest, ACaseThatMakesOneCall) {
  Case one;
  one.mechanism = Mechanism::strict;
  one.attach = Attach::call;
  one.call = CallRequest{.syscall = "mkdir", .abi = Abi::i386};
  one.call->args = {{.kind = CallArgument::Kind::text, .text = "x"},
                    {.kind = CallArgument::Kind::scratch},
                    {.kind = CallArgument::Kind::number, .number = std::numeric_limits<std::uint64_t>::max()}};
  one.needs.until = KernelVersion{5, 10};
  const std::string json = list_json({one});
  EXPECT_THAT(json, HasSubstr(kCallCase));
}

TEST(ListJsonTest, ACaseThatIsAScenario) {
  Case one;
  one.mechanism = Mechanism::none;
  one.attach = Attach::scenario;
  one.parameters = {7, -1};
  const std::string json = list_json({one});
  EXPECT_THAT(json, HasSubstr("\n      \"mechanism\": \"none\",\n      \"attach\": \"scenario\",\n"));
  EXPECT_THAT(json, HasSubstr("\n      \"parameters\": [\n        7,\n        -1\n      ],\n"));
}

TEST(ListJsonTest, NoCases) {
  EXPECT_EQ(list_json(std::vector<Case>{}), "{\n  \"schema\": \"sandgauge.list/1\",\n  \"cases\": []\n}\n");
}

}  // namespace
}  // namespace sandgauge::json_test
