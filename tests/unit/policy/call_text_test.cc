#include "policy/call_text.h"

#include <gtest/gtest.h>

namespace sandgauge::call_text_test {
namespace {

using Kind = CallArgument::Kind;

constexpr const char* kForm = "name(arguments), such as getpid(), uname(scratch) or mkdir(\"dir\", 0o755)@i386";

TEST(CallTextTest, ReadsNumbersScratchAndText) {
  EXPECT_EQ(*parse_call("getpid()"), (CallRequest{.syscall = "getpid"}));
  EXPECT_EQ(*parse_call("uname(scratch)"), (CallRequest{.syscall = "uname", .args = {{.kind = Kind::scratch}}}));
  EXPECT_EQ(*parse_call("mkdir(\"teste\", 0o755)"),
            (CallRequest{.syscall = "mkdir", .args = {{.kind = Kind::text, .text = "teste"}, {.number = 0755}}}));
  EXPECT_EQ(*parse_call(" close ( -1 ) "), (CallRequest{.syscall = "close", .args = {{.number = ~std::uint64_t{0}}}}));
  EXPECT_EQ(
      *parse_call("0x3f(1,2,3,4,5,6)"),
      (CallRequest{.syscall = "63",
                   .args = {{.number = 1}, {.number = 2}, {.number = 3}, {.number = 4}, {.number = 5}, {.number = 6}}}));
}

TEST(CallTextTest, ReadsEscapesAndPunctuationInText) {
  EXPECT_EQ(parse_call(R"(mkdir("a\"b\\c\n\t\x41,)(", 1))")->args[0].text, "a\"b\\c\n\tA,)(");
  EXPECT_EQ(parse_call(R"(mkdir("scratch", 1))")->args[0].kind, Kind::text);
}

TEST(CallTextTest, ReadsTheAbi) {
  EXPECT_EQ(parse_call("getpid()@i386")->abi, Abi::i386);
  EXPECT_EQ(parse_call("getpid() @ x32")->abi, Abi::x32);
  EXPECT_EQ(parse_call("socketcall(1, scratch)@x86")->syscall, "socketcall");
  EXPECT_EQ(parse_call("getpid()")->abi, native_abi());
}

TEST(CallTextTest, SaysWhatIsWrong) {
  const struct {
    const char* text;
    std::string message;
  } rows[] = {
      {"getpid", fmt::format("the call 'getpid' has no arguments, expected {}", kForm)},
      {"getpid(", "in the call 'getpid(': unknown argument '', expected a number, scratch or text in double quotes"},
      {"getpid(,)", "in the call 'getpid(,)': unknown argument '', expected a number, scratch or text in double quotes"},
      {"getpid(1,)", "in the call 'getpid(1,)': unknown argument '', expected a number, scratch or text in double quotes"},
      {"getpid(buf)",
       "in the call 'getpid(buf)': unknown argument 'buf', expected a number, scratch or text in double quotes"},
      {"getpid(0755)",
       "in the call 'getpid(0755)': '0755' has a leading zero, expected 0o for octal or no zero for decimal"},
      {"getpid(\"a)", "in the call 'getpid(\"a)': a text without its closing quote"},
      {"getpid(\"\\q\")", "in the call 'getpid(\"\\q\")': a bad escape, expected \\\" \\\\ \\n \\t or \\x01 to \\xff"},
      {"getpid(\"\\x00\")", "in the call 'getpid(\"\\x00\")': a bad escape, expected \\\" \\\\ \\n \\t or \\x01 to \\xff"},
      {"getpid(\"a\" 1)", fmt::format("in the call 'getpid(\"a\" 1)': arguments without a ',' between or a ')' after them, "
                                      "expected {}",
                                      kForm)},
      {"getpid(1,2,3,4,5,6,7)", "in the call 'getpid(1,2,3,4,5,6,7)': more than 6 arguments"},
      {"getpid() x", fmt::format("the call 'getpid() x' goes on after its ')', expected {}", kForm)},
      {"getpid()@arm", "unknown architecture 'arm' of the call 'getpid()@arm', expected x86_64, i386, x32 or aarch64"},
      {"unmae(scratch)", "unknown syscall 'unmae', did you mean 'uname'?"},
      {"quite_unheard_of()", "unknown syscall 'quite_unheard_of', expected a name or a number"},
      {"()", "unknown syscall '', expected a name or a number"},
      {"0x40000000()", "as a syscall, '0x40000000' is out of range, expected a number from 0 to 1073741823"},
  };
  for (const auto& row : rows) {
    const auto call = parse_call(row.text);
    ASSERT_FALSE(call) << row.text;
    EXPECT_EQ(call.error().message, row.message);
  }
}

TEST(CallTextTest, RefusesACallThatTheAbiDoesNotHave) {
  EXPECT_EQ(parse_call("socketcall(1, scratch)@x86_64").error().message,
            "the syscall 'socketcall' exists only on i386, expected one of x86_64");
  EXPECT_EQ(parse_call("arch_prctl(1)@aarch64").error().message,
            "the syscall 'arch_prctl' exists only on x86_64, i386, x32, expected one of aarch64");
}

TEST(CallTextTest, ArgumentsOfI386AreNoWiderThanItsRegisters) {
  EXPECT_TRUE(parse_call("getpriority(0xffffffff, -1)@i386"));
  EXPECT_TRUE(parse_call("getpriority(0x100000001, 0)"));
  EXPECT_TRUE(parse_call("getpriority(0x100000001, 0)@x32"));
  EXPECT_EQ(parse_call("getpriority(0x100000001, 0)@i386").error().message,
            "in the call 'getpriority(0x100000001, 0)@i386': argument 0x100000001 is wider than an i386 call's 32 bits, "
            "expected at most 0xffffffff");
}

}  // namespace
}  // namespace sandgauge::call_text_test
