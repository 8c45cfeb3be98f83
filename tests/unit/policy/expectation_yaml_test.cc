#include "policy/expectation_yaml.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

namespace sandgauge::expectation_yaml_test {
namespace {

using namespace std::chrono_literals;

Result<Expectation> read(std::string_view text, Abi abi = native_abi()) {
  const auto root = parse_yaml(text);
  EXPECT_TRUE(root) << root.error().message;
  return expectation_of(**root, abi);
}

TEST(ExpectationYamlTest, ReadsEachField) {
  const struct {
    const char* text;
    Expectation expected;
  } rows[] = {
      {"exit: 159", {.exit = 159}},
      {"signal: SIGSYS", {.signal = SIGSYS}},
      {"signal: 9", {.signal = SIGKILL}},
      {"core: true", {.core = true}},
      {"core: false", {.core = false}},
      {"stdout: \"ID: {uid}\\n\"", {.out = "ID: {uid}\n"}},
      {"stdout: ''", {.out = ""}},
      {"stderr: 5", {.err = "5"}},
      {"action: ERRNO(EPERM)", {.action = errno_action(EPERM)}},
      {"errno: EPERM", {.error = EPERM}},
      {"errno: 38", {.error = ENOSYS}},
      {"returns: -38", {.returns = -38}},
      {"returns: 0x10", {.returns = 16}},
      {"siginfo: {code: 1}", {.siginfo = SiginfoExpectation{.code = 1}}},
      {"siginfo: {errno: 65535, arch: i386}", {.siginfo = SiginfoExpectation{.error = 65535, .arch = 0x40000003}}},
      {"siginfo: {errno: EACCES}", {.siginfo = SiginfoExpectation{.error = EACCES}}},
      {"siginfo: {syscall: uname}", {.siginfo = SiginfoExpectation{.syscall = 63}}},
      {"siginfo: {syscall: -1}", {.siginfo = SiginfoExpectation{.syscall = -1}}},
      {"siginfo: {syscall: uname, arch: 0xC000003E}", {.siginfo = SiginfoExpectation{.syscall = 63, .arch = 0xC000003E}}},
      {"siginfo: {syscall: uname, arch: i386}", {.siginfo = SiginfoExpectation{.syscall = 122, .arch = 0x40000003}}},
      {"trace: {message: 7}", {.trace = TraceExpectation{.message = 7}}},
      {"trace: {count: 0}", {.trace = TraceExpectation{.count = 0}}},
      {"notification: {count: 1}", {.notification = NotificationExpectation{.count = 1}}},
      {"notification: {args: [1, null, -1]}",
       {.notification = NotificationExpectation{.args = {1, std::nullopt, ~std::uint64_t{0}}}}},
      {"audit: none", {.audit = AuditExpectation{.none = true}}},
      {"audit: {signal: SIGSYS, count: 2}", {.audit = AuditExpectation{.signal = SIGSYS, .count = 2}}},
      {"audit: {signal: 0}", {.audit = AuditExpectation{.signal = 0}}},
      {"audit: {code: ERRNO}", {.audit = AuditExpectation{.code = 0x00050000}}},
      {"audit: {code: TRACE(7)}", {.audit = AuditExpectation{.code = 0x7ff00000}}},
      {"audit: {code: KILL_PROCESS}", {.audit = AuditExpectation{.code = 0x80000000}}},
      {"audit: {code: 0x7ffc0000, arch: x86_64}", {.audit = AuditExpectation{.code = 0x7ffc0000, .arch = 0xC000003E}}},
      {"absent: teste", {.absent = {"teste"}}},
      {"present: [a, b]", {.present = {"a", "b"}}},
      {"within: 2s", {.within = 2000ms}},
      {"within: 500ms", {.within = 500ms}},
      {"within: 3", {.within = 3000ms}},
  };
  for (const auto& row : rows) {
    const auto expect = read(row.text);
    ASSERT_TRUE(expect) << row.text << ": " << expect.error().message;
    EXPECT_EQ(*expect, row.expected) << row.text;
  }
}

TEST(ExpectationYamlTest, LooksASyscallUpInTheAbiOfTheCall) {
  EXPECT_EQ(read("siginfo: {syscall: uname}", Abi::i386)->siginfo->syscall, 122);
  EXPECT_EQ(read("siginfo: {syscall: uname}", Abi::x32)->siginfo->syscall, 0x40000000 + 63);
  EXPECT_EQ(read("siginfo: {syscall: uname, arch: x86_64}", Abi::i386)->siginfo->syscall, 63);
}

TEST(ExpectationYamlTest, SaysWhatIsWrong) {
  const struct {
    const char* text;
    const char* message;
  } rows[] = {
      {"[exit]", "1:1: found a list, expected a map"},
      {"{}", "1:1: it claims nothing, expected at least one of exit, signal, stdout, stderr, action, errno and the others"},
      {"exit: 256", "1:7: '256' is out of range, expected a number from 0 to 255"},
      {"exit: -1", "1:7: '-1' is out of range, expected a number from 0 to 255"},
      {"exit: EPERM", "1:7: 'EPERM' is not a number, expected decimal, 0x hexadecimal or 0o octal digits"},
      {"signal: SIGSIS", "1:9: unknown signal 'SIGSIS', expected a name such as SIGSYS or a number from 1 to 64"},
      {"signal: 0", "1:9: unknown signal '0', expected a name such as SIGSYS or a number from 1 to 64"},
      {"signal: 65", "1:9: unknown signal '65', expected a name such as SIGSYS or a number from 1 to 64"},
      {"{exit: 0, signal: SIGSYS}", "1:19: an exit and a signal together, expected one way to end"},
      {"core: yes", "1:7: found 'yes', expected true or false"},
      {"stdout: [a]", "1:9: found a list, expected text"},
      {"stderr: null", "1:1: found nothing, expected text"},
      {"action: EPERM",
       "1:9: unknown action 'EPERM', expected KILL, KILL_PROCESS, TRAP, ERRNO(errno), TRACE(n), LOG, ALLOW or NOTIFY"},
      {"errno: 0", "1:8: unknown errno '0', expected a name such as EPERM or a number from 1 to 4095"},
      {"errno: SIGSYS", "1:8: unknown errno 'SIGSYS', expected a name such as EPERM or a number from 1 to 4095"},
      {"returns: 0x8000000000000000", "1:10: '0x8000000000000000' is out of range, expected 64 bits with sign"},
      {"siginfo: SIGSYS", "1:10: found 'SIGSYS', expected a map"},
      {"siginfo: {}", "1:10: it claims nothing, expected at least one of code, errno, syscall and arch"},
      {"siginfo: {number: 1}", "1:11: unknown key 'number', expected code, errno, syscall or arch"},
      {"siginfo: {errno: 65536}", "1:18: '65536' is out of range, expected a number from 0 to 65535"},
      {"siginfo: {syscall: unmae}", "1:20: unknown syscall 'unmae', did you mean 'uname'?"},
      {"siginfo: {syscall: uname, arch: arm}", "1:33: unknown architecture 'arm', expected x86_64, i386, x32 or aarch64"},
      {"trace: {}", "1:8: it claims nothing, expected at least one of message and count"},
      {"trace: {message: 65536}", "1:18: '65536' is out of range, expected a number from 0 to 65535"},
      {"trace: {count: -1}", "1:16: '-1' is out of range, expected a number from 0 to 1000000000"},
      {"notification: {}", "1:15: it claims nothing, expected at least one of count and args"},
      {"notification: {args: [1, 2, 3, 4, 5, 6, 7]}", "1:22: found 7 arguments, expected at most 6"},
      {"notification: {args: [scratch]}",
       "1:23: 'scratch' is not a number, expected decimal, 0x hexadecimal or 0o octal digits"},
      {"audit: nothing", "1:8: found 'nothing', expected none or a map of signal, code, arch and count"},
      {"audit: {}", "1:8: it claims nothing, expected at least one of signal, code, arch and count"},
      {"audit: {code: KIL}",
       "1:15: unknown action 'KIL', expected KILL, KILL_PROCESS, TRAP, ERRNO(errno), TRACE(n), LOG, ALLOW or NOTIFY"},
      {"audit: {code: 0x100000000}", "1:15: '0x100000000' is out of range, expected a number from 0 to 4294967295"},
      {"absent: ''", "1:9: found '', expected text that is not empty"},
      {"present: []", "1:10: found an empty list, expected at least one entry"},
      {"within: 0",
       "1:9: found '0', expected a whole number of seconds or milliseconds such as 2s or 500ms, from 1ms to 86400s"},
      {"within: 2min",
       "1:9: found '2min', expected a whole number of seconds or milliseconds such as 2s or 500ms, from 1ms to 86400s"},
      {"within: 86401",
       "1:9: found '86401', expected a whole number of seconds or milliseconds such as 2s or 500ms, from 1ms to 86400s"},
      {"exot: 1", "1:1: unknown key 'exot', did you mean 'exit'?"},
  };
  for (const auto& row : rows) {
    const auto expect = read(row.text);
    ASSERT_FALSE(expect) << row.text;
    EXPECT_EQ(expect.error().message, row.message) << row.text;
  }
}

}  // namespace
}  // namespace sandgauge::expectation_yaml_test
